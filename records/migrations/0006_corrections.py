"""Values that a person had put right, each as a keyed digest, so that no source brings them back."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0005_partitions_by_their_owner"),
    ]

    operations = [
        migrations.CreateModel(
            name="Correction",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("field", models.CharField(max_length=40)),
                ("digest", models.BinaryField()),
                ("sealed", models.BinaryField()),
                ("request_id", models.UUIDField()),
                ("corrected_at", models.DateTimeField()),
                (
                    "source_profile",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="corrections",
                        to="records.sourceprofile",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("source_profile", "field", "digest"), name="corrected_once_per_profile"
                    )
                ],
            },
        ),
    ]
