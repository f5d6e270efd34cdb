"""Those who resolve look around side by side and take turns to write. What it holds nobody needs after a crash.

The planner keeps no sample of whom it names: that would outlive an erasure.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0014_matching_views"),
    ]

    operations = [
        migrations.CreateModel(
            name="Turn",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("source_profiles", ArrayField(models.UUIDField(), size=None)),
                ("profiles", ArrayField(models.UUIDField(), size=None)),
            ],
        ),
        migrations.RunSQL("ALTER TABLE identity_turn SET UNLOGGED", migrations.RunSQL.noop),
        migrations.RunSQL(
            "ALTER TABLE identity_turn ALTER source_profiles SET STATISTICS 0, ALTER profiles SET STATISTICS 0",
            migrations.RunSQL.noop,
        ),
    ]
