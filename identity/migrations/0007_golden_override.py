"""Values of the golden record that somebody set by hand."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0006_fewer_indexes"),
        ("records", "0018_when_generalized"),
    ]

    operations = [
        migrations.CreateModel(
            name="GoldenOverride",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("field", models.CharField(max_length=40)),
                ("sealed", models.BinaryField(null=True)),
                ("chosen", models.BooleanField()),
                ("birth_year", models.SmallIntegerField(null=True)),
                ("country", models.CharField(blank=True, max_length=2)),
                ("reason", models.CharField(max_length=200)),
                ("actor", models.CharField(max_length=80)),
                ("set_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(blank=True, max_length=80)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="goldenvalue",
            name="golden_value_has_one_origin",
        ),
        migrations.AddField(
            model_name="goldenoverride",
            name="source_profile",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="records.sourceprofile"
            ),
        ),
        migrations.AddField(
            model_name="goldenvalue",
            name="override",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="identity.goldenoverride",
            ),
        ),
        migrations.AddIndex(
            model_name="goldenvalue",
            index=models.Index(
                condition=models.Q(("override__isnull", False)), fields=["override"], name="golden_values_set_by_hand"
            ),
        ),
        migrations.AddConstraint(
            model_name="goldenvalue",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("attribute__isnull", False), ("identifier", None), ("override", None)),
                    models.Q(("attribute", None), ("identifier__isnull", False), ("override", None)),
                    models.Q(("attribute", None), ("identifier", None), ("override__isnull", False)),
                    _connector="OR",
                ),
                name="golden_value_has_one_origin",
            ),
        ),
        migrations.AddConstraint(
            model_name="goldenoverride",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)),
                fields=("source_profile", "field"),
                name="one_standing_override_per_field",
            ),
        ),
        migrations.AddConstraint(
            model_name="goldenoverride",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at", None), ("sealed__isnull", False)),
                    models.Q(("ended_at__isnull", False), ("sealed", None)),
                    _connector="OR",
                ),
                name="only_a_standing_override_has_a_value",
            ),
        ),
    ]
