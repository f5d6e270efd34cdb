"""Which version of its webhook secret a source's sender signs with, and until when the one before counts."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0009_records_per_minute"),
    ]

    operations = [
        migrations.AddField("source", "webhook_secret_version", models.PositiveIntegerField(default=0, editable=False)),
        migrations.AddField("source", "old_webhook_secret_until", models.DateTimeField(null=True, editable=False)),
    ]
