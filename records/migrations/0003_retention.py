"""Retention rules; and records may lose an aged field, which retention alone may take out."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

GUARD = """
CREATE FUNCTION records_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('onym.erasing', true) = 'on' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND current_setting('onym.minimizing', true) = 'on'
       AND (to_jsonb(NEW) - 'sealed' - 'flags') = (to_jsonb(OLD) - 'sealed' - 'flags') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
DROP TRIGGER append_only ON records_record;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON records_record
    FOR EACH ROW EXECUTE FUNCTION records_append_only();
"""

REVERSE = """
DROP TRIGGER append_only ON records_record;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON records_record
    FOR EACH ROW EXECUTE FUNCTION onym_append_only();
DROP FUNCTION records_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0002_partitions"), ("vault", "0002_append_only")]
    operations = [
        migrations.AddConstraint(
            model_name="source",
            constraint=models.CheckConstraint(
                condition=models.Q(("retention_days__gte", 1), ("retention_days__lte", 36_500)),
                name="source_keeps_1_to_36500_days",
                violation_error_message="Keep records for 1 to 36,500 days.",
            ),
        ),
        migrations.CreateModel(
            name="RetentionRule",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("purpose", models.CharField(blank=True, help_text="Empty: for every purpose.", max_length=40)),
                ("field", models.CharField(blank=True, help_text="Empty: for the record as a whole.", max_length=40)),
                ("days", models.PositiveIntegerField(help_text="Counted from receipt.")),
                (
                    "source",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="retention_rules",
                        to="records.source",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("source", "purpose", "field"), name="one_retention_rule_each", nulls_distinct=False
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("purpose", ""), ("field", ""), _connector="OR"),
                        name="rule_for_purpose_or_field",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("days__gte", 1), ("days__lte", 36_500)),
                        name="retention_is_1_to_36500_days",
                    ),
                ],
            },
        ),
        migrations.RunSQL(GUARD, REVERSE),
    ]
