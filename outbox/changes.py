"""Changes: appended in the transaction that makes them, read in order by those who may be told."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

PROFILE_CREATED = "profile.created"
PROFILE_MERGED = "profile.merged"
PROFILE_SPLIT = "profile.split"
PROFILE_ERASED = "profile.erased"
SEGMENT_ENTERED = "segment.entered"
SEGMENT_LEFT = "segment.left"


LOCK = "SELECT pg_advisory_xact_lock(hashtext('onym outbox'))"

# Numbered in the order in which they are told.
APPEND = """
INSERT INTO outbox_change (profile_id, kind, detail, happened_at)
SELECT profile_id, kind, detail::jsonb, %s
FROM unnest(%b::uuid[], %b::text[], %b::text[]) WITH ORDINALITY AS news (profile_id, kind, detail, place) ORDER BY place
"""


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
    rows = list(news)
    if not rows:
        return 0
    profiles, kinds = [item.profile_id for item in rows], [item.kind for item in rows]
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
        cursor.execute(APPEND, [now, profiles, kinds, [json.dumps(item.detail) for item in rows]])
    return len(rows)
