"""How often an upload was begun without coming any further."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0007_file_loads"),
    ]

    operations = [
        migrations.AddField(
            model_name="fileload",
            name="attempts",
            field=models.PositiveSmallIntegerField(
                db_default=0, default=0, help_text="How often a worker has begun since it last came any further."
            ),
        ),
    ]
