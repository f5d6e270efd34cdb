"""Coming back: which of the erasures that an act met it brings back."""

from django.db import migrations, models

# As the acts so far are told apart by whom and when, so are the erasures that each of them met.
WHOSE_ACT = """
UPDATE privacy_suppression AS listed SET brings_back = true
WHERE lifted_at IS NOT NULL AND (namespace LIKE '%+%' OR NOT EXISTS (
    SELECT FROM privacy_suppression AS other
    WHERE (other.lifted_at, other.lifted_on) = (listed.lifted_at, listed.lifted_on)
      AND other.listed_with <> listed.listed_with))
"""


class Migration(migrations.Migration):
    dependencies = [("privacy", "0013_coming_back")]
    operations = [
        migrations.AddField(
            "suppression",
            "brings_back",
            models.BooleanField(
                default=False, help_text="Whoever bears it is the person, and may bear what else the erasure listed."
            ),
        ),
        migrations.RunSQL(WHOSE_ACT, migrations.RunSQL.noop),
    ]
