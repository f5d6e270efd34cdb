"""How values and names of people appear on screen: masked, unless they were revealed."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from django.utils.timesince import timesince

from access.masking import mask
from identity.golden import GoldenRead
from records.dictionary import FIELDS, PLAIN
from records.names import given_name

UNKNOWN = "No name to show"
YEAR = 365
LABELS = {
    "email": "E-mail",
    "account_id": "Account",
    "customer_number": "Customer number",
    "device_id": "Device",
    "loyalty_number": "Loyalty number",
    "ip_address": "IP address",
    "page_url": "Page address",
    "malformed_json": "Malformed JSON",
    "invalid_utf8": "Invalid UTF-8",
}


def shown(field: str, value: str, *, revealed: bool = False) -> str:
    """The value as this screen may show it: fields that tell nobody apart (country, language) stay as they are."""
    known = FIELDS.get(field)
    return value if revealed or (known and known.sensitivity == PLAIN) else mask(field, value)


def name_of(golden: Mapping[str, GoldenRead], *, revealed: bool = False) -> str:
    """The person's name, as far as it is known."""
    for fields in (("given_name", "family_name"), ("full_name",)):
        parts = [_named(golden[field].value, revealed=revealed) for field in fields if field in golden]
        if parts:
            return " ".join(parts)
    return UNKNOWN


def initials_of(golden: Mapping[str, GoldenRead]) -> str:
    """One or two letters for the round mark beside a name."""
    values = [golden[field].value for field in ("given_name", "family_name") if field in golden]
    values = values or [part for field in ("full_name",) if field in golden for part in golden[field].value.split()]
    return "".join(value[:1].upper() for value in values[:2]) or "?"


def _named(value: str, *, revealed: bool) -> str:
    # What was kept before names were given their case still comes in capitals.
    cased = given_name(value, "")
    return cased if revealed else mask("name", cased)


def label_of(field: str) -> str:
    """What people call a field of the data dictionary."""
    return LABELS.get(field, field.replace("_", " ").capitalize())


def moment(at: datetime | None) -> str:
    """An instant for a list: day and minute."""
    return f"{day(at)}, {at:%H:%M}" if at else "–"


def day(at: datetime | date | None) -> str:
    """A day for a list."""
    return f"{at:%b} {at.day}, {at.year}" if at else "–"


def how_long_ago(at: datetime, *, now: datetime) -> str:
    """`3 hours, 5 minutes ago`; `just now` within a minute, and of what lies ahead."""
    return f"{timesince(at, now)} ago" if now - at >= timedelta(minutes=1) else "just now"


def short(id: UUID | str) -> str:
    """The end of an id, which is random (its beginning is the time of its making), to recognize it by."""
    return str(id).replace("-", "")[-8:]


def in_words(days: float) -> str:
    """A period of days as people say it: "3 years", "395 days", "12 hours"."""
    if days >= YEAR and days % YEAR == 0:
        return _counted(days // YEAR, "year")
    return _counted(days, "day") if days >= 1 else _counted(round(days * 24), "hour")


def _counted(number: float, name: str) -> str:
    return f"{number:,g} {name}{'' if number == 1 else 's'}"
