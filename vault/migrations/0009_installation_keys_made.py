"""The keys that every installation has are made with its key store: one made later would miss in earlier backups."""

from typing import Any

from django.db import migrations

from vault import kept_keys


def make(apps: Any, schema_editor: Any) -> None:
    kept_keys.make_for_installation()


class Migration(migrations.Migration):
    dependencies = [("vault", "0008_key_versions")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop, hints={"keystore": True})]
