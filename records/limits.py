"""How much a source may send: records of one minute, counted for all processes together."""

from datetime import datetime, timedelta

from access import limits
from records.models import Source

MINUTE = timedelta(minutes=1)


def pass_through(source: Source, records: int, *, now: datetime) -> None:
    """Let so many records of this source in. Raises `access.limits.TooMany` once its limit of the minute is reached."""
    if source.records_per_minute is not None:
        limits.take_turn(
            str(source.pk),
            "records",
            most=source.records_per_minute,
            per=MINUTE,
            now=now,
            times=records,
            what="this source has sent as many records as it may in a minute, and nothing of this was kept",
        )
