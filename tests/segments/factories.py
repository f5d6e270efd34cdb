"""Small factories for the cast: people as several sources know them, what they did, and what they agreed to."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from consent import acts
from consent.models import GRANTED, WITHDRAWN
from identity.models import Assignment, Profile
from records import sources
from records.models import CUSTOMER, Record, Source, SourceProfile
from segments.models import DailyActivity
from vault.ids import new_id

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
TODAY = NOW.date()
YESTERDAY, LONG_AGO = NOW - timedelta(days=1), NOW - timedelta(days=50)


def days_ago(days: float) -> datetime:
    """The instant that many days before the tests' now."""
    return NOW - timedelta(days=days)


def make_source(name: str, *, kind: str = "online", trust_rank: int = 50, client_side: bool = False) -> Source:
    """A source of that name, made once."""
    known = Source.objects.filter(name=name).first()
    if known:
        return known
    purposes = ["service", "analytics"]
    return sources.add(name, kind=kind, purposes=purposes, trust_rank=trust_rank, client_side=client_side)[0]


def known_to(source: Source, *, seen: float = 100, **plain: Any) -> UUID:
    """A source profile, first seen that many days ago, with plain columns such as country and birth_year."""
    row = SourceProfile.objects.create(
        id=new_id(),
        source=source,
        kind=CUSTOMER,
        first_seen_at=days_ago(seen),
        last_seen_at=plain.pop("last_seen_at", NOW),
        created_at=days_ago(seen),
        **plain,
    )
    return row.id


def unify(*source_profiles: UUID) -> UUID:
    """A profile to which these source profiles belong."""
    profile = Profile.objects.create(id=new_id(), created_at=days_ago(100))
    for source_profile in source_profiles:
        assign(source_profile, profile.id)
    return profile.id


def assign(source_profile: UUID, profile: UUID) -> None:
    """An entry in the ledger."""
    Assignment.objects.create(
        id=new_id(),
        source_profile_id=source_profile,
        profile_id=profile,
        assigned_at=LONG_AGO,
        reason="test",
        rule_version="test",
        actor="test",
    )


def person(
    *, shop: str = "web-shop", seen: float = 100, agrees_to: tuple[str, ...] = ("analytics",)
) -> tuple[UUID, UUID]:
    """A profile with one source profile, which is returned with it."""
    source_profile = known_to(make_source(shop), seen=seen)
    for purpose in agrees_to:
        grant(source_profile, purpose)
    return unify(source_profile), source_profile


def grant(source_profile: UUID, purpose: str, channel: str = "", *, at: datetime = LONG_AGO) -> None:
    """The person says yes."""
    _say(source_profile, purpose, channel, GRANTED, at)


def withdraw(source_profile: UUID, purpose: str, channel: str = "", *, at: datetime = YESTERDAY) -> None:
    """The person says no."""
    _say(source_profile, purpose, channel, WITHDRAWN, at)


def _say(source_profile: UUID, purpose: str, channel: str, state: str, at: datetime) -> None:
    act = acts.NewAct(
        source_profile=source_profile,
        purpose=purpose,
        channel=channel,
        state=state,
        occurred_at=at,
        how="test",
        verified=True,
    )
    acts.record([act], now=at)


def did(source_profile: UUID, event: str, *, ago: int, count: int = 1, amount: str = "0") -> None:
    """The source profile did this so often on the day that many days ago."""
    DailyActivity.objects.create(
        source_profile_id=source_profile,
        day=TODAY - timedelta(days=ago),
        event=event,
        count=count,
        amount=Decimal(amount),
        last_at=days_ago(ago),
    )


def sent(source_profile: UUID, kind: str, *, at: datetime, event: str = "", **properties: Any) -> None:
    """A record of the source profile, as it is stored."""
    Record.objects.create(
        id=new_id(),
        received_at=timezone.now(),
        source_id=SourceProfile.objects.get(id=source_profile).source_id,
        source_profile_id=source_profile,
        message_hash=new_id().bytes,
        kind=kind,
        event=event,
        occurred_at=at,
        properties=properties,
        mapping_version=1,
    )


def activity_of(source_profile: UUID) -> list[tuple[date, str, int, Decimal]]:
    """The rolled-up days of the source profile, in order."""
    rows = DailyActivity.objects.filter(source_profile_id=source_profile).order_by("day", "event")
    return list(rows.values_list("day", "event", "count", "amount"))
