"""Settling has a reason, and a change of a dry run says what would keep the two apart."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0015_turns"),
    ]

    operations = [
        migrations.AddField("settling", "reason", models.CharField(blank=True, default="", max_length=200)),
        migrations.AddField("dryrunchange", "cause", models.CharField(blank=True, default="", max_length=20)),
        migrations.AddField("dryrunchange", "detail", models.CharField(blank=True, default="", max_length=120)),
    ]
