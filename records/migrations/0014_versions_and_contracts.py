"""How sources are read and what their records must be, version by version; and what they send undeclared."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

MODES = [("strict", "strict"), ("discover", "discover"), ("block", "block")]

# Of mappings that were changed before versions were kept only the last is known, and not when it was saved.
APPEND_ONLY = """
INSERT INTO records_mappingversion (source_id, version, mapping, saved_by, saved_at)
SELECT id, mapping_version, mapping, '', CASE mapping_version WHEN 1 THEN created_at ELSE now() END FROM records_source;
SET CONSTRAINTS ALL IMMEDIATE;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON records_mappingversion
    FOR EACH ROW EXECUTE FUNCTION onym_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON records_contractversion
    FOR EACH ROW EXECUTE FUNCTION onym_append_only();
"""
REVERSE = """
DROP TRIGGER append_only ON records_mappingversion;
DROP TRIGGER append_only ON records_contractversion;
"""


def of_source(name: str) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name=name, to="records.source")


class Migration(migrations.Migration):
    dependencies = [("records", "0013_quarantine_replay"), ("vault", "0002_append_only")]

    operations = [
        migrations.AddField("source", "contract_mode", models.CharField(choices=MODES, default="strict", max_length=8)),
        migrations.AddField(
            "source",
            "contract_schema",
            models.TextField(blank=True, default="", help_text="A JSON Schema. Empty: records are not checked by one."),
            preserve_default=False,
        ),
        migrations.AddField(
            "source",
            "contract_version",
            models.PositiveIntegerField(default=0, help_text="0: as a source begins, without a schema."),
        ),
        migrations.AddConstraint(
            "source",
            models.CheckConstraint(
                condition=Q(contract_mode__in=("strict", "discover", "block")), name="source_contract_mode_is_known"
            ),
        ),
        migrations.CreateModel(
            "MappingVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField()),
                ("mapping", models.JSONField()),
                (
                    "saved_by",
                    models.CharField(blank=True, help_text="An opaque id; empty: not known.", max_length=60),
                ),
                ("saved_at", models.DateTimeField()),
                ("source", of_source("mapping_versions")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("source", "version"), name="mapping_version_once")]
            },
        ),
        migrations.CreateModel(
            "ContractVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField()),
                ("mode", models.CharField(choices=MODES, max_length=8)),
                ("schema", models.TextField(blank=True)),
                ("saved_by", models.CharField(blank=True, max_length=60)),
                ("saved_at", models.DateTimeField()),
                ("source", of_source("contract_versions")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("source", "version"), name="contract_version_once")]
            },
        ),
        migrations.CreateModel(
            "DiscoveredField",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("name", models.CharField(help_text="Masked where it may name somebody.", max_length=200)),
                (
                    "types",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=8), size=None),
                ),
                ("count", models.PositiveBigIntegerField()),
                ("first_seen_at", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField()),
                ("ignored", models.BooleanField(default=False)),
                ("source", of_source("discovered_fields")),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("source", "name"), name="discovered_field_once")]},
        ),
        migrations.RunSQL(APPEND_ONLY, REVERSE),
    ]
