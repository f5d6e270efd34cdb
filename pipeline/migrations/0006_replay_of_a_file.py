"""A replay may be of what came in one file."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("pipeline", "0005_what_follows"),
        ("records", "0018_when_generalized"),
    ]

    operations = [
        migrations.AddField(
            model_name="replay",
            name="load",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="records.fileload"
            ),
        ),
    ]
