"""An act says yes or no, and a purpose rests on a legal basis that the rules know."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0002_purposes"),
        ("records", "0002_partitions"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="act",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["granted", "withdrawn"])), name="act_says_yes_or_no"
            ),
        ),
        migrations.AddConstraint(
            model_name="purpose",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("legal_basis__in", ("consent", "contract", "legitimate_interest", "legal_obligation"))
                ),
                name="legal_basis_is_known",
            ),
        ),
    ]
