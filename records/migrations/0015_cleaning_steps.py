"""Which rules changed the values of a record; nothing where none did, and nothing is known of records before."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0014_versions_and_contracts")]

    operations = [
        migrations.AddField(
            model_name="record",
            name="cleaned",
            field=ArrayField(
                base_field=models.CharField(max_length=60),
                help_text="Field, rule and version of each cleaning step that changed a value: email:email/1.",
                null=True,
                size=None,
            ),
        ),
    ]
