"""Contracts at the door: what is kept sealed, what is listed, and that consent, erasure and rectification reach it."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from identity.profiles import look_up
from pipeline.files import ingest
from privacy import access, aged_fields, answer_page, portability, rectification, requests
from privacy.erasure import erase
from records import discovered, sources
from records.models import DiscoveredField, QuarantinedRecord, Record, Source
from records.reading import open_records
from tests.privacy.scan import hits
from tests.records.cast import leave
from tests.senders import process, send_messages, send_rows
from vault.grants import Actor

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
OFFICER = Actor("person", "officer-1")
SCHEMA = json.dumps({"properties": {"points": {"type": "integer"}}})
ALICE = {
    "customer_number": "CN-7001-A",
    "given_name": "Alice",
    "family_name": "Archer",
    "email": "alice.archer@example.com",
}
BOB = {"customer_number": "CN-7002-B", "given_name": "Bob", "family_name": "Baker", "email": "bob.baker@example.com"}


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def crm(crm: Source) -> Source:
    return sources.change(crm, contract_mode="discover")


def content_of(record: Record) -> dict[str, Any]:
    return open_records([record], leave(record.source_profile_id))[record.id]


def undeclared() -> list[dict[str, Any]]:
    return [content_of(record).get("undeclared", {}) for record in Record.objects.order_by("received_at", "id")]


def listed(source: Source) -> list[tuple[str, list[str], int]]:
    return [(one.name, one.types, one.count) for one in discovered.waiting(source)]


def request_of(kind: str, email: str, now: Any) -> Any:
    profile = look_up("email", email, now=now)
    return requests.open(kind, profile_id=profile, actor="officer-2", now=now)


def test_block_keeps_the_record_in_quarantine_and_strict_drops_the_field(crm, now):
    crm = sources.change(crm, contract_mode="block", contract_schema=SCHEMA)
    answer = send_rows(crm, {**ALICE, "shoe": "canary"}, {**BOB, "points": "canary"}, now=now)
    assert (answer.stored, answer.quarantined) == (0, 2)
    kept = QuarantinedRecord.objects.order_by("line").values_list("reason", "field", "message")
    assert list(kept) == [
        ("undeclared_field", "shoe", "'shoe' is declared neither by the source's mapping nor by its schema."),
        ("breaks_contract", "points", "'points' must be integer (type)."),
    ]
    crm = sources.change(crm, contract_mode="strict")
    assert send_rows(crm, {**ALICE, "shoe": "canary"}, now=now).stored == 1
    assert (Record.objects.get().flags, undeclared()) == (["undeclared:1"], [{}])


def test_discover_seals_what_is_undeclared_and_lists_its_name_alone(crm, now):
    send_rows(crm, {**ALICE, "shoe": "canary", "size": 44}, now=now)
    later = now + timedelta(hours=1)
    send_rows(crm, {**BOB, "shoe": "canary", "size": 4.5}, now=later)
    assert undeclared() == [{"shoe": "canary", "size": 44}, {"shoe": "canary", "size": 4.5}]
    assert listed(crm) == [("shoe", ["string"], 2), ("size", ["integer", "number"], 2)]
    one = DiscoveredField.objects.get(name="shoe")
    assert (one.first_seen_at, one.last_seen_at) == (now, later)
    assert hits(["canary"]) == {}


def test_nothing_is_listed_of_what_consent_refused(crm, now):
    crm = sources.change(crm, purposes=["marketing"])
    assert send_rows(crm, {**ALICE, "shoe": "x"}, now=now).refused == 1
    assert listed(crm) == []


def test_a_name_that_is_somebodys_is_masked(crm, now):
    send_rows(crm, {**ALICE, "canary@example.com": 1, "+44 7700 900123": 2, "x" * 300: 3}, now=now)
    names = [name for name, _, _ in listed(crm)]
    assert sorted(names) == ["x" * 200, "…"]
    assert hits(["canary", "7700 900123"]) == {}
    assert not any(map(discovered.can_be_declared, names))


def test_at_most_so_many_are_listed(crm, now, monkeypatch):
    monkeypatch.setattr(discovered, "MOST", 3)
    send_rows(crm, {**ALICE, **{f"c{n}": n for n in range(5)}}, now=now)
    send_rows(crm, {**BOB, **{f"d{n}": n for n in range(5)}}, now=now)
    assert [name for name, _, _ in listed(crm)] == ["c0", "c1", "c2"]


def test_messages_and_files_too(shop, crm, now, tmp_path):
    shop = sources.change(shop, contract_mode="discover")
    send_messages(shop, {"type": "identify", "userId": "u", "traits": {"plan": "pro"}}, now=now)
    path = tmp_path / "people.csv"
    path.write_text("customer_number,email,shoe\n1001,alice@example.com,44\n")
    ingest(crm, path)
    assert (listed(shop), listed(crm)) == ([("traits.plan", ["string"], 1)], [("shoe", ["string"], 1)])


def test_a_file_is_read_anew_under_another_contract(crm, now, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("customer_number,email,points\n1001,alice@example.com,many\n")
    blocked = sources.change(crm, contract_mode="block", contract_schema=SCHEMA)
    assert ingest(blocked, path).quarantined == 1
    assert ingest(sources.change(crm, contract_mode="strict", contract_schema=""), path).stored == 1


def test_access_and_portability_give_what_was_kept(crm, now):
    send_rows(crm, {**ALICE, "shoe": {"size": 44}, "hobbies": ["chess"]}, now=now)
    process(now)
    answered = access.answer(request_of("access", ALICE["email"], now), actor=OFFICER, now=now)
    assert answered["records"][0]["content"]["undeclared"] == {"shoe.size": 44, "hobbies": ["chess"]}
    page = answer_page.render(answered)
    assert "shoe size (not asked for)" in page
    assert "chess" in page
    row = portability._row(answered["records"][0], {})
    assert (row["undeclared.shoe.size"], row["undeclared.hobbies"]) == (44, '["chess"]')
    assert portability.package(answered)


def test_an_erasure_takes_what_others_records_hold_undeclared(crm, now):
    send_rows(crm, {**ALICE, "shoe": "canary"}, now=now)
    send_rows(crm, {**BOB, "friend": f"see {ALICE['email'].upper()}", "shoe": "44"}, now=now)
    process(now)
    request = request_of("erasure", ALICE["email"], now)
    requests.approve(request, actor="officer-1", now=now)
    outcome = erase(request, actor="officer-1", now=now)
    assert outcome.mentions == {"records.Record": 1}
    assert undeclared() == [{"shoe": "44"}]
    assert Record.objects.get().flags == ["discovered", "aged:undeclared"]


def test_an_erased_persons_address_does_not_come_back_undeclared(crm, now):
    send_rows(crm, ALICE, now=now)
    process(now)
    request = request_of("erasure", ALICE["email"], now)
    requests.approve(request, actor="officer-1", now=now)
    erase(request, actor="officer-1", now=now)
    again = timezone.now()
    assert send_rows(crm, {**BOB, "friend": [ALICE["email"].upper()], "shoe": "44"}, now=again).stored == 1
    assert undeclared() == [{"shoe": "44"}]
    assert [name for name, _, _ in listed(crm)] == ["shoe"]


def test_a_rectification_takes_out_what_is_wrong(crm, now):
    wrong = {**ALICE, "family_name": "Archr"}
    send_rows(crm, {**wrong, "label": "archr", "old": {"surname": "Archrr"}, "shoe": "44", "copy": "Archer"}, now=now)
    process(now)
    request = request_of("rectification", ALICE["email"], now)
    requests.approve(request, actor="officer-1", now=now)
    rectification.carry_out(request, corrections={"family_name": "Archer"}, actor=OFFICER, now=now)
    assert undeclared() == [{"shoe": "44", "copy": "Archer"}]
    assert "rectified:undeclared" in Record.objects.get().flags


def test_retention_of_a_field_reaches_what_is_called_like_it(crm, now):
    send_rows(crm, {**ALICE, "contact": {"e-mail": "alice@example.org"}, "shoe": "44"}, now=now)
    process(now)
    later = now + timedelta(days=2)
    aged_fields.forget(crm.pk, "email", cutoff=later, now=later, dry_run=False)
    assert undeclared() == [{"shoe": "44"}]
    assert "email" not in content_of(Record.objects.get())["fields"]
