"""Messages of the cast, sent through the door for Segment's clients, and what is in the tables after."""

from datetime import UTC, datetime, timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection

from pipeline import doors
from pipeline.accept import Acceptance
from records.models import Identifier, Source
from records.standardize import identity_form
from vault.blind import blind_index

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
# What every batch leaves of itself, whatever was in it: how many records came, that they have come, and the keys
# under which an installation looks for them.
TRACES = ("records.Intake", "records.SeenMessage", "vault.IndexKey")


def ordered(name: str, number: int = 1, *, days_ago: float = 1, **different: Any) -> dict[str, Any]:
    """A message that this customer, signed in, ordered something."""
    return {
        "type": "track",
        "messageId": f"{name}-{number}",
        "userId": f"u-{name}",
        "event": "Order Completed",
        "timestamp": (NOW - timedelta(days=days_ago)).isoformat(),
        "properties": {"revenue": 10 * number, "currency": "GBP"},
        **different,
    }


def looked(device: str, number: int = 1, *, days_ago: float = 1, **different: Any) -> dict[str, Any]:
    """A message that somebody on this device looked at a page."""
    return {
        "type": "page",
        "messageId": f"{device}-{number}",
        "anonymousId": device,
        "timestamp": (NOW - timedelta(days=days_ago)).isoformat(),
        **different,
    }


def saying(**answers: bool) -> dict[str, Any]:
    """The part of a message that carries consent, such as `saying(analytics=True)`."""
    return {"context": {"consent": {"categoryPreferences": answers}}}


def send(source: Source, *messages: object, now: datetime = NOW, **batch: Any) -> Acceptance:
    """Send these messages as one batch."""
    return doors.segment(source, {"batch": list(messages), **batch}, single_type=None, now=now)


def outcome(acceptance: Acceptance) -> tuple[int, int, int, int]:
    """Stored, duplicate, quarantined, refused."""
    return acceptance.stored, acceptance.duplicate, acceptance.quarantined, acceptance.refused


def counts(*, without: tuple[str, ...] = TRACES) -> dict[str, int]:
    """The rows of every table of both databases that has any."""
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.label not in without]
    return {model._meta.label: found for model in models if (found := model._default_manager.count())}


def bearers(namespace: str, value: str) -> list[UUID]:
    """The source profiles that bear this identifier."""
    index = blind_index(namespace, identity_form(namespace, value))
    rows = Identifier.objects.filter(namespace=namespace, index=index).order_by("source_profile_id")
    return list(rows.values_list("source_profile_id", flat=True))


def seed_purposes() -> None:
    """The purposes that every installation has: a test that commits is followed by a flush, which takes them."""
    import_module("consent.migrations.0002_purposes").seed(apps, SimpleNamespace(connection=connection))
