"""Global Privacy Control, as people are shown it: since when it is honored, and whether they said yes again since."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from consent.signals.meaning import GPC


@dataclass(frozen=True, slots=True)
class ControlStatus:
    """The signal came then; purposes that the person allowed again afterwards are no longer withdrawn by it."""

    since: datetime
    honored: tuple[str, ...]
    allowed_again: tuple[str, ...]


STATUS = """
SELECT purpose_id, min(occurred_at) FILTER (WHERE how = %(gpc)s AND state = 'withdrawn'),
    max(occurred_at) FILTER (WHERE state = 'granted' AND verified AND actor <> '')
FROM consent_act WHERE source_profile_id = ANY(%(ids)s) AND occurred_at <= %(at)s
GROUP BY purpose_id ORDER BY purpose_id
"""


def control_status(source_profiles: Collection[UUID], *, at: datetime) -> ControlStatus | None:
    """How Global Privacy Control stands for this person at that instant; None when the signal never came."""
    with connection.cursor() as cursor:
        cursor.execute(STATUS, {"gpc": GPC, "ids": list(source_profiles), "at": at})
        rows = [row for row in cursor.fetchall() if row[1]]
    if not rows:
        return None
    again = tuple(purpose for purpose, came, yes in rows if yes and yes > came)
    return ControlStatus(
        since=min(came for _, came, _ in rows),
        honored=tuple(purpose for purpose, _, _ in rows if purpose not in again),
        allowed_again=again,
    )
