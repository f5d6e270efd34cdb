"""A golden value that was chosen among identifiers is known by its blind index, so that blocking it takes it out."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0010_kept_from"),
    ]

    operations = [
        migrations.AddField(
            model_name="goldenoverride",
            name="index",
            field=models.BinaryField(null=True),
        ),
    ]
