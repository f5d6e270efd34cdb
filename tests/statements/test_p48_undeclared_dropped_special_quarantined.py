"""Undeclared fields are dropped at the door; likely special-category data goes to quarantine."""

import pytest

from pipeline.consumers.taking import Fetched, take
from pipeline.files import ingest, open_load, take_in
from records import sources
from records.envelopes.mqtt import Message, place
from records.file_loads import Reading
from records.mapping import faults
from records.models import QuarantinedRecord, Record
from tests.privacy.scan import hits
from tests.senders import STREAMS, send_messages, send_rows, send_stream
from tests.statements.sabotage import Sabotage

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage("records/special_categories.py", "            raise _refusal(name, category)", "            pass")
YES = {"consent": {"categoryPreferences": {"analytics": True}}}


def bought(number: int, *, event: str = "Order Completed", **properties: object) -> dict[str, object]:
    """Alice's order with these properties."""
    return {
        "type": "track",
        "event": event,
        "messageId": f"m-{number}",
        "userId": "u-alice",
        "properties": {"total": 20, **properties},
        "context": YES,
    }


def outcome(answer: object) -> tuple[int, int]:
    return answer.stored, answer.quarantined


def test_p48_undeclared_properties_are_dropped_and_counted(shop, now):
    assert outcome(send_messages(shop, bought(1, mood="canary-mood", note="canary-note"), now=now)) == (1, 0)
    record = Record.objects.get()
    assert record.properties == {"total": 20.0, "amount": 20.0}
    assert record.flags == ["undeclared:2"]
    assert b"canary" not in bytes(record.sealed)


def test_p48_undeclared_columns_are_dropped_and_counted(crm, now):
    row = {"customer_number": "1001", "email": "alice@example.com", "shoe_size": "canary"}
    assert outcome(send_rows(crm, row, now=now)) == (1, 0)
    record = Record.objects.get()
    assert (record.properties, record.flags) == ({}, ["undeclared:1"])


def test_p48_undeclared_fields_are_kept_only_where_a_contract_says_so_and_then_sealed(shop, crm, now):
    shop, crm = (sources.change(source, contract_mode="discover") for source in (shop, crm))
    send_messages(shop, bought(1, mood="canary-mood"), now=now)
    send_rows(crm, {"customer_number": "1001", "email": "alice@example.com", "shoe_size": "canary"}, now=now)
    assert [record.flags for record in Record.objects.all()] == [["discovered"], ["discovered"]]
    assert hits(["canary"]) == {}


@pytest.mark.parametrize("mode", ["strict", "discover", "block"])
def test_p48_no_contract_keeps_a_special_category_that_nobody_declared(shop, crm, now, mode):
    shop, crm = (sources.change(source, contract_mode=mode) for source in (shop, crm))
    send_messages(shop, bought(1, religion="canary"), bought(2, mood="hiv positive canary"), now=now)
    send_rows(crm, {"customer_number": "1001", "email": "alice@example.com", "bloodType": "canary"}, now=now)
    reasons = {"discover": ["special_category"] * 3, "block": ["undeclared_field"] * 3, "strict": []}[mode]
    assert list(QuarantinedRecord.objects.values_list("reason", flat=True)) == reasons
    assert not Record.objects.filter(flags__contains=["discovered"]).exists()
    assert hits(["canary"]) == {}


