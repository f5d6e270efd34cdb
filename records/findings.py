"""Findings: something is wrong with what a source sends, by these figures. Never by a value of any record."""

from dataclasses import dataclass
from datetime import UTC, datetime

from records.models import Source


@dataclass(frozen=True)
class Finding:
    """What is wrong, with which field where it is about one, and the cause in one sentence."""

    source: Source
    kind: str
    field: str
    cause: str


def at(moment: datetime) -> str:
    """An instant as causes tell it."""
    utc = moment.astimezone(UTC)
    return f"{utc:%b} {utc.day} {utc:%H:%M} UTC"


def percent(share: float) -> str:
    """A share from 0 to 1 as causes tell it."""
    return f"{100 * share:.1f}".removesuffix(".0") + " %"
