"""The quarantine over the API: one record mended and replayed, or all of a source for a reason, by a worker."""

import json

import pytest
from django.test import Client

from pipeline import tasks
from pipeline.models import Replay
from records import sources
from records.models import Record
from tests.api.conftest import NOTHING, Caller, Shop, assert_problem

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

BAD = {"type": "track", "userId": "u-1", "event": "Bought", "properties": {"revenue": "much", "quantity": 2}}


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids that workers are asked to work on."""
    ids: list[str] = []
    monkeypatch.setattr(tasks.work_on_replay, "delay", ids.append)
    return ids


def quarantined(shop: Shop, service: Caller, count: int = 1) -> list[str]:
    shop.send({"batch": [{**BAD, "messageId": f"m-{number}"} for number in range(count)]})
    return [row["id"] for row in service.get("/api/quarantine/").json()["results"]]


def test_one_record_without_the_field_that_is_wrong(shop: Shop, service: Caller) -> None:
    (id,) = quarantined(shop, service)
    still = service.post(f"/api/quarantine/{id}/replay/", {})
    assert still.json() == {
        "outcome": "quarantined",
        "reason": "wrong_type",
        "field": "revenue",
        "message": "'revenue' must be a number.",
    }
    told = service.post(f"/api/quarantine/{id}/replay/", {"leave_out": ["revenue"]})
    assert (told.status_code, told.json()["outcome"]) == (200, "stored")
    assert Record.objects.get().properties == {"quantity": 2}
    assert service.get("/api/quarantine/").json()["results"] == []
    assert service.post(f"/api/quarantine/{id}/replay/", {}).status_code == 404


@pytest.mark.parametrize("wrong", [True, False, "revenue", {"revenue": 1}])
def test_whoever_gives_no_list_to_leave_out_is_told_what_to_give(shop: Shop, service: Caller, wrong: object) -> None:
    (id,) = quarantined(shop, service)
    asked = [(f"/api/quarantine/{id}/replay/", {}), ("/api/quarantine/replays/", {"source": "shop"})]
    for address, body in asked:
        refused = service.post(address, {**body, "leave_out": wrong})
        assert refused.status_code == 400
        (error,) = refused.json()["errors"]
        assert error["field"] == "leave_out"
        assert error["message"].startswith("Give a list of the names of fields")
        assert 'such as ["amount"]' in error["message"]


def test_what_may_be_left_out_is_documented(client: Client) -> None:
    said = json.loads(client.get("/api/schema/?format=json").content)["components"]["schemas"]
    for name in ("ReplayOne", "NewReplay"):
        leave_out = said[f"{name}Request"]["properties"]["leave_out"]
        assert "a list of at most 20, never true or false" in leave_out["description"]


def test_one_record_written_anew(shop: Shop, service: Caller) -> None:
    (id,) = quarantined(shop, service)
    anew = {**BAD, "messageId": "m-0", "properties": {"revenue": 12}}
    assert service.post(f"/api/quarantine/{id}/replay/", {"record": anew}).json()["outcome"] == "stored"
    assert Record.objects.get().properties == {"amount": 12.0, "revenue": 12.0}
    assert shop.send({"batch": [anew]}).json()["duplicates"] == 1


def test_all_of_a_source_for_a_reason(shop: Shop, service: Caller, asked: list[str]) -> None:
    quarantined(shop, service, 3)
    answer = service.post("/api/quarantine/replays/", {"source": "shop", "reason": "wrong_type"})
    run = answer.json()
    assert (answer.status_code, run["state"], run["found"]) == (202, "running", 3)
    assert (answer["Location"], asked) == (f"/api/quarantine/replays/{run['id']}/", [run["id"]])
    sources.change(shop.source, mapping={"properties": {"revenue": "string", "quantity": "integer"}})
    tasks.work_on_replay(run["id"])
    done = service.get(answer["Location"]).json()
    assert (done["state"], done["stored"], done["quarantined"]) == ("done", 3, 0)
    assert set(Record.objects.values_list("properties__revenue", flat=True)) == {"much"}


def test_the_reasons_of_a_replay_stand_with_the_most_first(shop: Shop, service: Caller) -> None:
    quarantined(shop, service)
    run = service.post("/api/quarantine/replays/", {"source": "shop"}).json()
    Replay.objects.update(still_for={"unstorable": 1, "wrong_type": 2, "missing_identifier": 3})
    reasons = service.get(f"/api/quarantine/replays/{run['id']}/").json()["reasons"]
    assert list(reasons.items()) == [("missing_identifier", 3), ("wrong_type", 2), ("unstorable", 1)]


def test_what_a_person_said_cannot_be_left_out(shop: Shop, service: Caller) -> None:
    (id,) = quarantined(shop, service)
    left = service.post(f"/api/quarantine/{id}/replay/", {"leave_out": ["context.consent"]})
    assert_problem(left, 409, "says_consent")
    all_of_it = {"source": "shop", "leave_out": ["context"]}
    assert_problem(service.post("/api/quarantine/replays/", all_of_it), 409, "says_consent")


def test_what_cannot_be_replayed_is_told(shop: Shop, service: Caller) -> None:
    assert_problem(service.post("/api/quarantine/replays/", {"source": "shop"}), 409, "nothing_to_replay")
    unknown = assert_problem(service.post("/api/quarantine/replays/", {"source": "till"}), 400, "invalid")
    assert unknown["errors"][0]["field"] == "source"
    assert service.post(f"/api/quarantine/{NOTHING}/replay/", {}).status_code == 404
    assert service.get(f"/api/quarantine/replays/{NOTHING}/").status_code == 404
    (id,) = quarantined(shop, service)
    for wrong in ({"record": "text"}, {"record": []}, {"leave_out": "revenue"}, {"leave_out": ["x"] * 21}):
        assert service.post(f"/api/quarantine/{id}/replay/", wrong).status_code == 400
    sources.change(shop.source, enabled=False)
    assert service.post(f"/api/quarantine/{id}/replay/", {}).json()["outcome"] == "left"
