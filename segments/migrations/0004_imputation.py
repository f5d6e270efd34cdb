"""Imputation: versions of policies, the statistics measured for them, and what was estimated of each profile."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("segments", "0003_fewer_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="profilefeatures",
            name="estimated",
            field=models.JSONField(
                db_default={},
                default=dict,
                help_text="Slug to value, method and version of the policy: no fact of anybody.",
            ),
        ),
        migrations.CreateModel(
            name="ImputationPolicy",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("feature", models.SlugField(max_length=60)),
                ("version", models.PositiveIntegerField()),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("missing", "missing"),
                            ("constant", "constant"),
                            ("median", "median"),
                            ("mean", "mean"),
                            ("most_frequent", "most frequent"),
                        ],
                        max_length=13,
                    ),
                ),
                ("constant", models.JSONField(null=True)),
                ("saved_by", models.CharField(blank=True, help_text="An opaque id; empty: not known.", max_length=60)),
                ("saved_at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "imputation policies",
                "constraints": [
                    models.UniqueConstraint(fields=("feature", "version"), name="imputation_policy_version_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("constant__isnull", False), ("method", "constant")),
                            models.Q(models.Q(("method", "constant"), _negated=True), ("constant__isnull", True)),
                            _connector="OR",
                        ),
                        name="a_constant_policy_has_its_constant",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FeatureStatistic",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("value", models.JSONField(null=True)),
                ("profiles", models.PositiveIntegerField()),
                ("measured_at", models.DateTimeField()),
                (
                    "policy",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="statistics",
                        to="segments.imputationpolicy",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["policy", "-measured_at"], name="statistic_latest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("value__isnull", True), ("profiles__gte", 20), _connector="OR"),
                        name="no_statistic_of_fewer_than_twenty",
                    )
                ],
            },
        ),
    ]
