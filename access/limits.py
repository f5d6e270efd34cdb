"""Limits: how often somebody may do something within a time, counted in the database for all processes together."""

import math
from datetime import datetime, timedelta

from django.db import connection

from access.models import Turn


class TooMany(PermissionError):
    """The limit is reached; `retry_after` seconds later it is not."""

    def __init__(self, retry_after: int, what: str) -> None:
        super().__init__(f"{what}: try again in {retry_after} seconds")
        self.retry_after = retry_after


# One row for each actor, deed and stretch of time; the count before this one.
COUNT = """
INSERT INTO access_turn (actor, deed, began_at, count) VALUES (%(actor)s, %(deed)s, %(began)s, %(times)s)
ON CONFLICT (actor, deed, began_at) DO UPDATE SET count = access_turn.count + %(times)s
RETURNING count - %(times)s
"""


def take_turn(
    actor: str,
    deed: str,
    *,
    most: int,
    per: timedelta,
    now: datetime,
    times: int = 1,
    what: str = "too many in a short time",
) -> None:
    """Count so many deeds of this actor. Raises `TooMany` once `most` were counted in one stretch of that length.

    What begins below the limit may end above it: several at once are never too many for any stretch. `what` says
    what there were too many of.
    """
    length = per.total_seconds()
    began = math.floor(now.timestamp() / length) * length
    stretch = datetime.fromtimestamp(began, tz=now.tzinfo)
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"actor": actor, "deed": deed, "began": stretch, "times": times})
        (before,) = cursor.fetchone()
    if before >= most:
        raise TooMany(max(1, math.ceil(began + length - now.timestamp())), what)


def forget(*, before: datetime) -> int:
    """Delete counts that no limit looks at any more. Returns how many."""
    return Turn.objects.filter(began_at__lt=before).delete()[0]
