"""No index of its own for a foreign key that another index begins with."""

import django.db.models.deletion
from django.db import migrations, models

DROP = """
DROP INDEX segments_dailyactivity_source_profile_id_e0304ae5;
DROP INDEX segments_membership_profile_id_9a9eacb0;
"""
MAKE = """
CREATE INDEX segments_dailyactivity_source_profile_id_e0304ae5 ON segments_dailyactivity (source_profile_id);
CREATE INDEX segments_membership_profile_id_9a9eacb0 ON segments_membership (profile_id);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0006_fewer_indexes"),
        ("records", "0011_fewer_indexes"),
        ("segments", "0002_human_review"),
    ]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(DROP, MAKE)],
            state_operations=[
                migrations.AlterField(
                    model_name="dailyactivity",
                    name="source_profile",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="records.sourceprofile",
                    ),
                ),
                migrations.AlterField(
                    model_name="membership",
                    name="profile",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to="identity.profile",
                    ),
                ),
            ],
        )
    ]
