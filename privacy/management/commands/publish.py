"""manage.py publish SEGMENT: its size as a differentially private figure, within the month's budget."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from privacy import published
from privacy.published import SMALLEST_CELL, BudgetSpent, UnknownFigure


class Command(BaseCommand):
    """Publish how many people are in a segment, with noise that hides each of them."""

    help = "Publish a segment's size with differential privacy. The same figure is given again all month, at no cost."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("segment")
        parser.add_argument("--epsilon", type=float, default=0.1, help="what it may cost; more is more exact")
        parser.add_argument("--json", action="store_true", help="print the figure as one JSON object, last")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            figure = published.publish_segment_size(options["segment"], epsilon=options["epsilon"], now=now)
        except (BudgetSpent, UnknownFigure) as error:
            raise CommandError(str(error)) from None
        shown = f"fewer than {SMALLEST_CELL}" if figure.value is None else f"{figure.value:,}"
        self.stdout.write(
            f"{figure.name}: {shown} (epsilon {figure.epsilon:g}; {published.left(now=now):g} left this month)"
        )
        if options["json"]:
            self.stdout.write(json.dumps({"name": figure.name, "value": figure.value, "epsilon": figure.epsilon}))
