"""What the records of a source may be kept for, at every past instant: the database writes a row at each change."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

VERSIONS = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON records_sourcepurposes
    FOR EACH ROW EXECUTE FUNCTION onym_append_only();

INSERT INTO records_sourcepurposes (source_id, purposes, valid_from, recorded_at)
SELECT id, purposes, '1900-01-01 00:00+00', '1900-01-01 00:00+00' FROM records_source;

CREATE FUNCTION onym_source_purposes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO records_sourcepurposes (source_id, purposes, valid_from, recorded_at)
        VALUES (NEW.id, NEW.purposes, '1900-01-01 00:00+00', clock_timestamp());
    ELSIF NEW.purposes IS DISTINCT FROM OLD.purposes THEN
        INSERT INTO records_sourcepurposes (source_id, purposes, valid_from, recorded_at)
        VALUES (NEW.id, NEW.purposes, clock_timestamp(), clock_timestamp());
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER keep_purposes AFTER INSERT OR UPDATE ON records_source
    FOR EACH ROW EXECUTE FUNCTION onym_source_purposes();
"""
REVERSE = """
DROP TRIGGER keep_purposes ON records_source;
DROP FUNCTION onym_source_purposes();
DROP TRIGGER append_only ON records_sourcepurposes;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0003_retention"),
        ("vault", "0002_append_only"),
    ]

    operations = [
        migrations.CreateModel(
            name="SourcePurposes",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "purposes",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), size=None),
                ),
                ("valid_from", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="records.source"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["source", "-valid_from", "-id"], name="records_sou_source__0f954b_idx")
                ],
            },
        ),
        migrations.RunSQL(VERSIONS, REVERSE),
    ]
