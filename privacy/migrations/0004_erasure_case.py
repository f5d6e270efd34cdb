"""The case of an erasure, tombstones, and the indexes that find a person's requests and log entries at once."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

LOG_INDEX = "CREATE INDEX privacy_log_by_object ON django_admin_log (object_id)"
TO_REQUEST = "privacy.subjectrequest"


class Migration(migrations.Migration):
    dependencies = [("privacy", "0003_suppression_keys"), ("admin", "0003_logentry_add_action_flag_choices")]
    operations = [
        migrations.AddIndex("subjectrequest", models.Index(fields=["profile_id"], name="requests_by_profile")),
        migrations.RunSQL(LOG_INDEX, "DROP INDEX privacy_log_by_object"),
        migrations.CreateModel(
            "ErasureCase",
            [
                (
                    "request",
                    models.OneToOneField(
                        primary_key=True,
                        serialize=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="erasure_case",
                        to=TO_REQUEST,
                    ),
                ),
                ("execute_after", models.DateTimeField()),
                ("sealed", models.BinaryField(null=True)),
                ("rows_gone_at", models.DateTimeField(null=True)),
                ("keys_gone_at", models.DateTimeField(null=True)),
                ("mentions_erased_at", models.DateTimeField(null=True)),
                ("proof", models.JSONField(default=dict)),
                (
                    "proof_state",
                    models.CharField(
                        max_length=8, choices=[("", ""), ("passed", "passed"), ("found", "found")], default=""
                    ),
                ),
                ("proved_at", models.DateTimeField(null=True)),
                ("certificate", models.TextField(blank=True)),
                ("certified_at", models.DateTimeField(null=True)),
                ("values_destroyed_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["execute_after"], name="erasures_by_time")],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(values_destroyed_at=None) | Q(sealed=None), name="destroyed_values_are_gone"
                    ),
                    models.CheckConstraint(
                        condition=Q(proof_state="") | Q(proved_at__isnull=False, keys_gone_at__isnull=False),
                        name="proof_comes_after_the_keys_are_gone",
                    ),
                    models.CheckConstraint(
                        condition=Q(keys_gone_at=None) | Q(rows_gone_at__isnull=False), name="keys_go_after_the_rows"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "Tombstone",
            [
                ("profile_id", models.UUIDField(primary_key=True, serialize=False)),
                ("erased_at", models.DateTimeField()),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tombstones", to=TO_REQUEST
                    ),
                ),
            ],
        ),
    ]
