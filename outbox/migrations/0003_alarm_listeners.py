"""Who is told of alarms, and what they were told."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("outbox", "0002_recipients"),
    ]

    operations = [
        migrations.CreateModel(
            name="AlarmListener",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                (
                    "name",
                    models.SlugField(help_text="Letters, digits, hyphens and underscores.", max_length=80, unique=True),
                ),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("url", models.CharField(blank=True, help_text="Where signed messages are posted.", max_length=500)),
                ("source_id", models.UUIDField(blank=True, help_text="Empty: it is told of every source.", null=True)),
                ("enabled", models.BooleanField(default=True)),
                ("secret_version", models.PositiveSmallIntegerField(default=1)),
                ("old_secret_until", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("email", ""), ("url", ""), _connector="XOR"),
                        name="listener_by_mail_or_webhook",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AlarmNotice",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("alarm.began", "alarm.began"), ("alarm.ended", "alarm.ended")], max_length=16
                    ),
                ),
                ("alarm_id", models.UUIDField()),
                ("detail", models.JSONField()),
                ("happened_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "waiting"), ("sent", "sent"), ("failed", "failed")],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                ("problem", models.CharField(blank=True, max_length=80)),
                (
                    "listener",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to="outbox.alarmlistener",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")), fields=["next_attempt_at"], name="notice_due"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("waiting", "sent", "failed"))), name="notice_state_is_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ("alarm.began", "alarm.ended"))), name="notice_kind_is_known"
                    ),
                    models.UniqueConstraint(fields=("listener", "alarm_id", "kind"), name="notice_once"),
                ],
            },
        ),
    ]
