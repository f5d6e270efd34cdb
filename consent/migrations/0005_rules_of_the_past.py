"""Rules and notices at every past instant, what an act says of its circumstances, and the last word of everybody."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0004_restrictions"),
        ("records", "0004_purposes_of_the_past"),
    ]

    operations = [
        migrations.CreateModel(
            name="Annulment",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("recorded_at", models.DateTimeField()),
                ("reason", models.CharField(max_length=40)),
                ("actor", models.CharField(max_length=80)),
            ],
        ),
        migrations.CreateModel(
            name="LastWord",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "purpose_id",
                        "channel",
                        "source_profile_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "purpose",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="consent.purpose"
                    ),
                ),
                (
                    "source_profile",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="records.sourceprofile"
                    ),
                ),
                ("channel", models.CharField(blank=True, max_length=20)),
                ("is_no", models.BooleanField()),
                ("verified", models.BooleanField()),
                ("occurred_at", models.DateTimeField()),
                ("jurisdiction", models.CharField(blank=True, max_length=8)),
                ("notice", models.CharField(blank=True, max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("version", models.PositiveIntegerField()),
                ("locale", models.CharField(max_length=16)),
                ("text", models.TextField()),
                ("hash", models.CharField(max_length=64, unique=True)),
                (
                    "material",
                    models.BooleanField(
                        help_text="It changes what people agreed to: whoever agreed before is asked again."
                    ),
                ),
                ("published_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="PurposeVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("legal_basis", models.CharField(max_length=24)),
                (
                    "channels",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20), default=list, size=None
                    ),
                ),
                ("expires_after_days", models.PositiveIntegerField(null=True)),
                ("expiry_by_jurisdiction", models.JSONField(default=dict)),
                ("sensitive", models.BooleanField(default=False)),
                ("sale_or_sharing", models.BooleanField(default=False)),
                ("high_risk", models.BooleanField(default=False)),
                ("dpia_reference", models.CharField(blank=True, max_length=120)),
                ("active", models.BooleanField(default=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="act",
            name="act_says_yes_or_no",
        ),
        migrations.RemoveConstraint(
            model_name="purpose",
            name="high_risk_purpose_needs_a_dpia",
        ),
        migrations.AddField(
            model_name="act",
            name="addressed",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="act",
            name="basis",
            field=models.CharField(blank=True, max_length=24),
        ),
        migrations.AddField(
            model_name="act",
            name="source",
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddField(
            model_name="purpose",
            name="expiry_by_jurisdiction",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text='Days by jurisdiction where they differ, such as {"FR": 180, "US-CA": 365}.',
            ),
        ),
        migrations.AddField(
            model_name="purpose",
            name="rule_since",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="When the rule above began to hold; empty: from the beginning.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="purpose",
            name="sale_or_sharing",
            field=models.BooleanField(default=False, help_text="Sells or shares data: people may opt out of it."),
        ),
        migrations.AddField(
            model_name="purpose",
            name="sensitive",
            field=models.BooleanField(
                default=False, help_text="Uses sensitive data: people may limit it (California)."
            ),
        ),
        migrations.AlterField(
            model_name="act",
            name="state",
            field=models.CharField(
                choices=[("granted", "granted"), ("withdrawn", "withdrawn"), ("pending", "pending")], max_length=9
            ),
        ),
        migrations.AddConstraint(
            model_name="act",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ("granted", "withdrawn", "pending"))), name="act_says_yes_or_no"
            ),
        ),
        migrations.AddConstraint(
            model_name="purpose",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("active", False), ("high_risk", False), ("dpia_reference__regex", "\\S"), _connector="OR"
                ),
                name="high_risk_purpose_needs_a_dpia",
                violation_error_message="A high-risk purpose needs a DPIA reference before it can be active.",
            ),
        ),
        migrations.AddField(
            model_name="annulment",
            name="act",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="annulment", to="consent.act"
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="purpose",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="notices", to="consent.purpose"
            ),
        ),
        migrations.AddField(
            model_name="purposeversion",
            name="purpose",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="consent.purpose"
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                fields=("purpose", "version", "locale"), name="one_notice_per_version_and_locale"
            ),
        ),
        migrations.AddIndex(
            model_name="purposeversion",
            index=models.Index(fields=["purpose", "-valid_from", "-id"], name="consent_pur_purpose_712bcb_idx"),
        ),
    ]
