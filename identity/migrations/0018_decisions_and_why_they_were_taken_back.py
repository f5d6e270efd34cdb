"""The pairs of one decision are known as such, and who took a verdict back, and why, stands with it.

Of each merge the ledger's evidence names the first verdict, so of several at one instant each is told from the others.
"""

from django.db import migrations, models
from django.db.models import Q

import vault.ids

# Verdicts of one instant, person and kind, in the order of their making: a decision begins with the first of them and
# with each that the ledger names.
FIRST_OF_EACH = """
WITH named AS (
    SELECT DISTINCT (evidence ->> 'verdict')::uuid AS id FROM identity_assignment WHERE evidence ? 'verdict'
), begun AS (
    SELECT verdict.*, count(named.id) OVER (PARTITION BY decided_at, actor, verdict ORDER BY verdict.id) AS part
    FROM identity_verdict AS verdict LEFT JOIN named ON named.id = verdict.id
), first AS (
    SELECT id, first_value(id) OVER (PARTITION BY decided_at, actor, verdict, part ORDER BY id) AS decision FROM begun
)
UPDATE identity_verdict AS verdict SET decision = first.decision FROM first WHERE first.id = verdict.id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0017_reasons_for_limits"),
    ]

    operations = [
        migrations.AddField("verdict", "undone_by", models.CharField(blank=True, default="", max_length=80)),
        migrations.AddField("verdict", "undone_reason", models.CharField(blank=True, default="", max_length=200)),
        migrations.AddField("verdict", "decision", models.UUIDField(null=True)),
        migrations.RunSQL(FIRST_OF_EACH, migrations.RunSQL.noop),
        migrations.AlterField("verdict", "decision", models.UUIDField(db_index=True, default=vault.ids.new_id)),
        migrations.AddConstraint(
            "verdict",
            models.CheckConstraint(
                condition=Q(undone_at=None, undone_by="", undone_reason="") | Q(undone_at__isnull=False),
                name="only_an_undone_verdict_says_by_whom",
            ),
        ),
    ]
