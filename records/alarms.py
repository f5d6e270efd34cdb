"""Alarms: what is found to be wrong with a source stays one alarm while it holds, and ends by itself."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet

from records import drift, tally_hours, volume
from records.findings import Finding
from records.models import (
    COMPLETENESS,
    QUARANTINED,
    SILENT,
    TOO_LITTLE,
    TOO_MUCH,
    UNDECLARED,
    VALIDITY,
    QualityAlarm,
    Source,
)
from vault.ids import new_id

OF_VOLUME = (SILENT, TOO_LITTLE, TOO_MUCH)
OF_FIELDS = (COMPLETENESS, VALIDITY, UNDECLARED, QUARANTINED)
LONGEST_CAUSE = 400
# One look at a time settles: two would both begin an alarm.
LOCK = "SELECT pg_advisory_xact_lock(hashtext('quality alarms'))"
Look = Callable[..., Iterator[Finding]]


@dataclass(frozen=True)
class Turn:
    """An alarm that began or ended just now."""

    alarm: QualityAlarm
    began: bool


# Told of the turns inside the transaction that makes them.
Tell = Callable[[Sequence[Turn]], object]


def tell_nobody(turns: Sequence[Turn]) -> None:
    """Nobody wants to know."""


def watch_volume(*, now: datetime, tell: Tell = tell_nobody) -> None:
    """Look how much came from each source."""
    _settle(_found(volume.findings, now), OF_VOLUME, now, tell)


def watch_fields(*, now: datetime, tell: Tell = tell_nobody) -> None:
    """Sum up what came in the hours since, and look what the fields of each source are like."""
    for source in Source.objects.order_by("name"):
        tally_hours.sum_up(source, now=now)
    _settle(_found(drift.findings, now), OF_FIELDS, now, tell)


def standing() -> "QuerySet[QualityAlarm]":
    """The alarms that hold now, the latest first."""
    return QualityAlarm.objects.filter(ended_at=None).select_related("source").order_by("-began_at", "source__name")


def _found(look: Look, now: datetime) -> list[Finding]:
    return [found for source in Source.objects.filter(enabled=True).order_by("name") for found in look(source, now=now)]


@transaction.atomic
def _settle(found: Iterable[Finding], kinds: Collection[str], now: datetime, tell: Tell) -> None:
    """Begin, carry on and end the alarms of these kinds, as was found, and tell which began and ended."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
    open_ones = {(row.source_id, row.kind, row.field): row for row in standing().filter(kind__in=kinds)}
    turns = []
    for one in found:
        row = open_ones.pop((one.source.pk, one.kind, one.field), None)
        if row:
            row.cause, row.last_seen_at = one.cause[:LONGEST_CAUSE], now
            row.save(update_fields=["cause", "last_seen_at"])
        else:
            turns.append(Turn(_begin(one, now), began=True))
    for row in open_ones.values():
        row.ended_at = now
        row.save(update_fields=["ended_at"])
        turns.append(Turn(row, began=False))
    tell(turns)


def _begin(one: Finding, now: datetime) -> QualityAlarm:
    return QualityAlarm.objects.create(
        id=new_id(),
        source=one.source,
        kind=one.kind,
        field=one.field,
        cause=one.cause[:LONGEST_CAUSE],
        began_at=now,
        last_seen_at=now,
    )
