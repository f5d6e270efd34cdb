"""Where profiles live, as keyed hashes, and who lives together."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0019_order_of_the_review_queue"),
    ]

    operations = [
        migrations.CreateModel(
            name="Home",
            fields=[
                (
                    "profile",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="identity.profile",
                    ),
                ),
                ("house", models.BinaryField(null=True)),
                ("family_name", models.BinaryField(null=True)),
                ("flat", models.BinaryField(null=True)),
                ("email", models.BinaryField(null=True)),
                ("phone", models.BinaryField(null=True)),
                ("made_of", models.BinaryField()),
                ("household", models.UUIDField(null=True)),
                ("joined_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["house"], name="homes_by_house"),
                    models.Index(
                        condition=models.Q(("household__isnull", False)),
                        fields=["household"],
                        name="homes_by_household",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("household", None), ("joined_at", None)),
                            models.Q(("household__isnull", False), ("joined_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_member_of_a_household_has_joined_it",
                    )
                ],
            },
        ),
    ]
