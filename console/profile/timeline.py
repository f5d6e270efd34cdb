"""The timeline: what the person did, newest first, by day."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator

from access.masking import mask_addresses
from records.models import IOT, OFFLINE, Record

AT_ONCE = 20
# Record kind to icon and title; a track or purchase message is called by its own name.
LOOKS = {
    "identify": ("how_to_reg", "Said who they are"),
    "track": ("bolt", "Did something"),
    "page": ("web", "Viewed a page"),
    "screen": ("phone_iphone", "Viewed a screen"),
    "group": ("groups", "Joined a group"),
    "alias": ("link", "Got another id"),
    "profile": ("assignment_ind", "Customer record"),
    "purchase": ("shopping_cart", "Purchase"),
    "registration": ("app_registration", "Registered a device"),
    "telemetry": ("sensors", "Device report"),
    "visit": ("storefront", "Visit"),
    "deletion": ("delete", "Row deleted at the source"),
}
EVENTS = {
    "order completed": "shopping_cart",
    "product added": "add_shopping_cart",
    "product viewed": "visibility",
    "product searched": "search",
    "products searched": "search",
}
SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$"}
# Telemetry reports amounts too, which are no money.
MONEY = ("purchase", "track")
# How many properties nobody had declared is for the source's page, not for the person's.
QUIET_FLAGS = ("undeclared:", "discovered")
HIDDEN = {"amount", "currency", "total", "revenue"}
MOST_DETAILS = 4


@dataclass(frozen=True)
class Moment:
    """One record on the timeline."""

    id: UUID
    at: datetime
    icon: str
    tone: str
    title: str
    source: str
    amount: str
    details: list[tuple[str, str]]
    flags: list[str]


@dataclass(frozen=True)
class Day:
    """The records of one day."""

    day: date
    moments: list[Moment]


@dataclass(frozen=True)
class Timeline:
    """One page of days, and where it stands among the pages."""

    days: list[Day]
    page: "Page[Record]"
    total: int


def timeline(source_profiles: Collection[UUID], *, page: str, revealed: bool = False) -> Timeline:
    """A page of the records of these source profiles, the newest first; addresses that slipped in are masked."""
    records = Record.objects.filter(source_profile__in=list(source_profiles)).select_related("source")
    paginator = Paginator(records.order_by("-occurred_at", "-id"), AT_ONCE)
    found = paginator.get_page(page)
    days = [
        Day(day, [_moment(record, revealed=revealed) for record in of_day])
        for day, of_day in groupby(found.object_list, key=lambda record: record.occurred_at.date())
    ]
    return Timeline(days=days, page=found, total=paginator.count)


def _moment(record: Record, *, revealed: bool) -> Moment:
    icon, _ = _look(record)
    return Moment(
        id=record.id,
        at=record.occurred_at,
        icon=EVENTS.get(record.event.casefold(), icon),
        tone="iot" if record.source.kind == IOT else "offline" if record.source.kind == OFFLINE else "online",
        title=title_of(record, revealed=revealed),
        source=record.source.name,
        amount=_amount(record.properties) if record.kind in MONEY else "",
        details=_details(record.properties, revealed=revealed),
        flags=[flag.replace("_", " ") for flag in record.flags if not flag.startswith(QUIET_FLAGS)],
    )


def title_of(record: Record, *, revealed: bool) -> str:
    """What a record is called: its event, or what records of its kind say."""
    return _as_shown(record.event, revealed=revealed) or _look(record)[1]


def _look(record: Record) -> tuple[str, str]:
    return LOOKS.get(record.kind, ("circle", record.kind.capitalize()))


def _amount(properties: Mapping[str, Any]) -> str:
    amount = properties.get("amount")
    if not isinstance(amount, int | float) or isinstance(amount, bool):
        return ""
    currency = str(properties.get("currency", ""))
    symbol = SYMBOLS.get(currency)
    return f"{symbol}{amount:,.2f}" if symbol else f"{amount:,.2f} {currency}".strip()


def _details(properties: Mapping[str, Any], *, revealed: bool) -> list[tuple[str, str]]:
    named = [
        (name.replace("_", " "), _as_shown(str(value), revealed=revealed))
        for name, value in properties.items()
        if name not in HIDDEN
    ]
    return sorted(named)[:MOST_DETAILS]


def _as_shown(words: str, *, revealed: bool) -> str:
    return words if revealed else mask_addresses(words)
