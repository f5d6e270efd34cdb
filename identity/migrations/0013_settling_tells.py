"""Settling tells what went wrong, by which rules, who stopped it, and what became of the review queue."""

import django.db.models.deletion
from django.db import migrations, models

# The rules that were in force when a run began.
BY_WHICH = """
UPDATE identity_settling SET version_id = (
    SELECT id FROM identity_ruleversion WHERE saved_at <= started_at ORDER BY number DESC LIMIT 1
)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0012_settling"),
    ]

    operations = [
        migrations.AddField("settling", "reviews_added", models.PositiveIntegerField(default=0)),
        migrations.AddField("settling", "reviews_taken", models.PositiveIntegerField(default=0)),
        migrations.AddField(
            "settling",
            "version",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="identity.ruleversion",
            ),
        ),
        migrations.RunSQL(BY_WHICH, migrations.RunSQL.noop),
        migrations.AddField("settling", "fault", models.CharField(blank=True, default="", max_length=80)),
        migrations.AddField("settling", "failed_at", models.DateTimeField(null=True)),
        migrations.AddField("settling", "stopped_by", models.CharField(blank=True, default="", max_length=80)),
    ]
