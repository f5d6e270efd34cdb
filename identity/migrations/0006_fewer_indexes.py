"""No index of its own for a foreign key that another index begins with."""

import django.db.models.deletion
from django.db import migrations, models

DROP = """
DROP INDEX identity_assignment_source_profile_id_219d7975;
DROP INDEX identity_deviceepisode_source_id_de0eb6df;
DROP INDEX identity_goldenvalue_profile_id_cbdca0b8;
DROP INDEX identity_match_left_id_00044b62;
DROP INDEX identity_match_right_id_28b09ef4;
DROP INDEX identity_verdict_right_id_69931d47;
"""
MAKE = """
CREATE INDEX identity_assignment_source_profile_id_219d7975 ON identity_assignment (source_profile_id);
CREATE INDEX identity_deviceepisode_source_id_de0eb6df ON identity_deviceepisode (source_id);
CREATE INDEX identity_goldenvalue_profile_id_cbdca0b8 ON identity_goldenvalue (profile_id);
CREATE INDEX identity_match_left_id_00044b62 ON identity_match (left_id);
CREATE INDEX identity_match_right_id_28b09ef4 ON identity_match (right_id);
CREATE INDEX identity_verdict_right_id_69931d47 ON identity_verdict (right_id);
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0005_covering_index"), ("records", "0011_fewer_indexes")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(DROP, MAKE)],
            state_operations=[
                migrations.AlterField(
                    model_name="assignment",
                    name="source_profile",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="assignments",
                        to="records.sourceprofile",
                    ),
                ),
                migrations.AlterField(
                    model_name="deviceepisode",
                    name="source",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="records.source",
                    ),
                ),
                migrations.AlterField(
                    model_name="goldenvalue",
                    name="profile",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="golden",
                        to="identity.profile",
                    ),
                ),
                migrations.AlterField(
                    model_name="match",
                    name="left",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="records.sourceprofile",
                    ),
                ),
                migrations.AlterField(
                    model_name="match",
                    name="right",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="records.sourceprofile",
                    ),
                ),
                migrations.AlterField(
                    model_name="verdict",
                    name="right",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="records.sourceprofile",
                    ),
                ),
            ],
        )
    ]
