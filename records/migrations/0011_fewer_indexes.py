"""No index of its own for a foreign key that another index begins with."""

import django.db.models.deletion
from django.db import migrations, models

DROP = """
DROP INDEX records_attribute_source_profile_id_44ed9b2b;
DROP INDEX records_identifier_source_profile_id_b5d02014;
DROP INDEX records_by_month_source_profile_id_idx;
DROP INDEX records_seenmessage_source_id_04ab19b9;
"""
MAKE = """
CREATE INDEX records_attribute_source_profile_id_44ed9b2b ON records_attribute (source_profile_id);
CREATE INDEX records_identifier_source_profile_id_b5d02014 ON records_identifier (source_profile_id);
CREATE INDEX records_by_month_source_profile_id_idx ON records_record (source_profile_id);
CREATE INDEX records_seenmessage_source_id_04ab19b9 ON records_seenmessage (source_id);
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0010_webhook_secrets")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(DROP, MAKE)],
            state_operations=[
                migrations.AlterField(
                    model_name="attribute",
                    name="source_profile",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attributes",
                        to="records.sourceprofile",
                    ),
                ),
                migrations.AlterField(
                    model_name="identifier",
                    name="source_profile",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="identifiers",
                        to="records.sourceprofile",
                    ),
                ),
                migrations.AlterField(
                    model_name="record",
                    name="source_profile",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="records",
                        to="records.sourceprofile",
                    ),
                ),
                migrations.AlterField(
                    model_name="seenmessage",
                    name="source",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="records.source",
                    ),
                ),
            ],
        ),
    ]
