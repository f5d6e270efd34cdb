"""The record of processing activities (GDPR article 30), made from what is configured and stored right now."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connections, router

from consent.models import Purpose
from outbox.models import Recipient
from records.dictionary import DIRECT, FIELDS, QUASI
from records.models import Source
from records.retention import Schedule, schedules
from vault.annotations import Table, tables

SENSITIVITY = {DIRECT: "direct identifier", QUASI: "quasi-identifier"}
SUBJECTS = "Customers, visitors of shop, site and app, and users of connected devices"
MEASURES = (
    "Direct and quasi-identifiers sealed with AES-256-GCM under a key per source profile, in a key store of its own",
    "Blind indexes and pseudonyms by keyed hash; plain text is compared in memory only",
    "One consent decision gates every read; its grant alone opens sealed fields",
    "Every read by a person or program is logged with purpose and reason; the log is append-only, chained and signed",
    "Roles with masked identifiers; erasure by two persons, proved by search and certified",
)


@dataclass(frozen=True)
class Activity:
    """One purpose: whose data, which, from where, on what basis, for whom, for how long."""

    purpose: str
    name: str
    description: str
    legal_basis: str
    high_risk: bool
    dpia_reference: str
    categories: list[str]
    sources: list[str]
    recipients: list[str]
    retention: dict[str, int]


@dataclass(frozen=True)
class Store:
    """One table: what it holds for which purpose, how sensitive, and for how long."""

    table: str
    database: str
    purpose: str
    retention: str
    about_people: bool
    columns: dict[str, str]


def generate(*, now: datetime) -> dict[str, Any]:
    """The record as JSON-able data: controller, purposes, recipients, tables, measures, and what nothing declares."""
    return {
        "generated_at": now.isoformat(),
        "controller": {"name": settings.ORGANIZATION, "contact": settings.PRIVACY_CONTACT},
        "subjects": SUBJECTS,
        "activities": [asdict(activity) for activity in _activities()],
        "recipients": [
            {"name": one.name, "purposes": one.purposes, "enabled": one.enabled}
            for one in Recipient.objects.order_by("name")
        ],
        "stores": [asdict(store) for store in _stores()],
        "measures": list(MEASURES),
        "undeclared_tables": sorted(undeclared_tables()),
    }


def _activities() -> Iterable[Activity]:
    limits = {one.name: one for one in schedules()}
    sources = list(Source.objects.filter(enabled=True).order_by("name"))
    recipients = list(Recipient.objects.filter(enabled=True).order_by("name"))
    for purpose in Purpose.objects.filter(active=True).order_by("slug"):
        declaring = [source for source in sources if purpose.slug in source.purposes]
        yield Activity(
            purpose=purpose.slug,
            name=purpose.name,
            description=purpose.description,
            legal_basis=purpose.legal_basis,
            high_risk=purpose.high_risk,
            dpia_reference=purpose.dpia_reference,
            categories=sorted({category for source in declaring for category in _categories(source)}),
            sources=[source.name for source in declaring],
            recipients=[one.name for one in recipients if purpose.slug in one.purposes],
            retention=_retention(purpose.slug, [limits[source.name] for source in declaring]),
        )


def _retention(purpose: str, limits: Iterable[Schedule]) -> dict[str, int]:
    return {one.name: one.for_purpose(purpose) for one in limits}


def _categories(source: Source) -> Iterable[str]:
    """The fields that this source may send: those of its mapping; without one, those of the data dictionary."""
    mapped = source.mapping.get("fields", {})
    for name in mapped.values() or FIELDS:
        yield f"{name} ({SENSITIVITY.get(FIELDS[name].sensitivity, 'plain')})"
    for name in source.mapping.get("properties", {}):
        yield f"{name} (property)"


def _stores() -> list[Store]:
    return sorted((_store(table) for table in tables()), key=lambda store: store.table)


def _store(table: Table) -> Store:
    model = apps.get_model(table.model)
    return Store(
        table=model._meta.db_table,
        database=router.db_for_read(model) or "default",
        purpose=table.purpose,
        retention=table.retention,
        about_people=table.subject is not None,
        columns=dict(table.fields),
    )


# Tables of this database; partitions count with their parent.
ACTUAL = """
SELECT relname FROM pg_class
WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace
"""
# Django's own list of migrations speaks of the program alone.
OF_THE_PROGRAM = {"django_migrations"}


def undeclared_tables() -> set[str]:
    """Tables that are in a database and in no room's annotations: none, in a sound installation."""
    declared = {apps.get_model(table.model)._meta.db_table for table in tables()}
    return {name for names in actual_tables().values() for name in names} - declared - OF_THE_PROGRAM


def actual_tables() -> dict[str, set[str]]:
    """The tables that each database has."""
    found = {}
    for alias in ("default", "keystore"):
        with connections[alias].cursor() as cursor:
            cursor.execute(ACTUAL)
            found[alias] = {row[0] for row in cursor.fetchall()}
    return found
