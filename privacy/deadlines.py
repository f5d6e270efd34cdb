"""When a request must be acknowledged and answered. Not legal advice: an organization's counsel has the last word."""

from calendar import monthrange
from collections.abc import Collection
from datetime import date, timedelta

from privacy.clocks import BUSINESS_DAYS, CLOCKS, DAYS, Clock, Period
from privacy.working_days import is_free, next_working_day

ACCESS = "access"


class UnknownRegulation(ValueError):
    """No clock is known for this regulation."""


class NoExtension(ValueError):
    """This regulation lets nobody put off this answer."""


def clock(regulation: str, kind: str = ACCESS) -> Clock:
    """The clock for this kind of request. Raises `UnknownRegulation`."""
    if regulation not in CLOCKS:
        raise UnknownRegulation(f"'{regulation}' is not one of {', '.join(sorted(CLOCKS))}")
    return CLOCKS[regulation].of(kind)


def due_date(regulation: str, received_date: date, *, kind: str = ACCESS) -> date:
    """The last day on which an answer is in time. Raises `UnknownRegulation`."""
    found = clock(regulation, kind)
    return end_of(found.answer, received_date, found)


def acknowledge_by(regulation: str, received_date: date, *, kind: str = ACCESS) -> date | None:
    """The last day on which its receipt can be confirmed in time; None where no law asks for that."""
    found = clock(regulation, kind)
    return end_of(found.acknowledge, received_date, found) if found.acknowledge else None


def extended_due_date(regulation: str, received_date: date, *, kind: str = ACCESS) -> date:
    """The last day when the answer has been put off: both periods in one, from receipt. Raises `NoExtension`."""
    found = clock(regulation, kind)
    if found.extension is None or found.extension.unit != found.answer.unit:
        raise NoExtension(f"{found.name} lets nobody put off this answer")
    whole = Period(found.answer.count + found.extension.count, found.answer.unit)
    return end_of(whole, received_date, found)


def end_of(period: Period, received_date: date, of: Clock) -> date:
    """The last day of a period that runs from the day of receipt, which is not counted itself.

    Months end on the same date of the last month, or on its last day when it has no such date: Regulation (EEC,
    Euratom) 1182/71, article 3(1) and 3(2)(c). A clock that rolls ends on the next working day: article 3(4).
    """
    if period.unit == BUSINESS_DAYS:
        return business_days_after(received_date, period.count, of.free_days)
    days_after = received_date + timedelta(days=period.count)
    end = days_after if period.unit == DAYS else months_after(received_date, period.count)
    return next_working_day(end, of.free_days) if of.rolls else end


def months_after(day: date, count: int) -> date:
    """The same date so many months on, or the last day of that month when it has no such date."""
    years, month = divmod(day.month - 1 + count, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def business_days_after(day: date, count: int, free_days: Collection[str]) -> date:
    """The day that is so many business days later; neither Saturdays, Sundays nor public holidays count."""
    while count:
        day += timedelta(days=1)
        count -= not is_free(day, free_days)
    return day
