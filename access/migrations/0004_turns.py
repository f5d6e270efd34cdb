"""Counts of what somebody did in a stretch of time, for limits."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("access", "0003_api_keys_end")]

    operations = [
        migrations.CreateModel(
            name="Turn",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "actor", "deed", "began_at", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("actor", models.CharField(max_length=80)),
                ("deed", models.CharField(max_length=80)),
                ("began_at", models.DateTimeField()),
                ("count", models.PositiveIntegerField()),
            ],
        ),
    ]
