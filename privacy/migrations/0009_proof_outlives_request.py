"""The suppression list and the tombstones outlive the request that made them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("privacy", "0008_links"),
    ]

    operations = [
        migrations.AlterField(
            model_name="suppression",
            name="request",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="suppressions",
                to="privacy.subjectrequest",
            ),
        ),
        migrations.AlterField(
            model_name="tombstone",
            name="request",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="tombstones",
                to="privacy.subjectrequest",
            ),
        ),
    ]
