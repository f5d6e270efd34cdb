"""Limits: how often somebody may do something within a time, counted in the database for all processes together."""

import math
from datetime import datetime, timedelta

from django.db import connection

from access.models import Turn


class TooMany(PermissionError):
    """The limit is reached; `retry_after` seconds later it is not."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many in a short time: try again in {retry_after} seconds")
        self.retry_after = retry_after


# One row for each actor, deed and stretch of time; the count after this one.
COUNT = """
INSERT INTO access_turn (actor, deed, began_at, count) VALUES (%s, %s, %s, 1)
ON CONFLICT (actor, deed, began_at) DO UPDATE SET count = access_turn.count + 1
RETURNING count
"""


def take_turn(actor: str, deed: str, *, most: int, per: timedelta, now: datetime) -> None:
    """Count this deed of this actor. Raises `TooMany` for those beyond `most` in one stretch of that length."""
    length = per.total_seconds()
    began = math.floor(now.timestamp() / length) * length
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [actor, deed, datetime.fromtimestamp(began, tz=now.tzinfo)])
        (count,) = cursor.fetchone()
    if count > most:
        raise TooMany(max(1, math.ceil(began + length - now.timestamp())))


def forget(*, before: datetime) -> int:
    """Delete counts that no limit looks at any more. Returns how many."""
    return Turn.objects.filter(began_at__lt=before).delete()[0]
