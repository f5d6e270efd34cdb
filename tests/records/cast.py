"""Envelopes of the cast, and ways to store them and to read what is stored."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from consent.decide import decide
from records import source_profiles, store
from records.cleaning import STEPS
from records.envelope import Envelope, message_hash
from records.models import CUSTOMER, Source
from records.source_profiles import Newcomer
from records.store import Accepted
from vault import keys
from vault.grants import Actor, Grant
from vault.ids import new_id
from vault.sealing import Sealer

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ALICE = {
    "customer_number": "cn-canary-7001",
    "email": "alice.canary@example.com",
    "phone": "+447700900123",
    "given_name": "Alicecanary",
    "family_name": "Canaryson",
    "birth_date": "1980-05-04",
    "street": "7 Canary Lane",
    "postcode": "SW1A 1AA",
    "city": "Canaryville",
    "country": "GB",
    "ip_address": "192.0.2.77",
    "page_url": "https://shop.example.com/canary",
}


def said(*, days_ago: float = 0, raw: dict[str, str] | None = None, **fields: str) -> Envelope:
    """A message with these fields, sent then."""
    return Envelope(
        position=0,
        message_hash=message_hash(new_id().bytes),
        kind="purchase",
        event="Purchase",
        occurred_at=NOW - timedelta(days=days_ago),
        fields=fields,
        raw=raw or {},
        properties={"amount": 12.5},
        cleaned=tuple(STEPS[name] for name in raw or {}),
    )


def stranger(source: Source, *, seen_at: datetime = NOW) -> UUID:
    """A new source profile of this source."""
    id = new_id()
    source_profiles.make(source, [Newcomer(id, CUSTOMER, None, seen_at)], now=NOW)
    return id


def keep(source: Source, source_profile: UUID, *envelopes: Envelope) -> None:
    """Store these messages of one person."""
    sealer = Sealer(keys.fetch_or_make([source_profile]))
    store.append([Accepted(envelope, source_profile) for envelope in envelopes], source, sealer, now=NOW)


def leave(*ids: UUID, **settings: Any) -> Grant:
    """Leave to read these source profiles for service."""
    grant = decide(ids, purpose="service", at=NOW, actor=Actor("person", "reader"), reason="test", **settings)
    assert isinstance(grant, Grant)
    return grant
