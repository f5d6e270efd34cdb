"""Keys that are kept as long as the installation, in the key store."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vault", "0002_append_only")]
    operations = [
        migrations.CreateModel(
            "KeptKey",
            [
                ("id", models.BigAutoField(primary_key=True, auto_created=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=64)),
                ("version", models.PositiveSmallIntegerField(default=1)),
                ("wrapped", models.BinaryField()),
                ("kek_version", models.PositiveSmallIntegerField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("name", "version"), name="one_kept_key_per_version")]
            },
        ),
    ]
