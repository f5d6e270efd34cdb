"""When a request must be answered. Not legal advice: an organization's counsel has the last word."""

from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta

GDPR, CCPA = "gdpr", "ccpa"


class UnknownRegulation(ValueError):
    """No clock is known for this regulation."""


def due_date(regulation: str, received_date: date) -> date:
    """The last day on which an answer is in time. Raises `UnknownRegulation`."""
    if regulation not in CLOCKS:
        raise UnknownRegulation(f"'{regulation}' is not one of {', '.join(sorted(CLOCKS))}")
    return CLOCKS[regulation](received_date)


def one_month_after(day: date) -> date:
    """The same day of the next month, or its last day when it has no such day.

    GDPR article 12(3), counted by Regulation (EEC, Euratom) 1182/71 article 3, without its rule for holidays.
    """
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def days_after(days: int) -> Callable[[date], date]:
    """A clock of so many calendar days."""
    return lambda day: day + timedelta(days=days)


# CCPA: Cal. Civ. Code 1798.130(a)(2), 45 days from receipt.
CLOCKS: dict[str, Callable[[date], date]] = {GDPR: one_month_after, CCPA: days_after(45)}
