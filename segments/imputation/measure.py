"""Measuring: the statistics that policies need, of those who may be looked at, on saving and once a day."""

from collections.abc import Collection
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import Max, OuterRef, Q, Subquery

from segments.imputation.methods import STATISTICS, in_tens
from segments.imputation.survey import survey
from segments.models import FeatureStatistic, ImputationPolicy
from vault.ids import new_id


def measure(policies: Collection[ImputationPolicy], *, now: datetime) -> list[FeatureStatistic]:
    """Measure these policies' statistics and keep them, with their instant and of how many profiles they are.

    Of too few profiles the number is kept, and no value: the feature stays missing.
    """
    due = [one for one in policies if one.method in STATISTICS]
    if not due:
        return []
    found = survey([one.feature for one in due], now=now)
    return FeatureStatistic.objects.bulk_create(
        FeatureStatistic(
            id=new_id(),
            policy=one,
            value=found.statistic(one.feature, one.method),
            profiles=in_tens(found.known(one.feature)),
            measured_at=now,
        )
        for one in due
    )


def keep_current(*, now: datetime) -> int:
    """Measure anew what was last measured before today (UTC). Returns how many statistics that were."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    last = ImputationPolicy.objects.filter(feature=OuterRef("feature")).order_by("-version").values("pk")[:1]
    due = (
        ImputationPolicy.objects.filter(pk=Subquery(last), method__in=STATISTICS)
        .annotate(latest_at=Max("statistics__measured_at"))
        .filter(Q(latest_at=None) | Q(latest_at__lt=today))
    )
    with transaction.atomic():
        return len(measure(list(due.order_by("feature")), now=now))
