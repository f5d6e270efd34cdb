"""How filled and how valid the fields of each batch were, where values usually lie, and what is wrong with a source."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

ALARMS = ("silent", "too_little", "too_much", "completeness", "validity", "undeclared", "quarantined")


def of_source(name: str) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name=name, to="records.source")


class Migration(migrations.Migration):
    dependencies = [("records", "0015_cleaning_steps")]

    operations = [
        migrations.AddField(
            "intake",
            "fields",
            models.JSONField(
                help_text="Of what was stored, by field: filled, unreadable, breaking a rule. Empty: not counted.",
                null=True,
            ),
        ),
        migrations.AddField(
            "intake",
            "flags",
            models.JSONField(help_text="Of what was stored: how many records had each flag.", null=True),
        ),
        migrations.CreateModel(
            "TallyHour",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hour", models.DateTimeField(help_text="When it began.")),
                ("acknowledged", models.PositiveBigIntegerField()),
                (
                    "quarantined",
                    models.PositiveBigIntegerField(help_text="When they came, whatever became of them since."),
                ),
                ("stored", models.PositiveBigIntegerField(help_text="Those that were tallied.")),
                ("fields", models.JSONField()),
                ("flags", models.JSONField()),
                ("stale", models.BooleanField(default=False, help_text="It has to be summed up again.")),
                (
                    "source",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tally_hours",
                        to="records.source",
                    ),
                ),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("source", "hour"), name="one_tally_each_hour")]},
        ),
        migrations.CreateModel(
            "Baseline",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("property", models.CharField(max_length=40)),
                ("number", models.PositiveBigIntegerField(help_text="How many values it was made from.")),
                ("first_quartile", models.FloatField()),
                ("median", models.FloatField()),
                ("third_quartile", models.FloatField()),
                ("mean", models.FloatField()),
                ("deviation", models.FloatField(help_text="The standard deviation.")),
                ("made_at", models.DateTimeField()),
                ("source", of_source("baselines")),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("source", "property"), name="one_baseline_each")]},
        ),
        migrations.CreateModel(
            "QualityAlarm",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=16)),
                (
                    "field",
                    models.CharField(blank=True, help_text="Empty: it is about the source as a whole.", max_length=80),
                ),
                ("cause", models.CharField(max_length=400)),
                ("began_at", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("source", of_source("alarms")),
            ],
            options={
                "indexes": [models.Index(fields=["source", "-began_at"], name="records_qua_source__1b53db_idx")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(ended_at=None), fields=("source", "kind", "field"), name="one_open_alarm_each"
                    ),
                    models.CheckConstraint(condition=Q(kind__in=ALARMS), name="alarm_kind_is_known"),
                ],
            },
        ),
    ]