def test_p48_a_file_is_no_way_around(crm, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("customer_number,email,shoe_size,updated_at\n1001,alice@example.com,canary,2026-11-20T10:00:00Z\n")
    assert outcome(ingest(crm, path)) == (1, 0)
    assert (Record.objects.get().properties, Record.objects.get().flags) == ({}, ["undeclared:1"])
    mapping = {"fields": {"customer_number": "customer_number"}, "properties": {"religion": "string"}}
    path.write_text("customer_number,religion\n1002,canary\n")
    with path.open("rb") as file:
        assert outcome(take_in(open_load(crm, file, by="test", reading=Reading(mapping)), file)) == (0, 1)
    kept = QuarantinedRecord.objects.get()
    assert (kept.reason, kept.field) == ("special_category", "religion")


@pytest.mark.parametrize(
    ("column", "category"),
    [
        ("religion", "religion or belief"),
        ("bloodType", "health"),
        ("Krankheit", "health"),
        ("political_party", "political opinion"),
        ("ethnic-origin", "racial or ethnic origin"),
        ("sexualOrientation", "sex life or sexual orientation"),
        ("union_membership", "trade union membership"),
        ("dna", "genetic or biometric data"),
    ],
)
def test_p48_a_declared_property_of_such_a_name_is_quarantined(shop, now, column, category):
    shop = sources.change(shop, mapping={"properties": {"total": "number", column: "string"}})
    assert outcome(send_messages(shop, bought(1, **{column: "x"}), bought(2), now=now)) == (1, 1)
    kept = QuarantinedRecord.objects.get()
    assert (kept.reason, kept.field) == ("special_category", column)
    assert category in kept.message


def test_p48_a_value_gives_it_away(shop, now):
    telling = [bought(1, category="Pregnancy test"), bought(2, event="Prescription Filled"), bought(3, category="Hats")]
    assert outcome(send_messages(shop, *telling, now=now)) == (1, 2)
    assert sorted(QuarantinedRecord.objects.values_list("field", flat=True)) == ["category", "event"]


def test_p48_in_files_too(crm, now):
    mapping = {**crm.mapping, "properties": {"religion": "string"}}
    crm = sources.change(crm, mapping=mapping)
    row = {"customer_number": "1001", "email": "alice@example.com", "religion": "x"}
    assert outcome(send_rows(crm, row, now=now)) == (0, 1)


@pytest.mark.parametrize("door", STREAMS)
def test_p48_in_streams_too(crm, now, door):
    crm = sources.change(crm, mapping={**crm.mapping, "properties": {"religion": "string"}})
    row = {"customer_number": "1001", "email": "alice@example.com"}
    assert outcome(send_stream(door, crm, {**row, "religion": "x"}, {**row, "shoe_size": "canary"}, now=now)) == (1, 1)
    record = Record.objects.get()
    assert (record.properties, record.flags) == ({}, ["undeclared:1"])
    assert b"canary" not in bytes(record.sealed)
    assert QuarantinedRecord.objects.get().reason == "special_category"


def test_p48_a_metric_of_such_a_name_is_quarantined_and_one_undeclared_is_dropped(now):
    mapping = {"fields": {"topic.device": "device_id"}, "properties": {"heart_rate": "integer"}}
    sources.add("watches", kind="iot", purposes=["service"], mapping=mapping)
    topics = ("onym/watches/w-1/heart_rate", "onym/watches/w-1/steps")
    fetched = [Fetched("watches", Message(topic, place(topic, "onym"), b"71", topic.encode)) for topic in topics]
    assert outcome(take(fetched, door="mqtt", now=now).acceptance) == (1, 1)
    assert [(record.event, record.properties) for record in Record.objects.all()] == [("steps", {})]


def test_p48_what_is_kept_in_quarantine_is_sealed_and_its_reason_holds_no_value(shop, now):
    send_messages(shop, bought(1, category="hiv test canary"), now=now)
    kept = QuarantinedRecord.objects.get()
    assert b"canary" not in bytes(kept.sealed)
    assert "canary" not in kept.message + kept.field


def test_p48_a_source_with_a_ground_may_say_so(shop, now):
    shop = sources.change(shop, mapping={"properties": {"allergies": "string"}, "special_categories": ["allergies"]})
    assert outcome(send_messages(shop, bought(1, allergies="nuts"), now=now)) == (1, 0)
    assert faults({"special_categories": "allergies"}) == ["'special_categories' must be a list of names."]


@pytest.mark.parametrize("harmless", ["Health & Beauty", "Party supplies", "Running race shoes", "Union Jack mug"])
def test_p48_what_only_sounds_like_it_passes(shop, now, harmless):
    assert outcome(send_messages(shop, bought(1, category=harmless), now=now)) == (1, 0)
