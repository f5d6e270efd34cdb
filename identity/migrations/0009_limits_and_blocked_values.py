"""Limits on identifiers, by version, and values that say nothing of anybody."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0008_rules_and_dry_runs"),
    ]

    operations = [
        migrations.CreateModel(
            name="BlockedValue",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("namespace", models.CharField(max_length=40)),
                ("index", models.BinaryField()),
                ("hint", models.CharField(help_text="How it begins and how long it is.", max_length=40)),
                ("blocked", models.BooleanField()),
                ("saved_by", models.CharField(blank=True, max_length=60)),
                ("saved_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["namespace", "index", "-saved_at"], name="blocked_value_latest")],
            },
        ),
        migrations.CreateModel(
            name="IdentifierLimit",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("namespace", models.CharField(max_length=40)),
                ("version", models.PositiveIntegerField()),
                ("priority", models.PositiveSmallIntegerField(help_text="The lowest number is believed first.")),
                (
                    "most",
                    models.PositiveIntegerField(
                        help_text="Different values of one person. Empty: any number.", null=True
                    ),
                ),
                ("most_in_window", models.PositiveIntegerField(help_text="The same within so many days.", null=True)),
                ("window_days", models.PositiveIntegerField(null=True)),
                ("saved_by", models.CharField(blank=True, help_text="An opaque id; empty: not known.", max_length=60)),
                ("saved_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("namespace", "version"), name="identifier_limit_version_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("most_in_window", None), ("window_days", None)),
                            models.Q(("most_in_window__gte", 1), ("window_days__gte", 1)),
                            _connector="OR",
                        ),
                        name="a_window_has_its_days",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("most", None), ("most__gte", 1), _connector="OR"), name="one_value_at_least"
                    ),
                ],
            },
        ),
    ]
