"""Who a person was at an instant: which source profiles made the profile up then, drawn over all of its time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from console.actors import names_of
from console.profile.graph import ICONS
from console.profile.reasons import because
from console.showing import short
from identity.ledger import history
from identity.models import Assignment
from identity.profiles import profile_of

MOST = 60
# A stretch of a moment is seen, too.
LEAST_WIDTH = 0.6


@dataclass(frozen=True)
class Stretch:
    """A time in which a source profile belonged to the profile; where it is drawn, in percent of all of that."""

    since: datetime
    until: datetime | None
    reason: str
    actor: str
    left: float
    width: float
    holds: bool


@dataclass(frozen=True)
class Line:
    """A source profile, and when it belonged to the profile; `elsewhere`: the profile that it belongs to now, if that
    is another."""

    source: str
    icon: str
    short: str
    elsewhere: UUID | None
    stretches: list[Stretch]

    @property
    def then(self) -> Stretch | None:
        """The stretch that the instant falls into."""
        return next((one for one in self.stretches if one.holds), None)


@dataclass(frozen=True)
class AsOf:
    """Who was the profile at that instant; `mark`: where that is drawn, in percent. Some found no room in `lines`."""

    at: datetime
    began_at: datetime
    until: datetime
    mark: float
    count: int
    lines: list[Line]
    hidden: int


def as_of(profile: UUID, *, at: datetime, now: datetime) -> AsOf | None:
    """The profile at that instant; None where the ledger never had anybody in it."""
    rows = list(reversed(history(profile)))
    if not rows:
        return None
    began_at = rows[0].assigned_at
    held = {row.source_profile_id for row in rows if _holds(row, at)}
    ids = [*held, *({row.source_profile_id for row in rows} - held)]
    seen = set(ids[:MOST])
    homes = {id: home for id, home in profile_of(seen).items() if home != profile}
    lines = _lines([row for row in rows if row.source_profile_id in seen], homes, began_at=began_at, at=at, now=now)
    return AsOf(
        at=at,
        began_at=began_at,
        until=now,
        mark=_place(at, began_at, now),
        count=len(held),
        lines=sorted(lines, key=lambda line: line.then is None),
        hidden=len(ids) - len(lines),
    )


def _holds(row: Assignment, at: datetime) -> bool:
    return row.assigned_at <= at and (row.ended_at is None or row.ended_at > at)


def _lines(
    rows: Sequence[Assignment], homes: Mapping[UUID, UUID], *, began_at: datetime, at: datetime, now: datetime
) -> list[Line]:
    names = names_of(row.actor for row in rows)
    lines: dict[UUID, Line] = {}
    for row in rows:
        source = row.source_profile.source
        id = row.source_profile_id
        new = Line(source.name, ICONS.get(source.kind, "circle"), short(id), homes.get(id), [])
        left, right = _place(row.assigned_at, began_at, now), _place(row.ended_at or now, began_at, now)
        lines.setdefault(id, new).stretches.append(
            Stretch(
                since=row.assigned_at,
                until=row.ended_at,
                reason=because(row),
                actor=names.get(row.actor, row.actor),
                left=round(min(left, 100 - LEAST_WIDTH), 2),
                width=round(max(right - left, LEAST_WIDTH), 2),
                holds=_holds(row, at),
            )
        )
    return list(lines.values())


def _place(at: datetime, start: datetime, end: datetime) -> float:
    """Where an instant is drawn, in percent from the left."""
    span = (end - start).total_seconds() or 1.0
    return round(min(max(100 * (at - start).total_seconds() / span, 0.0), 100.0), 2)
