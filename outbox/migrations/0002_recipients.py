"""Recipients, and what was handed over to them."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("outbox", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Recipient",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                (
                    "name",
                    models.SlugField(help_text="Letters, digits, hyphens and underscores.", max_length=80, unique=True),
                ),
                (
                    "url",
                    models.CharField(
                        blank=True, help_text="Where signed messages are posted; empty: by hand.", max_length=500
                    ),
                ),
                (
                    "purposes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        help_text="What it is told for; consent is asked each time.",
                        size=None,
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
                ("secret_version", models.PositiveSmallIntegerField(default=1)),
                ("old_secret_until", models.DateTimeField(null=True)),
                ("last_change", models.BigIntegerField()),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("purposes__len__gt", 0)), name="recipient_has_a_purpose")
                ],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=40)),
                ("purpose", models.CharField(max_length=40)),
                ("profile_id", models.UUIDField()),
                ("pseudonym", models.CharField(max_length=80)),
                ("detail", models.JSONField(default=dict)),
                ("change_id", models.BigIntegerField(null=True)),
                ("request_id", models.UUIDField(null=True)),
                ("happened_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("sent", "sent"),
                            ("acknowledged", "acknowledged"),
                            ("refused", "refused"),
                            ("failed", "failed"),
                        ],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                ("acknowledged_at", models.DateTimeField(null=True)),
                ("acknowledged_by", models.CharField(blank=True, max_length=80)),
                ("answer_code", models.PositiveSmallIntegerField(null=True)),
                ("problem", models.CharField(blank=True, max_length=80)),
                (
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="deliveries", to="outbox.recipient"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "indexes": [
                    models.Index(fields=["profile_id"], name="outbox_deli_profile_ac381a_idx"),
                    models.Index(fields=["request_id"], name="outbox_deli_request_87c8f4_idx"),
                    models.Index(
                        condition=models.Q(("state__in", ["waiting", "sent"])),
                        fields=["recipient", "next_attempt_at"],
                        name="delivery_due",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("waiting", "sent", "acknowledged", "refused", "failed"))),
                        name="delivery_state_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "acknowledged"), _negated=True),
                            ("acknowledged_at__isnull", False),
                            _connector="OR",
                        ),
                        name="acknowledgment_says_when",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "person.erase"), _negated=True),
                            ("request_id__isnull", False),
                            _connector="OR",
                        ),
                        name="erase_request_names_its_request",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("change_id__isnull", False)),
                        fields=("recipient", "change_id", "purpose"),
                        name="change_delivered_once_per_purpose",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "person.erase")),
                        fields=("recipient", "request_id", "pseudonym"),
                        name="erase_asked_once_per_request",
                    ),
                ],
            },
        ),
    ]
