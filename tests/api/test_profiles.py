"""Profiles: found by POST, read by opaque id, under a purpose."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from identity import ledger, profiles
from pipeline.files import ingest
from pipeline.process import process_batch
from records import sources
from tests.api.conftest import NO, NOTHING, Caller, Shop, assert_problem, order
from vault import keys
from vault.models import AuditEntry

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def cursor(*position: str) -> str:
    """A cursor as if it were ours, with this position."""
    return urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


ALICE_IN_THE_SURVEY = {"email": "alice@example.com", "firstName": "Alice", "country": "GB"}
DETAILS = ("", "events/", "identifiers/", "consents/", "segments/")


def look_up(caller: Caller, value: str, namespace: str = "email") -> object:
    return caller.post("/api/profiles/lookup/", {"namespace": namespace, "value": value})


def test_a_profile_is_found_by_any_spelling_of_its_identifier(service: Caller, alice: UUID) -> None:
    for namespace, value in (("email", "Alice@Example.com"), ("account_id", "u-alice")):
        response = look_up(service, value, namespace)
        assert (response.status_code, response.json()) == (200, {"id": str(alice)})


def test_an_unknown_identifier_is_not_found(service: Caller, alice: UUID) -> None:
    assert_problem(look_up(service, "nobody@example.com"), 404, "not_found")


def test_a_look_up_does_not_tell_who_refused_from_who_is_unknown(
    call: Callable[..., Caller], carol_who_withdrew: UUID
) -> None:
    caller = call("marketing")
    known = assert_problem(look_up(caller, "carol@example.com"), 404, "not_found")
    unknown = assert_problem(look_up(caller, "nobody@example.com"), 404, "not_found")
    assert {**known, "instance": ""} == {**unknown, "instance": ""}


def test_a_contract_opens_only_what_sources_of_the_contract_know(
    call: Callable[..., Caller], service: Caller, alice: UUID
) -> None:
    survey = Shop(*sources.add("survey", kind="online", purposes=["analytics"]))
    context = {"consent": {"categoryPreferences": {"analytics": True}}}
    about = {"userId": "s-1", "context": context, "traits": ALICE_IN_THE_SURVEY}
    survey.send({"batch": [{"type": "identify", **about}, {"type": "track", "event": "Answered", **about}]})
    process_batch(now=timezone.now())

    def known(caller: Caller) -> tuple[set[str], set[str], set[str]]:
        summary, identifiers, events = (
            caller.get(f"/api/profiles/{alice}/{detail}").json() for detail in ("", "identifiers/", "events/")
        )
        return (
            {source["name"] for source in summary["sources"]},
            {row["source"] for row in identifiers["results"]},
            {row["source"] for row in events["results"]},
        )

    assert known(service) == ({"shop"}, {"shop"}, {"shop"})
    assert known(call("marketing")) == ({"shop", "survey"}, {"shop", "survey"}, {"shop", "survey"})


def test_a_contract_finds_nobody_by_what_only_another_source_knows(
    shop: Shop, call: Callable[..., Caller], alice: UUID
) -> None:
    survey = Shop(*sources.add("survey", kind="online", purposes=["analytics"]))
    context = {"consent": {"categoryPreferences": {"analytics": True}}}
    traits = {**ALICE_IN_THE_SURVEY, "phone": "+442079460111"}
    survey.send({"batch": [{"type": "identify", "userId": "s-1", "context": context, "traits": traits}]})
    process_batch(now=timezone.now())
    caller = call("service", "analytics")
    asked = {"namespace": "phone", "value": "+442079460111"}
    assert caller.post("/api/profiles/lookup/", asked, purpose="analytics").json() == {"id": str(alice)}
    assert_problem(caller.post("/api/profiles/lookup/", asked, purpose="service"), 404, "not_found")
    assert look_up(call("service"), "alice@example.com").status_code == 200


def test_a_look_up_by_an_unknown_namespace_names_the_field(service: Caller) -> None:
    problem = assert_problem(look_up(service, "alice@example.com", "shoe_size"), 400, "invalid")
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [("namespace", "invalid_choice")]


def test_the_summary_holds_the_golden_record_and_its_sources(service: Caller, alice: UUID) -> None:
    body = service.get(f"/api/profiles/{alice}/").json()
    assert (body["id"], body["requested_id"], body["purpose"]) == (str(alice), str(alice), "service")
    assert body["attributes"]["email"]["value"] == "alice@example.com"
    assert body["attributes"]["email"]["source"] == "shop"
    assert [(source["name"], source["kind"], source["source_profiles"]) for source in body["sources"]] == [
        ("shop", "online", 1)
    ]
    assert body["first_seen_at"] < body["last_seen_at"]
    assert body["merged_ids"] == []


def test_what_a_purpose_does_not_need_is_absent(call: Callable[..., Caller], alice: UUID) -> None:
    caller = call("analytics")
    body = caller.get(f"/api/profiles/{alice}/").json()
    assert {field: known["value"] for field, known in body["attributes"].items()} == {"country": "GB"}
    assert caller.get(f"/api/profiles/{alice}/identifiers/").json()["results"] == []


def test_identifiers_say_where_they_were_seen(service: Caller, alice: UUID) -> None:
    body = service.get(f"/api/profiles/{alice}/identifiers/").json()
    rows = {row["namespace"]: row for row in body["results"]}
    assert (rows["email"]["value"], rows["email"]["source"]) == ("alice@example.com", "shop")
    assert (rows["account_id"]["value"], rows["account_id"]["verified"]) == ("u-alice", True)
    assert (body["profile"], body["purpose"]) == (str(alice), "service")


@pytest.mark.parametrize("detail", ["", "events/", "identifiers/"])
def test_without_consent_no_data_but_the_reason(
    detail: str, call: Callable[..., Caller], carol_who_withdrew: UUID, dave_who_never_said: UUID
) -> None:
    caller = call("marketing")
    for profile, reason in (
        (carol_who_withdrew, "withdrawn or refused"),
        (dave_who_never_said, "no consent on record"),
    ):
        response = caller.get(f"/api/profiles/{profile}/{detail}")
        problem = assert_problem(response, 403, "consent_refused")
        assert (problem["purpose"], problem["reason"]) == ("marketing", reason)
        assert b"example.com" not in response.content


def test_each_read_by_a_key_stands_in_the_audit_log(service: Caller, alice: UUID) -> None:
    before = AuditEntry.objects.filter(actor_kind="api").count()
    service.get(f"/api/profiles/{alice}/")
    service.get(f"/api/profiles/{alice}/events/")
    service.get(f"/api/profiles/{alice}/identifiers/")
    entries = AuditEntry.objects.filter(actor_kind="api").order_by("id")[before:]
    assert [entry.action for entry in entries] == [
        "read profile",
        "read golden record",
        "read events",
        "read identifiers",
    ]
    assert {(entry.purpose, len(entry.subjects)) for entry in entries} == {("service", 1)}


@pytest.mark.parametrize("detail", ["", "identifiers/"])
def test_what_no_key_opens_any_more_is_gone(detail: str, service: Caller, alice: UUID) -> None:
    keys.destroy(profiles.source_profiles(alice))
    assert_problem(service.get(f"/api/profiles/{alice}/{detail}"), 410, "key_destroyed")


@pytest.mark.parametrize("detail", DETAILS)
def test_an_unknown_profile_is_not_found(detail: str, service: Caller) -> None:
    assert_problem(service.get(f"/api/profiles/{NOTHING}/{detail}"), 404, "not_found")


@pytest.mark.parametrize("detail", DETAILS)
def test_a_merged_id_answers_with_the_survivor(detail: str, service: Caller, shop: Shop, alice: UUID) -> None:
    other = shop.meet("alicia")
    survivor = ledger.merge(alice, other, actor="steward", reason="same person", now=timezone.now())
    gone = other if survivor == alice else alice
    response = service.get(f"/api/profiles/{gone}/{detail}")
    assert response.status_code == 200
    assert response["Content-Location"] == f"/api/profiles/{survivor}/{detail}"
    assert "Content-Location" not in service.get(f"/api/profiles/{survivor}/{detail}")
    if detail == "":
        body = response.json()
        assert (body["id"], body["requested_id"], body["merged_ids"]) == (str(survivor), str(gone), [str(gone)])
    if detail == "events/":
        assert len(response.json()["results"]) == 6


def test_a_merge_with_one_who_withdrew_closes_the_whole_person(
    call: Callable[..., Caller], alice: UUID, carol_who_withdrew: UUID
) -> None:
    caller = call("marketing")
    assert caller.get(f"/api/profiles/{alice}/").status_code == 200
    ledger.merge(alice, carol_who_withdrew, actor="steward", reason="same person", now=timezone.now())
    for profile in (alice, carol_who_withdrew):
        assert_problem(caller.get(f"/api/profiles/{profile}/"), 403, "consent_refused")


def test_the_timeline_is_the_latest_first_and_plain(service: Caller, alice: UUID) -> None:
    events = service.get(f"/api/profiles/{alice}/events/").json()["results"]
    assert [event["kind"] for event in events] == ["identify", "track", "track"]
    assert [event["properties"].get("amount") for event in events] == [None, 42.5, 20]
    assert {event["source"] for event in events} == {"shop"}
    assert "alice" not in str(events)


def test_an_address_that_slipped_into_a_property_is_taken_out_where_the_purpose_reaches_nobody(
    call: Callable[..., Caller], shop: Shop, alice: UUID
) -> None:
    gift = {**order("alice", 3), "properties": {"brand": "for alice@example.com", "revenue": 5}}
    shop.send({"batch": [gift]})
    for purpose, shown in (("service", "for alice@example.com"), ("analytics", "for [removed]")):
        events = call(purpose).get(f"/api/profiles/{alice}/events/").json()["results"]
        (gift,) = [event["properties"] for event in events if "brand" in event["properties"]]
        assert (gift["brand"], gift["revenue"]) == (shown, 5)


def test_the_timeline_is_filtered(service: Caller, alice: UUID) -> None:
    path = f"/api/profiles/{alice}/events/"
    week_ago = (timezone.now() - timedelta(days=7)).isoformat()
    counts = {
        name: len(service.get(path, **query).json()["results"])
        for name, query in {
            "kind": {"kind": "track"},
            "event": {"event": "Order Completed"},
            "other event": {"event": "Order Cancelled"},
            "after": {"occurred_after": week_ago},
            "before": {"occurred_before": week_ago},
            "both": {"kind": "track", "occurred_after": week_ago},
        }.items()
    }
    assert counts == {"kind": 2, "event": 2, "other event": 0, "after": 2, "before": 1, "both": 1}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"occurred_after": "yesterday"}, "occurred_after"),
        ({"occurred_before": "2026-13-01"}, "occurred_before"),
        ({"kind": "x" * 17}, "kind"),
        ({"event": "x" * 121}, "event"),
        ({"occured_after": "2026-01-01"}, ""),
        ({"email": "alice@example.com"}, ""),
        ({"page_size": "0"}, "page_size"),
        ({"page_size": "201"}, "page_size"),
        ({"page_size": "many"}, "page_size"),
        ({"cursor": "!!"}, "cursor"),
        ({"cursor": "WzFd"}, "cursor"),
        ({"cursor": cursor("2026-11-01T10:00:00", str(uuid4()))}, "cursor"),
    ],
)
def test_a_bad_query_names_its_field(query: dict[str, str], field: str, service: Caller, alice: UUID) -> None:
    response = service.get(f"/api/profiles/{alice}/events/", **query)
    problem = assert_problem(response, 400, "invalid")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert b"alice@" not in response.content


def test_source_profiles_that_left_take_their_data_along(service: Caller, shop: Shop, alice: UUID) -> None:
    other = shop.meet("alicia")
    survivor = ledger.merge(alice, other, actor="steward", reason="same person", now=timezone.now())
    moved = profiles.source_profiles(survivor)[-1]
    ledger.split(moved, actor="steward", reason="two persons", now=timezone.now())
    assert len(service.get(f"/api/profiles/{survivor}/events/").json()["results"]) == 3


def test_withdrawal_closes_reading_at_once(call: Callable[..., Caller], shop: Shop, alice: UUID) -> None:
    caller = call("analytics")
    assert caller.get(f"/api/profiles/{alice}/").status_code == 200
    shop.send(
        {"batch": [{"type": "identify", "userId": "u-alice", "context": {"consent": {"categoryPreferences": NO}}}]}
    )
    assert_problem(caller.get(f"/api/profiles/{alice}/"), 403, "consent_refused")


def test_events_are_filtered_by_the_kind_that_a_file_gave_them(tmp_path: Path, service: Caller) -> None:
    mapping = {"kind_column": "type", "fields": {"email": "email"}}
    till, _ = sources.add("till", kind="offline", mapping=mapping)
    path = tmp_path / "till.csv"
    path.write_text("type,email\nRefund (cash),alice@example.com\nsale,alice@example.com\n")
    ingest(till, path)
    process_batch(now=timezone.now())
    alice = profiles.look_up("email", "alice@example.com", now=timezone.now())
    rows = service.get(f"/api/profiles/{alice}/events/", kind="Refund (cash)").json()["results"]
    assert [row["kind"] for row in rows] == ["Refund (cash)"]
