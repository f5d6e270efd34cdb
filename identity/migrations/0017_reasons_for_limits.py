"""Why a limit was set and a value blocked stands with it, where people look, and not in the log of changes alone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0016_reasons_and_causes"),
    ]

    operations = [
        migrations.AddField(
            model_name="identifierlimit",
            name="reason",
            field=models.CharField(blank=True, default="", max_length=200),
        ),
        migrations.AddField(
            model_name="blockedvalue",
            name="reason",
            field=models.CharField(blank=True, default="", max_length=200),
        ),
    ]
