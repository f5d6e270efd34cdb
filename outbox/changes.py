"""Changes: appended in the transaction that makes them, read in order by those who may be told."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from outbox.models import Change

PROFILE_CREATED = "profile.created"
PROFILE_MERGED = "profile.merged"
PROFILE_SPLIT = "profile.split"
PROFILE_ERASED = "profile.erased"
SEGMENT_ENTERED = "segment.entered"
SEGMENT_LEFT = "segment.left"


LOCK = "SELECT pg_advisory_xact_lock(hashtext('onym outbox'))"


@dataclass(frozen=True)
class News:
    """One thing that happened to one profile. The detail holds slugs, ids and numbers, never a value of a person."""

    profile_id: UUID
    kind: str
    detail: dict[str, Any] = field(default_factory=dict)


def append(news: Iterable[News], *, now: datetime) -> int:
    """Write these to the outbox; call it last inside the transaction that makes them true.

    One transaction at a time appends, so that ids follow the order of commits and a reader who goes on from the last
    id it saw misses nothing.
    """
    rows = [Change(profile_id=item.profile_id, kind=item.kind, detail=item.detail, happened_at=now) for item in news]
    if not rows:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
    Change.objects.bulk_create(rows, batch_size=2_000)
    return len(rows)
