"""What retention removed, run by run."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("privacy", "0005_erasure_epoch")]
    operations = [
        migrations.CreateModel(
            name="RetentionRun",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("source_id", models.UUIDField(null=True)),
                ("what", models.CharField(max_length=60)),
                ("cutoff_at", models.DateTimeField(null=True)),
                ("rows", models.PositiveBigIntegerField()),
                ("held", models.PositiveBigIntegerField()),
                ("ran_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["source_id", "what", "-cutoff_at"], name="retention_by_source"),
                    models.Index(fields=["-ran_at"], name="retention_by_time"),
                ],
            },
        )
    ]
