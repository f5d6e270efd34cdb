"""Versions of the key-encryption key under a key service, and keys from before a rotation beside the new ones."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("vault", "0007_names_of_pseudonym_keys")]
    operations = [
        migrations.CreateModel(
            "WrappingKey",
            [
                ("version", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ("service", models.CharField(max_length=20)),
                ("service_key", models.CharField(max_length=300)),
                ("wrapped", models.BinaryField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            "Rotation",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=24)),
                ("name", models.CharField(blank=True, max_length=64)),
                ("version", models.PositiveSmallIntegerField(null=True)),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("done", models.PositiveBigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["kind", "name"],
                        condition=Q(ended_at=None),
                        name="one_rotation_of_a_kind_at_a_time",
                    )
                ]
            },
        ),
        migrations.AddField("datakey", "previous", models.BinaryField(null=True)),
        migrations.AddField("datakey", "renewed_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "datakey",
            models.Index(fields=["id"], condition=Q(previous__isnull=False), name="data_keys_with_a_previous"),
        ),
        migrations.AddField("indexkey", "settled_at", models.DateTimeField(null=True)),
    ]
