"""What matching has joined is decided anew for everybody: runs of that."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0011_override_knows_its_index"),
    ]

    operations = [
        migrations.CreateModel(
            name="Settling",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("state", models.CharField(choices=[("running", "running"), ("done", "done")], max_length=8)),
                ("found", models.PositiveIntegerField()),
                ("done", models.PositiveIntegerField(default=0)),
                ("after", models.UUIDField(null=True)),
                ("until", models.UUIDField()),
                ("merges", models.PositiveIntegerField(default=0)),
                ("splits", models.PositiveIntegerField(default=0)),
                ("moved", models.PositiveIntegerField(default=0)),
                ("rule_version", models.CharField(max_length=40)),
                ("started_by", models.CharField(max_length=80)),
                ("started_at", models.DateTimeField()),
                ("noted_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddConstraint(
            model_name="settling",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["running", "done"])), name="settling_state_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="settling",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "running")), fields=("state",), name="one_settling_at_a_time"
            ),
        ),
    ]
