"""Working days: neither Saturday nor Sunday, nor a public holiday of the countries that count."""

from collections.abc import Collection
from datetime import date, timedelta
from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from holidays import HolidayBase, country_holidays

from privacy.clocks import CONTROLLER

SATURDAY = 5


def is_free(day: date, calendars: Collection[str]) -> bool:
    """Whether nobody has to work: a weekend, or a public holiday in all of these calendars."""
    if day.weekday() >= SATURDAY:
        return True
    countries = [country for name in calendars if (country := _country(name))]
    return bool(countries) and all(day in _holidays(country) for country in countries)


def next_working_day(day: date, calendars: Collection[str]) -> date:
    """This day, or the first working day after it."""
    while is_free(day, calendars):
        day += timedelta(days=1)
    return day


def _country(name: str) -> str:
    """The country behind "controller": where the organization is; empty as long as nobody has said so."""
    return str(settings.COUNTRY) if name == CONTROLLER else name


@lru_cache(maxsize=64)
def _holidays(country: str) -> HolidayBase:
    code, _, part = country.partition("-")
    try:
        return country_holidays(code, subdiv=part or None)
    except NotImplementedError:
        raise ImproperlyConfigured(f"no public holidays are known for '{country}' (ONYM_COUNTRY)") from None
