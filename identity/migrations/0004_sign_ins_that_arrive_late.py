"""Device episodes remember when their owner signed in and when they were used, so that a late sign-in can cut them."""

from django.db import migrations, models
from django.db.models import Q

# What is known of episodes so far: somebody signed in when they began, at the earliest, and when they ended, at the
# latest; in between, a late sign-in contests them.
BACKFILL = """
UPDATE identity_deviceepisode AS episode SET
    signed_in_at = CASE WHEN episode.owner_id IS NOT NULL THEN episode.started_at END,
    last_signed_in_at = CASE WHEN episode.owner_id IS NOT NULL THEN coalesce(episode.ended_at, now()) END,
    used_from = used.first_seen_at, used_until = used.last_seen_at
FROM identity_deviceepisode AS same
LEFT JOIN records_sourceprofile AS used ON used.id = same.source_profile_id
WHERE same.id = episode.id
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0003_entries_outlive_an_erased_profile"), ("records", "0002_partitions")]
    operations = [
        *(
            migrations.AddField("deviceepisode", name, models.DateTimeField(null=True))
            for name in ("signed_in_at", "last_signed_in_at", "used_from", "used_until")
        ),
        *(
            migrations.AddField("deviceepisode", name, models.BooleanField(default=False))
            for name in ("opened", "contested", "aside")
        ),
        migrations.RunSQL(BACKFILL, migrations.RunSQL.noop),
        migrations.AddConstraint(
            "deviceepisode",
            models.CheckConstraint(
                condition=Q(contested=False) | Q(owner=None), name="nobody_owns_a_contested_episode"
            ),
        ),
    ]
