"""Versions of the rules by which it is decided who is who, and dry runs of others."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0007_golden_override"),
        ("records", "0018_when_generalized"),
    ]

    operations = [
        migrations.CreateModel(
            name="DryRun",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("link", models.FloatField()),
                ("review", models.FloatField()),
                ("same_email", models.BooleanField()),
                ("same_device", models.BooleanField()),
                ("learns", models.BooleanField()),
                ("state", models.CharField(choices=[("running", "running"), ("done", "done")], max_length=8)),
                ("found", models.PositiveIntegerField(default=0)),
                ("done", models.PositiveIntegerField(default=0)),
                ("counts", models.JSONField(default=dict)),
                ("fault", models.CharField(blank=True, max_length=300)),
                ("started_by", models.CharField(max_length=80)),
                ("started_at", models.DateTimeField()),
                ("noted_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "model",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="identity.matchmodel",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DryRunChange",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("kind", models.CharField(choices=[("merge", "merge"), ("split", "split")], max_length=5)),
                ("reason", models.CharField(max_length=40)),
                ("bits", models.FloatField(null=True)),
                ("evidence", models.JSONField()),
                ("moving", models.PositiveIntegerField()),
                (
                    "left",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="records.sourceprofile"
                    ),
                ),
                (
                    "right",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="records.sourceprofile"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="changes",
                        to="identity.dryrun",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RuleVersion",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField(unique=True)),
                ("link", models.FloatField()),
                ("review", models.FloatField()),
                ("same_email", models.BooleanField()),
                ("same_device", models.BooleanField()),
                ("learns", models.BooleanField()),
                ("reason", models.CharField(max_length=200)),
                ("saved_by", models.CharField(max_length=80)),
                ("saved_at", models.DateTimeField()),
                (
                    "model",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="identity.matchmodel",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="dryrun",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["running", "done"])), name="dry_run_state_is_known"
            ),
        ),
        migrations.AddIndex(
            model_name="dryrunchange",
            index=models.Index(fields=["run", "kind", "-bits"], name="identity_dr_run_id_5e43e2_idx"),
        ),
        migrations.AddConstraint(
            model_name="ruleversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("link__gte", 0.85), ("link__lte", 0.9999)), name="rules_join_nobody_at_random"
            ),
        ),
        migrations.AddConstraint(
            model_name="ruleversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("review__gte", 0.05), ("review__lt", models.F("link"))),
                name="review_before_linking",
            ),
        ),
    ]
