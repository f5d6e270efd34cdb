"""What is in quarantine knows its door and how it was read, so that it can be read again."""

from django.db import migrations, models

# Of what is there already, the intakes say it.
DOORS = """
UPDATE records_quarantinedrecord AS kept SET door = intake.door FROM records_intake AS intake
WHERE intake.source_id = kept.source_id AND intake.received_at = kept.received_at
"""


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0012_room_for_what_is_seen_again"),
    ]

    operations = [
        migrations.AddField(
            model_name="quarantinedrecord",
            name="door",
            field=models.CharField(db_default="", default="", max_length=16),
        ),
        migrations.AddField(
            model_name="quarantinedrecord",
            name="sealed_way",
            field=models.BinaryField(null=True),
        ),
        migrations.RunSQL(DOORS, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="intake",
            name="quarantined",
            field=models.IntegerField(),
        ),
        migrations.AddConstraint(
            model_name="intake",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("quarantined__gte", 0), models.Q(("acknowledged", 0), ("door", "quarantine")), _connector="OR"
                ),
                name="only_quarantine_lets_go_of_records",
            ),
        ),
    ]
