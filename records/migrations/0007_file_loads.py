"""Loads of files: how far each has come, and the pieces of an upload, sealed."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0006_corrections"),
    ]

    operations = [
        migrations.CreateModel(
            name="FileLoad",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("arriving", "arriving"),
                            ("trying", "trying"),
                            ("tried", "tried"),
                            ("loading", "loading"),
                            ("loaded", "loaded"),
                            ("failed", "failed"),
                            ("expired", "expired"),
                            ("taken_back", "taken_back"),
                        ],
                        max_length=12,
                    ),
                ),
                ("uploaded", models.BooleanField(default=False)),
                (
                    "only_try",
                    models.BooleanField(
                        default=False, help_text="Nothing is to be stored of it, whatever comes of trying."
                    ),
                ),
                ("digest", models.BinaryField(null=True)),
                ("format", models.CharField(blank=True, max_length=8)),
                ("packed", models.BooleanField(default=False)),
                ("encoding", models.CharField(blank=True, max_length=20)),
                ("size", models.PositiveBigIntegerField(default=0)),
                (
                    "read",
                    models.PositiveBigIntegerField(default=0, help_text="Bytes of the file that are read so far."),
                ),
                ("offset", models.PositiveBigIntegerField(default=0)),
                ("line", models.PositiveBigIntegerField(default=0)),
                ("stored", models.PositiveBigIntegerField(default=0)),
                ("duplicate", models.PositiveBigIntegerField(default=0)),
                ("quarantined", models.PositiveBigIntegerField(default=0)),
                ("refused", models.PositiveBigIntegerField(default=0)),
                ("fault", models.CharField(blank=True, max_length=300)),
                ("report", models.JSONField(null=True)),
                ("started_by", models.CharField(max_length=60)),
                ("started_at", models.DateTimeField()),
                ("noted_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "repeats",
                    models.ForeignKey(
                        help_text="The load of the same file before.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="records.fileload",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="loads", to="records.source"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="quarantinedrecord",
            name="load",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="quarantine",
                to="records.fileload",
            ),
        ),
        migrations.CreateModel(
            name="UploadChunk",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("sealed", models.BinaryField()),
                (
                    "load",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="chunks", to="records.fileload"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="fileload",
            index=models.Index(fields=["source", "digest"], name="records_fil_source__f6f8f8_idx"),
        ),
        migrations.AddIndex(
            model_name="fileload",
            index=models.Index(fields=["source", "-started_at"], name="records_fil_source__c7e87a_idx"),
        ),
        migrations.AddIndex(
            model_name="fileload",
            index=models.Index(
                condition=models.Q(("ended_at", None)), fields=["noted_at"], name="file_loads_under_way"
            ),
        ),
        migrations.AddConstraint(
            model_name="fileload",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        ("arriving", "trying", "tried", "loading", "loaded", "failed", "expired", "taken_back"),
                    )
                ),
                name="file_load_state_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="uploadchunk",
            constraint=models.UniqueConstraint(fields=("load", "number"), name="upload_chunk_once"),
        ),
    ]
