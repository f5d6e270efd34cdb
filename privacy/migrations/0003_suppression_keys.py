"""The suppression list gets keys of its own; what is on it so far, blind indexes, counts as version 0."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("privacy", "0002_steps_append_only")]
    operations = [
        migrations.AddField("suppression", "version", models.PositiveSmallIntegerField(default=0)),
        migrations.RemoveIndex("suppression", "privacy_sup_namespa_ec59d9_idx"),
        migrations.AddConstraint(
            "suppression",
            models.UniqueConstraint(fields=["version", "namespace", "index", "request"], name="suppressed_once"),
        ),
    ]
