"""manage.py rfm: how many buyers are in each cell of recency, frequency and monetary value."""

from argparse import ArgumentParser
from collections import Counter
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from identity.profiles import living
from segments.features.purchases import YEAR
from segments.rfm import score_profiles


class Command(BaseCommand):
    """Count the buyers in each RFM cell."""

    help = "Score all buyers that agreed to analytics among themselves and count them by cell; 555 holds the best."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=YEAR.days, help="how far back purchases count (default: 365)")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        ids = list(living().values_list("id", flat=True))
        scored = score_profiles(ids, as_of=now.date(), window=timedelta(days=options["days"]), now=now)
        for cell, buyers in sorted(Counter(str(rfm) for rfm in scored.values()).items(), reverse=True):
            self.stdout.write(f"{cell}  {buyers:,}")
        self.stdout.write(f"{len(scored):,} buyers of {len(ids):,} profiles")
