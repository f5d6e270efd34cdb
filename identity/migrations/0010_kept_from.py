"""Whoever is erased is looked up in the entries of those from whom a limit kept them."""

import django.db.models.fields.json
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0009_limits_and_blocked_values"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(
                django.db.models.fields.json.KeyTextTransform("kept_from", "evidence"),
                condition=models.Q(("evidence__has_key", "kept_from")),
                name="assignments_kept_from",
            ),
        ),
    ]
