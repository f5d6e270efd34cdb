"""Restrictions: a row starts one, a row lifts it, and no row is ever changed."""

import django.db.models.deletion
from django.db import migrations, models

APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON consent_restriction
    FOR EACH ROW EXECUTE FUNCTION onym_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0003_known_words"),
        ("records", "0002_partitions"),
        ("vault", "0002_append_only"),
    ]

    operations = [
        migrations.CreateModel(
            name="Restriction",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=24)),
                ("lifts", models.BooleanField()),
                ("occurred_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                ("actor", models.CharField(max_length=80)),
                ("request", models.UUIDField(null=True)),
                (
                    "source_profile",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="restrictions",
                        to="records.sourceprofile",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["source_profile", "kind", "occurred_at"], name="consent_res_source__4bf662_idx"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind", ""), _negated=True), name="restriction_has_a_kind"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("lifts", False), ("until", None), _connector="OR"),
                        name="only_a_restriction_ends_by_itself",
                    ),
                ],
            },
        ),
        migrations.RunSQL(APPEND_ONLY, "DROP TRIGGER append_only ON consent_restriction;"),
    ]
