"""How many records a source may send a minute."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0008_load_attempts"),
    ]

    operations = [
        migrations.AddField(
            "source",
            "records_per_minute",
            models.PositiveIntegerField(
                null=True, blank=True, help_text="Over HTTP; beyond it senders are told to wait. Empty: no limit."
            ),
        ),
        migrations.AddConstraint(
            "source",
            models.CheckConstraint(
                condition=Q(records_per_minute=None) | Q(records_per_minute__gte=1),
                name="source_may_send_something",
                violation_error_message="Allow at least one record a minute, or leave it empty.",
            ),
        ),
    ]
