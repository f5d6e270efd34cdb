"""The review queue is read in its order, however many pairs wait."""

from django.db import migrations, models
from django.db.models import Q

from identity.review_order import DISTANCE, KIND


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0018_decisions_and_why_they_were_taken_back"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="match",
            index=models.Index(KIND, DISTANCE, "id", condition=Q(state="in_review"), name="match_review_order"),
        ),
    ]
