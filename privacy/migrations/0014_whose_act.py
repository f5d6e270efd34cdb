"""Coming back: which of the erasures that an act met it brings back; links outlive the sign-up that they are about."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

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
        # Sign-ups end after three days: those that wait now were said at about the time that they were kept.
        migrations.AddField("signup", "said_at", models.DateTimeField(null=True)),
        migrations.RunSQL("UPDATE privacy_signup SET said_at = kept_at", migrations.RunSQL.noop),
        migrations.AlterField("signup", "said_at", models.DateTimeField()),
        migrations.AlterField(
            "link",
            "sign_up",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="links", to="privacy.signup"
            ),
        ),
        migrations.RemoveConstraint("link", "link_is_somebodys_until_it_is_used"),
        migrations.AddConstraint(
            "link",
            models.CheckConstraint(
                condition=Q(source_profile__isnull=False, sign_up=None) | Q(source_profile=None, use="opt_in"),
                name="link_is_a_persons_or_a_sign_ups",
            ),
        ),
    ]
