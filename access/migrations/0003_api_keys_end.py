"""Every API key has an end, and a former secret may hold for a while. Keys without an end get a year from now."""

from datetime import timedelta

from django.db import migrations, models
from django.db.models import Q
from django.utils import timezone

YEAR = timedelta(days=365)


def give_an_end(apps, schema_editor):
    """What never ended ends in a year."""
    if schema_editor.connection.alias == "default":
        apps.get_model("access", "ApiKey").objects.filter(expires_at=None).update(expires_at=timezone.now() + YEAR)


class Migration(migrations.Migration):
    dependencies = [("access", "0002_api_key_may_hold_nothing")]

    operations = [
        migrations.RunPython(give_an_end, migrations.RunPython.noop),
        migrations.AlterField("apikey", "expires_at", models.DateTimeField()),
        migrations.AddField("apikey", "former_digest", models.BinaryField(editable=False, null=True, unique=True)),
        migrations.AddField("apikey", "former_until", models.DateTimeField(editable=False, null=True)),
        migrations.AddConstraint(
            "apikey",
            models.CheckConstraint(
                condition=Q(former_digest=None, former_until=None)
                | Q(former_digest__isnull=False, former_until__isnull=False),
                name="a_former_secret_has_an_end",
            ),
        ),
    ]
