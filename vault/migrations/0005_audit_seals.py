"""The signed chain over the audit log; append-only as the log itself."""

from django.db import migrations, models

APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON vault_auditseal
    FOR EACH ROW EXECUTE FUNCTION onym_never_changes();
"""


class Migration(migrations.Migration):
    dependencies = [("vault", "0004_what_was_read")]

    operations = [
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("number", models.PositiveIntegerField(primary_key=True, serialize=False)),
                ("after_id", models.BigIntegerField()),
                ("upto_id", models.BigIntegerField()),
                ("count", models.PositiveIntegerField()),
                ("content", models.BinaryField()),
                ("head", models.BinaryField()),
                ("sealed_at", models.DateTimeField()),
                ("key_version", models.PositiveSmallIntegerField()),
                ("signature", models.BinaryField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(after_id__lt=models.F("upto_id")), name="a_seal_covers_ids"
                    ),
                    models.UniqueConstraint(fields=["after_id"], name="one_seal_goes_on_from_each"),
                ],
            },
        ),
        migrations.RunSQL(APPEND_ONLY, "DROP TRIGGER append_only ON vault_auditseal;"),
    ]
