"""What came from a source last: its latest batches, each with its door and what became of its records."""

from dataclasses import dataclass
from datetime import datetime

from records.models import Intake, Source

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
    """One batch: when it came, through which door, and the counts that are not zero, each with its name."""

    at: datetime
    door: str
    outcomes: list[tuple[str, int]]


def latest_of(source: Source) -> list[Latest]:
    """The latest batches of this source, the last first."""
    rows = Intake.objects.filter(source=source).order_by("-received_at", "-id")[:SHOWN]
    return [Latest(row.received_at, DOORS.get(row.door, row.door), _outcomes(row)) for row in rows]


def _outcomes(row: Intake) -> list[tuple[str, int]]:
    became = {"stored": row.stored, "duplicate": row.duplicate, "quarantined": row.quarantined, "refused": row.refused}
    return [(name, count) for name, count in became.items() if count > 0]
