"""Published figures: differentially private counts within a budget, small cells left out.

Each count gets discrete Laplace noise of scale 1/epsilon (Ghosh, Roughgarden and Sundararajan, 2012; by OpenDP): one
person changes a count by at most one, so publishing it costs epsilon (Dwork and Roth, 2014, theorem 3.6), and the
costs of a period add up (theorem 3.14). Beyond the period's budget nothing is published. A figure that was published in
a period is given again as it was, at no cost: else asking often would average the noise away.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import opendp.prelude as dp
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Sum

from consent.decide import decide_each
from identity.profiles import source_profiles_of
from privacy.models import PublishedFigure
from segments.models import Membership, Segment
from vault.grants import Actor
from vault.ids import new_id

SMALLEST_CELL = 10
STAGE = Actor.machine("published figures")
PORTION = 5_000
LOCK = 0x0D1FF
SMALLEST_EPSILON, LARGEST_EPSILON = 0.001, 5.0


class BudgetSpent(ValueError):
    """The period's privacy budget does not allow this figure; the message says what is left and when it is renewed."""


class UnknownFigure(ValueError):
    """There is no such figure."""


@dataclass(frozen=True)
class Figure:
    """A published count: the noisy value, or None where it is too small to be shown; its cost, and when it was made."""

    name: str
    value: int | None
    epsilon: float
    published_at: datetime


def publish_segment_size(slug: str, *, epsilon: float, now: datetime) -> Figure:
    """How many people are in the segment, of those who agreed to its purpose. Raises `BudgetSpent`, `UnknownFigure`."""
    segment = Segment.objects.filter(slug=slug).first()
    if segment is None:
        raise UnknownFigure(f"there is no segment '{slug[:60]}'")
    if not SMALLEST_EPSILON <= epsilon <= LARGEST_EPSILON:
        raise UnknownFigure(f"epsilon: from {SMALLEST_EPSILON} to {LARGEST_EPSILON}")
    name, period = f"segment {slug}", f"{now:%Y-%m}"
    with transaction.atomic():
        _lock()
        known = PublishedFigure.objects.filter(name=name, period=period).first()
        row = known or _publish(name, period, segment, epsilon, now)
    return Figure(row.name, row.value, row.epsilon, row.published_at)


def left(*, now: datetime) -> float:
    """The epsilon that this month has left."""
    spent = PublishedFigure.objects.filter(period=f"{now:%Y-%m}").aggregate(spent=Sum("epsilon"))["spent"] or 0.0
    return float(settings.PRIVACY_BUDGET - spent)


def _publish(name: str, period: str, segment: Segment, epsilon: float, now: datetime) -> PublishedFigure:
    rest = left(now=now)
    if epsilon > rest + 1e-9:
        raise BudgetSpent(
            f"epsilon {epsilon:g} is asked for and {rest:g} of {settings.PRIVACY_BUDGET:g} is left in {period}; ask "
            "for less, or wait for the next month"
        )
    noisy = _noise(epsilon)(_size(segment, now))
    return PublishedFigure.objects.create(
        id=new_id(),
        name=name,
        period=period,
        value=noisy if noisy >= SMALLEST_CELL else None,
        epsilon=epsilon,
        published_at=now,
    )


def _size(segment: Segment, now: datetime) -> int:
    members = list(Membership.objects.filter(segment=segment, left_at=None).values_list("profile_id", flat=True))
    size = 0
    for start in range(0, len(members), PORTION):
        owned = source_profiles_of(members[start : start + PORTION])
        decisions = decide_each(
            owned,
            purpose=segment.purpose_id,
            channel=segment.channel,
            at=now,
            actor=STAGE,
            reason="count for publication",
        )
        size += len(decisions.allowed)
    return size


@lru_cache(maxsize=16)
def _noise(epsilon: float) -> Any:
    dp.enable_features("contrib")
    mechanism: Any = dp.m.make_laplace(dp.atom_domain(T=int), dp.absolute_distance(T=int), scale=1.0 / epsilon)
    if mechanism.map(1) > epsilon * (1 + 1e-9):
        raise ArithmeticError("the mechanism costs more than it was asked to")
    return mechanism


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
