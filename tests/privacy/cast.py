"""The cast: Alice, known to a shop, a till and an appliance; Bob, who shares her household's phone."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType

from access.models import User
from consent.acts import NewAct, record
from consent.decide import decide
from consent.models import GRANTED
from identity.models import (
    Assignment,
    BlockingToken,
    DeviceEpisode,
    GoldenValue,
    Match,
    MatchingView,
    Profile,
    Verdict,
)
from outbox.changes import PROFILE_CREATED, News, append
from pipeline import following, queue
from records import sources, store
from records.envelope import Envelope, message_hash
from records.models import Attribute, Identifier, Source, SourceProfile
from records.reading import open_identifiers
from records.source_profiles import Newcomer, make
from records.standardize import identity_form
from records.store import Accepted
from segments.models import DailyActivity, Membership, ProfileFeatures, Segment
from vault import keys
from vault.blind import blind_index
from vault.grants import Actor, Grant
from vault.ids import new_id
from vault.sealing import Sealer

NOW = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
OFFICER, SECOND_OFFICER = "officer-1", "officer-2"
HOUSEHOLD_PHONE = "+442079460123"
READER = Actor("person", "reader-7")


@dataclass
class Person:
    """One of the cast: the profile, its source profiles, and every value that is theirs alone."""

    name: str
    profile: UUID = field(default_factory=new_id)
    source_profiles: list[UUID] = field(default_factory=list)

    @property
    def canaries(self) -> list[str]:
        return [self.email, self.family_name, self.customer_number, self.account_id, self.device, self.street]

    @property
    def email(self) -> str:
        return f"{self.name}.canary@example.com"

    @property
    def family_name(self) -> str:
        return f"{self.name}canaryson"

    @property
    def customer_number(self) -> str:
        return f"cn-{self.name}-canary-7001"

    @property
    def account_id(self) -> str:
        return f"acc-{self.name}-canary-7002"

    @property
    def device(self) -> str:
        return f"dev-{self.name}-canary-7003"

    @property
    def street(self) -> str:
        return f"7 {self.name} canary lane"


@dataclass
class World:
    """The sources and the segment that the cast is known to."""

    shop: Source
    till: Source
    appliance: Source
    segment: Segment


def make_world() -> World:
    """Three sources and a segment."""
    purposes = ["service", "analytics"]
    return World(
        shop=sources.add("shop", kind="online", purposes=purposes)[0],
        till=sources.add("till", kind="offline", purposes=purposes)[0],
        appliance=sources.add("appliance", kind="iot", purposes=purposes)[0],
        segment=Segment.objects.create(slug="regulars", name="Regulars", purpose_id="analytics", definition={}),
    )


def settle(person: Person, world: World) -> Person:
    """Let the person be known everywhere: two sources, a device episode, and all that is derived of them."""
    Profile.objects.create(id=person.profile, created_at=NOW)
    at_shop = arrive(
        person, world.shop, stable="account_id", fields={"account_id": person.account_id, "email": person.email}
    )
    at_till = arrive(
        person,
        world.till,
        stable="customer_number",
        fields={
            "customer_number": person.customer_number,
            "phone": HOUSEHOLD_PHONE,
            "family_name": person.family_name,
            "street": person.street,
        },
    )
    at_home = arrive(person, world.appliance, stable=None, fields={"device_id": person.device})
    person.source_profiles = [at_shop, at_till, at_home]
    for source_profile in (at_shop, at_till):
        assign(source_profile, person.profile)
    DeviceEpisode.objects.create(
        id=new_id(),
        source=world.appliance,
        device_index=index_of("device_id", person.device),
        source_profile_id=at_home,
        owner_id=at_shop,
        started_at=NOW,
    )
    derive(person, world)
    return person


def arrive(person: Person, source: Source, *, stable: str | None, fields: dict[str, str]) -> UUID:
    """A record of these fields comes in from the source; returns its new source profile."""
    source_profile = new_id()
    index = index_of(stable, fields[stable]) if stable else None
    make(source, [Newcomer(source_profile, "customer" if stable else "episode", index, NOW)], now=NOW)
    envelope = Envelope(
        position=0,
        message_hash=message_hash(f"{source.name} {source_profile}"),
        kind="purchase",
        event="Order Completed",
        occurred_at=NOW,
        fields=fields,
        raw={"comment": f"said by {person.name} canary"},
        properties={"amount": 12.5, "currency": "GBP"},
    )
    store.append([Accepted(envelope, source_profile)], source, Sealer(keys.make([source_profile])), now=NOW)
    return source_profile


def assign(
    source_profile: UUID,
    profile: UUID,
    *,
    ended_at: datetime | None = None,
    evidence: dict[str, Any] | None = None,
) -> Assignment:
    """An entry in the ledger."""
    return Assignment.objects.create(
        id=new_id(),
        source_profile_id=source_profile,
        profile_id=profile,
        assigned_at=NOW - timedelta(days=1),
        ended_at=ended_at,
        reason="stable key",
        evidence=evidence or {},
        rule_version="1",
        actor="machine",
    )


def derive(person: Person, world: World) -> None:
    """A row in every table that is computed of a person, and what people did about them."""
    at_shop, at_till, _ = person.source_profiles
    left, right = sorted((at_shop, at_till))
    Match.objects.create(
        id=new_id(), left_id=left, right_id=right, reason="name", probability=0.97, evidence={"family_name": "exact"},
        state="linked", model_version="1", found_at=NOW,
    )  # fmt: skip
    Verdict.objects.create(
        id=new_id(), left_id=left, right_id=right, verdict="must_link", reason="asked", actor=OFFICER, decided_at=NOW
    )
    BlockingToken.objects.create(token=new_id().bytes, source_profile_id=at_till)
    MatchingView.objects.create(sealed=new_id().bytes, source_profile_id=at_till)
    for origin in (
        Identifier.objects.filter(source_profile=at_shop)[0],
        Attribute.objects.filter(source_profile=at_till)[0],
    ):
        GoldenValue.objects.create(
            id=new_id(),
            profile_id=person.profile,
            field=origin.namespace if isinstance(origin, Identifier) else origin.field,
            identifier=origin if isinstance(origin, Identifier) else None,
            attribute=origin if isinstance(origin, Attribute) else None,
            source_profile_id=origin.source_profile_id,
            reason="most trusted",
            decided_at=NOW,
        )
    DailyActivity.objects.create(
        source_profile_id=at_shop,
        day=date(2026, 5, 4),
        event="Order Completed",
        count=1,
        amount=Decimal("12.50"),
        last_at=NOW,
    )
    ProfileFeatures.objects.create(profile_id=person.profile, values={f"spend_of_{person.name}": 12.5}, computed_at=NOW)
    Membership.objects.create(
        id=new_id(),
        segment=world.segment,
        profile_id=person.profile,
        entered_at=NOW,
        score=0.8,
        why={"because": person.name},
    )
    record(
        [NewAct(at_till, "marketing", "email", GRANTED, NOW, "till form", verified=True)],
        now=NOW,
    )
    append([News(person.profile, PROFILE_CREATED)], now=NOW)
    queue.enqueue(person.source_profiles, now=NOW)
    following.note(dict.fromkeys(person.source_profiles, NOW.date()), [person.profile])
    staff, _ = User.objects.get_or_create(username="steward")
    LogEntry.objects.create(
        user_id=staff.pk,
        content_type=ContentType.objects.get_for_model(Profile),
        object_id=str(person.profile),
        object_repr="profile",
        action_flag=CHANGE,
    )
    open_identifiers(person.source_profiles, leave_to_read(person, actor=READER))


def leave_to_read(person: Person, *, actor: Actor) -> Grant:
    """A grant to read this person for service."""
    grant = decide(person.source_profiles, purpose="service", at=NOW, actor=actor, reason="a call")
    assert isinstance(grant, Grant)
    return grant


def index_of(namespace: str, value: str) -> bytes:
    """The blind index under which this identifier is found."""
    return blind_index(namespace, identity_form(namespace, value))


def known_source_profiles() -> set[UUID]:
    """Every source profile there is."""
    return set(SourceProfile.objects.values_list("id", flat=True))
