"""Each scored pair carries the purpose that justified comparing the two."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0020_homes"),
    ]

    operations = [
        migrations.AddField(
            model_name="match",
            name="purpose",
            field=models.CharField(db_default="identity_linking", max_length=40),
        ),
    ]
