"""How far this database knows the erasure ledger, and on whose act a suppression was lifted."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("privacy", "0004_erasure_case")]
    operations = [
        migrations.CreateModel(
            "ErasureEpoch",
            [
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("sequence", models.PositiveBigIntegerField()),
                ("hash", models.BinaryField()),
                ("reached_at", models.DateTimeField()),
            ],
            options={"constraints": [models.CheckConstraint(condition=Q(id=1), name="one_erasure_epoch")]},
        ),
        migrations.AddField("suppression", "lifted_by", models.CharField(blank=True, default="", max_length=80), False),
        migrations.AddField(
            "suppression",
            "lifted_on",
            models.CharField(blank=True, default="", help_text="The verified act that lifted it.", max_length=80),
            False,
        ),
    ]
