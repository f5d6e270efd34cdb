"""manage.py learn: learn how much each agreement tells, from the records themselves."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from identity.relearning import learn_anew
from pipeline.blocking import block_what_many_share


class Command(BaseCommand):
    """Learn the match model and make it the one in force."""

    help = (
        "Learn the match model from the source profiles that may be linked, without labels, and use it from now on; "
        "before, e-mail addresses and phones that many families share are blocked. "
        "The scheduler does so every Sunday; do it by hand after the first large load. What is linked stays linked."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        blocked = block_what_many_share(now=timezone.now()).values
        if blocked:
            self.stdout.write(
                f"blocked: {blocked:,} e-mail addresses or phones that many families share, see Identifier limits"
            )
        model = learn_anew(now=timezone.now())
        stands = "in force from now on" if model.active else "to be tried: the rules keep to the model in force"
        self.stdout.write(f"{model.version}: learned from {model.learned_on:,} source profiles, {stands}")
