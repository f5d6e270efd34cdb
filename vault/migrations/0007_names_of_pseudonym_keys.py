"""The names of kept keys have room for a recipient and a purpose."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vault", "0006_installation_keys")]
    operations = [migrations.AlterField("keptkey", "name", models.CharField(max_length=200))]
