"""The installation's keys were made here; 0009 does it now, when all tables of keys are there."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("vault", "0005_audit_seals")]
    operations: list[migrations.RunPython] = []
