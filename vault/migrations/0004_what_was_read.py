"""The audit log also says which fields were read, and in which runs of a machine stage a person was."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("vault", "0003_kept_keys")]

    operations = [
        migrations.AddField("auditentry", "cohort", models.BinaryField(default=b"")),
        migrations.AddField("auditentry", "fields", ArrayField(models.CharField(max_length=80), default=list)),
        migrations.AddIndex(
            "auditentry", GinIndex(fields=["subjects"], name="who_looked", condition=~Q(actor_kind="machine"))
        ),
        migrations.AddConstraint(
            "auditentry",
            models.CheckConstraint(
                condition=~Q(actor="") & ~Q(purpose="") & ~Q(reason=""), name="a_read_says_who_what_for_and_why"
            ),
        ),
    ]
