"""Access returns all of the person, with purposes, recipients, sources, retention and logic; of others nothing."""

import json
from html import unescape
from typing import Any

import pytest

from identity.profiles import look_up
from outbox.deliveries import HandOver, queue
from outbox.recipients import add as add_recipient
from pipeline.process import process_batch
from privacy import access, answer_page, requests
from records import sources
from records.retention import set_rule
from segments import catalog
from tests.senders import send_messages, send_rows
from tests.statements.sabotage import Sabotage
from vault.annotations import tables
from vault.grants import Actor

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "privacy/access.py", '            "records": _records(subject, grant),', '            "records": [],'
)
OFFICER = Actor("person", "officer-1")
YES = {"consent": {"categoryPreferences": {"analytics": True, "marketing": True}}}
BUYERS = {"rule": {"feature": "sources_count", "op": ">=", "value": 1}}
FRIDGE = {
    "message_id": ["id"],
    "kind": "telemetry",
    "fields": {"device": "device_id", "owner.email": "email"},
    "properties": {"metric": "string"},
}


def row_of(name: str) -> dict[str, str]:
    return {
        "customer_number": f"{name}-number",
        "given_name": f"{name}given",
        "family_name": f"{name}family",
        "email": f"{name}@example.com",
        "phone": {"alice": "+442079460101", "bob": "+442079460102"}[name],
        "birth_date": {"alice": "1980-03-04", "bob": "1950-01-09"}[name],
        "street": f"{name} Street 1",
        "postcode": {"alice": "AB1 2CD", "bob": "EF3 4GH"}[name],
        "city": f"{name}ville",
        "loyalty_number": f"{name}-loyalty",
        # The customer file has not declared it, and discovers.
        "nickname": f"{name}-nickname",
        "newsletter": "yes",
        "analytics": "yes",
    }


def life_of(name: str, *, shop: Any, browser: Any, crm: Any, fridge: Any, now: Any) -> list[str]:
    """Let this person pass every door. Returns the values by which they can be told from anybody else."""
    ip, page = {"alice": ("192.0.2.7", "a"), "bob": ("192.0.2.9", "b")}[name]
    send_rows(crm, row_of(name), now=now)
    order = {"type": "track", "event": f"{name} ordered", "properties": {"total": 20, "category": f"{name}-category"}}
    context = {**YES, "ip": ip, "page": {"url": f"https://shop.example/{page}-canary"}}
    told = {"userId": f"{name}-account", "traits": {"email": f"{name}@example.com"}, "context": context}
    send_messages(shop, {**order, **told}, now=now)
    send_messages(
        browser, {"type": "page", "anonymousId": f"{name}-device", "userId": f"{name}-account", **told}, now=now
    )
    send_rows(
        fridge,
        {
            "id": f"{name}-1",
            "device": f"{name}-fridge",
            "owner.email": f"{name}@example.com",
            "metric": f"{name}-metric",
        },
        now=now,
    )
    while process_batch(now=now):
        pass
    return [
        *(value for column, value in row_of(name).items() if value != "yes" and column != "street"),
        *(
            f"{name} ordered",
            f"{name}-category",
            f"{name}-account",
            f"{name}-fridge",
            f"{name}-metric",
            ip,
            f"{page}-canary",
        ),
    ]


@pytest.fixture
def world(shop, browser, crm, now):
    fridge, _ = sources.add("fridge", kind="iot", purposes=["service"], mapping=FRIDGE)
    catalog.create("buyers", name="Buyers", purpose="analytics", definition=BUYERS)
    crm = sources.change(crm, contract_mode="discover")
    return {"shop": shop, "browser": browser, "crm": crm, "fridge": fridge, "now": now}


def answer_of(name: str, now: Any) -> dict[str, Any]:
    profile = look_up("email", f"{name}@example.com", now=now)
    return access.answer(
        requests.open("access", profile_id=profile, actor="officer-1", now=now), actor=OFFICER, now=now
    )


def test_p27_every_canary_and_none_of_another(world, now):
    canaries = life_of("alice", **world)
    others = life_of("bob", **world)
    answered = answer_of("alice", now)
    # Sealed values are written as the source wrote them or in normal form: case does not count.
    for text in (json.dumps(answered, ensure_ascii=False), unescape(answer_page.render(answered))):
        text = text.casefold()
        assert [canary for canary in canaries if canary.casefold() not in text] == []
        assert [canary for canary in others if canary.casefold() in text] == []


def test_p27_purposes_recipients_sources_retention_and_logic(world, crm, now):
    life_of("alice", **world)
    set_rule(source=crm, purpose="marketing", days=90)
    mailer, _ = add_recipient("mailer", purposes=["marketing"], now=now)
    alice = look_up("email", "alice@example.com", now=now)
    queue(
        [HandOver(recipient=mailer.id, kind="segment.entered", purpose="marketing", profile_id=alice, pseudonym="p-1")],
        now=now,
    )
    answered = answer_of("alice", now)
    assert [one["name"] for one in answered["sources"]] == ["browser", "crm", "fridge", "shop"]
    by_purpose = {one["slug"]: one for one in answered["purposes"]}
    assert (by_purpose["marketing"]["legal_basis"], by_purpose["marketing"]["sources"]) == (
        "consent",
        ["browser", "crm", "shop"],
    )
    assert [(one["recipient"], one["kind"]) for one in answered["recipients"]] == [("mailer", "segment.entered")]
    limits = {one["source"]: one for one in answered["retention"]["sources"]}
    assert (limits["crm"]["days"], limits["crm"]["by_purpose"]["marketing"]) == (1095, 90)
    assert {"segment": "Buyers", "definition": BUYERS} in answered["logic"]["segments"]
    assert "Fellegi" in answered["logic"]["linking"]
    page = answer_page.render(answered)
    assert all(words in page for words in ("mailer", "for Marketing 90", "Fellegi", "Buyers"))


def test_p27_every_table_that_holds_rows_of_the_person_is_named(world, now):
    life_of("alice", **world)
    answered = answer_of("alice", now)
    about_people = {table.model for table in tables() if table.subject}
    assert set(answered["held"]) <= about_people
    assert {"records.Record", "records.Identifier", "consent.Act", "segments.ProfileFeatures"} <= set(answered["held"])
    assert set(answered["retention"]["tables"]) == set(answered["held"])
