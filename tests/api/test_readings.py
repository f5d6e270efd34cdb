"""Mappings and contracts over the API: read, tried, changed, with their versions; discovered fields settled."""

from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings

from records import sources
from records.models import DiscoveredField, Record, Source
from tests.api.conftest import Caller, Shop, assert_problem, order
from tests.records.test_contracts import JSON, SCHEMAS
from tests.senders import send_rows
from vault.models import AuditEntry

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
HERE = "/api/sources/shop"
SCHEMA = {"properties": {"properties": {"properties": {"total": {"minimum": 1}}}}}


def bought(number: int, **properties: Any) -> dict[str, Any]:
    message = order("alice", number)
    return {**message, "properties": {**message["properties"], **properties}}


def put(caller: Caller, path: str, body: object) -> Any:
    return caller.client.put(path, body, content_type="application/json")


def patch(caller: Caller, id: object, body: object) -> Any:
    return caller.client.patch(f"/api/discovered-fields/{id}/", body, content_type="application/json")


def test_a_mapping_is_read_and_changed_with_its_versions(service: Caller, shop: Shop) -> None:
    assert service.get(f"{HERE}/mapping/").json() == {"version": 1, "mapping": {}}
    mapping = {"properties": {"total": "number"}}
    assert put(service, f"{HERE}/mapping/", {"mapping": mapping}).json() == {"version": 2, "mapping": mapping}
    assert put(service, f"{HERE}/mapping/", {"mapping": mapping}).json()["version"] == 2
    listed = service.get(f"{HERE}/mapping/versions/").json()["results"]
    assert [(one["version"], one["mapping"], one["saved_by"] != "") for one in listed] == [
        (2, mapping, True),
        (1, {}, False),
    ]


def test_a_contract_is_read_and_changed_with_its_versions(service: Caller, shop: Shop) -> None:
    assert service.get(f"{HERE}/contract/").json() == {"version": 0, "mode": "strict", "schema": None}
    body = {"mode": "block", "schema": SCHEMA}
    assert put(service, f"{HERE}/contract/", body).json() == {"version": 1, **body}
    answer = shop.send({"batch": [bought(1, total=0), bought(2)]}).json()
    assert [(one["code"], one["field"]) for one in answer["rejects"]] == [("breaks_contract", "properties.total")]
    put(service, f"{HERE}/contract/", {"mode": "strict", "schema": None})
    listed = service.get(f"{HERE}/contract/versions/").json()["results"]
    assert [(one["version"], one["mode"], one["schema"]) for one in listed] == [
        (2, "strict", None),
        (1, "block", SCHEMA),
    ]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("mapping", {}, "mapping"),
        ("mapping", {"mapping": []}, "mapping"),
        ("mapping", {"mapping": {"fields": {"mail": "canary"}}}, "mapping"),
        ("contract", {"mode": "canary", "schema": None}, "mode"),
        ("contract", {"mode": "block"}, "schema"),
        ("contract", {"mode": "block", "schema": []}, "schema"),
        ("contract", {"mode": "block", "schema": {"$ref": "https://example.com/"}}, "schema"),
    ],
)
def test_what_cannot_stand_is_named(path: str, body: object, field: str, service: Caller, shop: Shop) -> None:
    problem = assert_problem(put(service, f"{HERE}/{path}/", body), 400, "invalid")
    assert {error["field"] for error in problem["errors"]} == {field}
    assert "'canary'" not in str(problem["errors"])


def deep(levels: int) -> str:
    return '{"mapping":' + '{"a":' * levels + "1" + "}" * levels + "}"


def test_what_is_nested_without_end_is_no_mapping_and_no_schema(service: Caller, shop: Shop) -> None:
    for levels in (12, 200, 900):
        text = deep(levels)
        assert service.client.put(f"{HERE}/mapping/", text, content_type="application/json").status_code == 400
        text = text.replace('"mapping"', '"mode":"block","schema"')
        assert service.client.put(f"{HERE}/contract/", text, content_type="application/json").status_code in (200, 400)


def test_a_mapping_is_tried_on_rows_and_on_the_quarantine(service: Caller, shop: Shop) -> None:
    try_ = f"{HERE}/mapping/try/"
    assert_problem(service.post(try_, {"mapping": {}}), 409, "nothing_to_try")
    assert_problem(service.post(try_, {"mapping": {}, "rows": []}), 409, "nothing_to_try")
    bad = bought(1, total="canary")
    shop.send({"batch": [bad]})
    lenient = {"properties": {"total": "string"}}
    for body in ({"mapping": lenient}, {"mapping": lenient, "rows": [bad]}):
        answer = service.post(try_, body)
        report = answer.json()
        assert [(report[side]["new"], report[side]["quarantined"]) for side in ("now", "then")] == [(0, 1), (1, 0)]
        assert report["now"]["faults"][0]["reason"] == "wrong_type"
        assert b"canary" not in answer.content
    assert AuditEntry.objects.filter(action="try a mapping on the quarantine").count() == 1
    assert (Record.objects.count(), Source.objects.get(name="shop").mapping_version) == (0, 1)
    assert_problem(service.post(try_, {"mapping": {"fields": 5}}), 400, "invalid")


def test_discovered_fields_are_listed_and_settled(service: Caller, shop: Shop) -> None:
    sources.change(shop.source, contract_mode="discover")
    shop.send({"batch": [bought(1, mood="canary", noise=1)]})
    listed = service.get(f"{HERE}/discovered/")
    assert b"canary" not in listed.content
    rows = {one["name"]: one for one in listed.json()["results"]}
    assert {name: (one["types"], one["count"], one["ignored"]) for name, one in rows.items()} == {
        "properties.mood": (["string"], 1, False),
        "properties.noise": (["integer"], 1, False),
    }
    assert patch(service, rows["properties.noise"]["id"], {"ignored": True}).status_code == 200
    answer = patch(service, rows["properties.mood"]["id"], {"becomes": "string"}).json()
    assert (answer["version"], answer["mapping"]["properties"]["mood"]) == (2, "string")
    assert answer["mapping"]["properties"]["total"] == "number"
    (left,) = service.get(f"{HERE}/discovered/").json()["results"]
    assert (left["name"], left["ignored"]) == ("properties.noise", True)
    for body in ({}, {"becomes": "string", "ignored": True}, {"becomes": "canary"}):
        assert_problem(patch(service, left["id"], body), 400, "invalid")


def test_a_masked_name_cannot_be_declared(service: Caller, shop: Shop) -> None:
    till = sources.add("till", kind="offline")[0]
    till = sources.change(till, contract_mode="discover")
    send_rows(till, {"email": "dave@example.com", "canary@example.com": 1}, now=timezone.now())
    found = DiscoveredField.objects.get()
    problem = assert_problem(patch(service, found.pk, {"becomes": "string"}), 400, "invalid")
    assert problem["errors"][0]["field"] == "becomes"


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(schema=SCHEMAS | JSON, mapping=JSON, row=JSON)
def test_nothing_that_is_sent_is_a_500(
    schema: object, mapping: object, row: object, service: Caller, shop: Shop
) -> None:
    for answer in (
        put(service, f"{HERE}/contract/", {"mode": "discover", "schema": schema}),
        put(service, f"{HERE}/mapping/", {"mapping": mapping}),
        service.post(f"{HERE}/mapping/try/", {"mapping": mapping, "rows": [row]}),
        shop.send({"batch": [row, {"type": "identify", "userId": "u", "traits": row, "properties": row}]}),
    ):
        assert answer.status_code in (200, 400, 409)
