"""A replay says for which reasons records are still in quarantine."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("pipeline", "0007_a_later_turn"),
    ]

    operations = [
        migrations.AddField("replay", "still_for", models.JSONField(default=dict)),
    ]
