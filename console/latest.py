"""What came from a source last: its latest batches, each with its door and what became of its records."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from records.models import QUARANTINE, Intake, Source
from records.quarantine import KEPT_FOR
from vault.ids import made_at

SHOWN = 8
DOORS = {
    "http": "Segment messages",
    "cloudevents": "CloudEvents",
    "webhooks": "webhooks",
    "file": "file",
    "mqtt": "MQTT",
    "kafka": "Kafka",
    "quarantine": "replay of the quarantine",
}


@dataclass(frozen=True)
class Latest:
    """One batch: when it came, or was replayed, through which door, and the counts that are not zero, each with its
    name."""

    at: datetime
    door: str
    outcomes: list[tuple[str, int]]


def latest_of(source: Source) -> list[Latest]:
    """The latest batches of this source, the last first."""
    rows = Intake.objects.filter(source=source)
    came = rows.exclude(door=QUARANTINE).order_by("-received_at", "-id")[:SHOWN]
    # A replay counts on the day on which its records came; no record is in quarantine for longer than this.
    lately = rows.filter(door=QUARANTINE, received_at__gte=timezone.now() - 2 * KEPT_FOR)
    replayed = lately.order_by("-id")[:SHOWN]
    found = [(row.received_at, row) for row in came] + [(made_at(row.pk), row) for row in replayed]
    found.sort(key=lambda one: (one[0], one[1].pk.int), reverse=True)
    return [Latest(at, DOORS.get(row.door, row.door), _outcomes(row)) for at, row in found[:SHOWN]]


def _outcomes(row: Intake) -> list[tuple[str, int]]:
    became = {"stored": row.stored, "duplicate": row.duplicate, "quarantined": row.quarantined, "refused": row.refused}
    return [(name, count) for name, count in became.items() if count > 0]
