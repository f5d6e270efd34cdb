"""Alarms: what is found to be wrong with a source stays one alarm while it holds, and ends by itself."""

from collections.abc import Callable, Collection, Iterable, Iterator
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


def watch_volume(*, now: datetime) -> None:
    """Look how much came from each source."""
    _settle(_found(volume.findings, now), OF_VOLUME, now)


def watch_fields(*, now: datetime) -> None:
    """Sum up what came in the hours since, and look what the fields of each source are like."""
    for source in Source.objects.order_by("name"):
        tally_hours.sum_up(source, now=now)
    _settle(_found(drift.findings, now), OF_FIELDS, now)


def standing() -> "QuerySet[QualityAlarm]":
    """The alarms that hold now, the latest first."""
    return QualityAlarm.objects.filter(ended_at=None).select_related("source").order_by("-began_at", "source__name")


def _found(look: Look, now: datetime) -> list[Finding]:
    return [found for source in Source.objects.filter(enabled=True).order_by("name") for found in look(source, now=now)]


@transaction.atomic
def _settle(found: Iterable[Finding], kinds: Collection[str], now: datetime) -> None:
    """Begin, carry on and end the alarms of these kinds, as was found."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
    open_ones = {(row.source_id, row.kind, row.field): row for row in standing().filter(kind__in=kinds)}
    for one in found:
        cause = one.cause[:LONGEST_CAUSE]
        row = open_ones.pop((one.source.pk, one.kind, one.field), None)
        if row:
            row.cause, row.last_seen_at = cause, now
            row.save(update_fields=["cause", "last_seen_at"])
        else:
            QualityAlarm.objects.create(
                id=new_id(),
                source=one.source,
                kind=one.kind,
                field=one.field,
                cause=cause,
                began_at=now,
                last_seen_at=now,
            )
    QualityAlarm.objects.filter(pk__in=[row.pk for row in open_ones.values()]).update(ended_at=now)
