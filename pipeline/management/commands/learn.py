"""manage.py learn: learn how much each agreement tells, from the records themselves."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from identity.learning import learn_model


class Command(BaseCommand):
    """Learn the match model and make it the one in force."""

    help = (
        "Learn the match model from the source profiles that may be linked, without labels, and use it from now on. "
        "The scheduler does so every Sunday; do it by hand after the first large load. What is linked stays linked."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        model = learn_model(now=timezone.now())
        self.stdout.write(f"{model.version}: learned from {model.learned_on:,} source profiles, in force from now on")
