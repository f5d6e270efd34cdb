"""No index of its own for a foreign key that another index begins with."""

import django.db.models.deletion
from django.db import migrations, models

DROP = """
DROP INDEX consent_act_source_profile_id_652accf5;
DROP INDEX consent_lastword_purpose_id_b1cded80;
DROP INDEX consent_lastword_purpose_id_b1cded80_like;
"""
MAKE = """
CREATE INDEX consent_act_source_profile_id_652accf5 ON consent_act (source_profile_id);
CREATE INDEX consent_lastword_purpose_id_b1cded80 ON consent_lastword (purpose_id);
CREATE INDEX consent_lastword_purpose_id_b1cded80_like ON consent_lastword (purpose_id varchar_pattern_ops);
"""


class Migration(migrations.Migration):
    dependencies = [("consent", "0006_kept_by_the_database"), ("records", "0011_fewer_indexes")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(DROP, MAKE)],
            state_operations=[
                migrations.AlterField(
                    model_name="act",
                    name="source_profile",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="acts",
                        to="records.sourceprofile",
                    ),
                ),
                migrations.AlterField(
                    model_name="lastword",
                    name="purpose",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consent.purpose",
                    ),
                ),
            ],
        )
    ]
