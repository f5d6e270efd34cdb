"""Replays of what is in quarantine."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("pipeline", "0002_mqtt_deliveries"),
        ("records", "0013_quarantine_replay"),
    ]

    operations = [
        migrations.CreateModel(
            name="Replay",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("reason", models.CharField(blank=True, max_length=40)),
                ("field", models.CharField(blank=True, max_length=80)),
                (
                    "leave_out",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=80), default=list, size=None
                    ),
                ),
                ("state", models.CharField(choices=[("running", "running"), ("done", "done")], max_length=8)),
                ("until", models.DateTimeField()),
                ("found", models.PositiveIntegerField(default=0)),
                ("stored", models.PositiveIntegerField(default=0)),
                ("duplicate", models.PositiveIntegerField(default=0)),
                ("refused", models.PositiveIntegerField(default=0)),
                ("still", models.PositiveIntegerField(default=0)),
                ("last", models.UUIDField(default=uuid.UUID("00000000-0000-0000-0000-000000000000"))),
                ("fault", models.CharField(blank=True, max_length=300)),
                ("started_by_kind", models.CharField(max_length=10)),
                ("started_by", models.CharField(max_length=60)),
                ("started_at", models.DateTimeField()),
                ("noted_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "source",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="records.source",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["source", "-started_at"], name="pipeline_re_source__9bab28_idx")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["running", "done"])), name="replay_state_is_known"
                    )
                ],
            },
        ),
    ]
