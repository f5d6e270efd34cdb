"""What follows from who is who, in the transaction of whoever changed that: golden records, features and memberships,
changes for others, households."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from uuid import UUID

from identity import golden, households
from outbox import changes
from segments.refresh import refresh


def follow(profiles: Collection[UUID], *, now: datetime, since: Mapping[UUID, date | None] | None = None) -> None:
    """Compute anew what is computed of these profiles; `since`: see `segments.refresh.refresh`."""
    golden.refresh(profiles, now=now)
    changes.append(refresh(profiles, now=now, since=since), now=now)
    households.refresh(profiles, now=now)
