"""The door for CloudEvents, with events made by the specification's own library for Python."""

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from django.test import Client
from django.utils import timezone

from records import sources
from records.models import QuarantinedRecord, Record, Source
from tests.api.conftest import assert_problem

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

ADDRESS = "/v1/cloudevents"
STRUCTURED, BATCHED = "application/cloudevents+json", "application/cloudevents-batch+json"
MAPPING = {
    "kind": "telemetry",
    "fields": {"device.id": "device_id", "ce.subject": "customer_number"},
    "properties": {"degrees": "number", "ce.plant": "string"},
}


class Sender:
    """A system that speaks CloudEvents, with a write key."""

    def __init__(self, write_key: str) -> None:
        self.basic = "Basic " + base64.b64encode(f"{write_key}:".encode()).decode()

    def post(self, body: object, content_type: str, **headers: str) -> Any:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Client().post(
            ADDRESS, content, content_type=content_type, headers={"Authorization": self.basic, **headers}
        )


@pytest.fixture
def heating(db: None) -> Sender:
    """Thermostats that send by a message broker."""
    return Sender(sources.add("heating", kind="iot", purposes=["service"], mapping=MAPPING)[1])


def event(number: int, **attributes: Any) -> CloudEvent:
    """A reading of a thermostat, ten minutes ago."""
    about = {
        "id": f"e-{number}",
        "source": "/heating",
        "type": "com.example.reading",
        "specversion": "1.0",
        "time": timezone.now() - timedelta(minutes=10),
        "subject": "C-4711",
        "plant": "café",
    }
    return CloudEvent(attributes=about | attributes, data={"device": {"id": "t-17"}, "degrees": 20 + number})


def as_json(number: int, **members: Any) -> dict[str, Any]:
    """The same reading in the JSON format."""
    written: dict[str, Any] = json.loads(to_structured_event(event(number)).body)
    return written | members


def test_one_event_in_each_mode_lands_as_the_same_record(heating: Sender) -> None:
    structured, binary = to_structured_event(event(1)), to_binary_event(event(2))
    for message in (structured, binary):
        headers = {name: value for name, value in message.headers.items() if name.lower() != "content-type"}
        content_type = message.headers.get("content-type", "application/json")
        response = heating.post(message.body, content_type, **headers)
        assert (response.status_code, response.json()["accepted"]) == (200, 1), response.content
    response = heating.post([as_json(3)], BATCHED)
    assert response.json()["accepted"] == 1
    records = list(Record.objects.order_by("properties__degrees"))
    assert [(one.kind, one.event, one.properties) for one in records] == [
        ("telemetry", "com.example.reading", {"degrees": 20.0 + number, "ce.plant": "café"}) for number in (1, 2, 3)
    ]
    assert len({one.source_profile_id for one in records}) == 1
    assert all(timedelta(minutes=9) < timezone.now() - one.occurred_at < timedelta(minutes=11) for one in records)


def test_the_key_may_also_be_a_bearer_token(db: None) -> None:
    _, key = sources.add("heating", kind="iot", purposes=["service"], mapping=MAPPING)
    answers = [
        Client().post(ADDRESS, json.dumps(as_json(1)), content_type=STRUCTURED, headers={"Authorization": sent})
        for sent in (f"Bearer {key}", "Bearer wk_unknown")
    ]
    assert [answer.status_code for answer in answers] == [200, 401]


def test_the_call_in_the_documentation_is_taken_in(db: None) -> None:
    till = Sender(sources.add("till", kind="offline", purposes=["service"])[1])
    body = Path("docs/sources.md").read_text().split("/v1/cloudevents -u")[1].split("-d '")[1].split("'")[0]
    assert till.post(body.encode(), STRUCTURED).json()["accepted"] == 1
    assert Record.objects.get().properties == {"amount": 42.5, "currency": "EUR"}


def test_source_and_id_together_are_what_an_event_is_known_by(heating: Sender) -> None:
    heating.post(as_json(1), STRUCTURED)
    again = heating.post([as_json(1), as_json(1, source="/elsewhere")], BATCHED).json()
    assert (again["accepted"], again["duplicates"]) == (1, 1)


def test_events_about_one_order_are_not_taken_for_one_event(db: None) -> None:
    shop = Sender(sources.add("orders", kind="offline", purposes=["service"])[1])
    about = {"order_id": "o-1", "customer_number": "C-4711", "date": "2020-01-01"}
    events = [as_json(number, type=f"order.{number}", data=about) for number in (1, 2, 3)]
    assert shop.post(events, BATCHED).json()["accepted"] == 3
    assert set(Record.objects.values_list("event", flat=True)) == {"order.1", "order.2", "order.3"}
    assert min(Record.objects.values_list("occurred_at", flat=True)) > timezone.now() - timedelta(hours=1)


def test_an_error_names_the_place_in_the_body(heating: Sender) -> None:
    response = heating.post([as_json(1), as_json(2, source="")], BATCHED, **{"X-Strict-Mode": "1"})
    assert [one["field"] for one in assert_problem(response, 400, "messages_rejected")["errors"]] == ["1.source"]


def test_a_browser_may_send_in_binary_mode() -> None:
    allowed = Client().options(ADDRESS)["Access-Control-Allow-Headers"]
    assert {"ce-id", "ce-source", "ce-type", "ce-specversion"} <= {name.strip() for name in allowed.split(",")}


def test_data_in_base64_is_read_like_data(heating: Sender) -> None:
    data = as_json(1)["data"]
    packed = as_json(1, data=None, data_base64=base64.b64encode(json.dumps(data).encode()).decode())
    assert heating.post(packed, STRUCTURED).json()["accepted"] == 1
    assert Record.objects.get().properties["degrees"] == 21.0


@pytest.mark.parametrize(
    ("members", "code", "field"),
    [
        ({"specversion": "0.3"}, "unknown_version", "specversion"),
        ({"id": ""}, "missing_field", "id"),
        ({"source": 7}, "missing_field", "source"),
        ({"type": None}, "missing_field", "type"),
        ({"data": [1]}, "not_an_object", "data"),
        ({"data_base64": "%%"}, "not_an_object", "data_base64"),
        ({"time": "yesterday"}, "absurd_date", "ce.time"),
        ({"data": {"device": {"id": "t-17"}, "degrees": "warm"}}, "wrong_type", "degrees"),
    ],
)
def test_a_bad_event_is_kept_apart_and_the_good_one_lands(
    heating: Sender, members: dict[str, Any], code: str, field: str
) -> None:
    events = [as_json(1), as_json(2, **members)]
    response = heating.post(events, BATCHED)
    body = response.json()
    assert (response.status_code, body["accepted"], body["quarantined"]) == (200, 1, 1)
    assert [(one["index"], one["code"], one["field"]) for one in body["rejects"]] == [(1, code, field)]
    assert QuarantinedRecord.objects.get().reason == code
    assert heating.post(events, BATCHED).json()["duplicates"] == 2


def test_what_is_no_event_at_all_says_what_to_send(heating: Sender) -> None:
    assert_problem(heating.post({"value": 1}, "application/json"), 415, "unsupported_media_type")
    assert_problem(heating.post({"value": 1}, BATCHED), 400, "not_a_list")
    assert_problem(heating.post(b"{", STRUCTURED), 400, "malformed_json")
    binary = {"ce-id": "1", "ce-source": "/heating", "ce-type": "reading", "ce-specversion": "1.0"}
    assert_problem(heating.post(b"\x00", "image/png", **binary), 415, "unsupported_media_type")


def test_without_a_write_key_nothing_is_kept(heating: Sender) -> None:
    answer = Client().post(ADDRESS, json.dumps(as_json(1)), content_type=STRUCTURED)
    assert_problem(answer, 401, "unknown_write_key")
    assert not Record.objects.exists()


@pytest.mark.usefixtures("one_minute")
def test_above_the_limit_of_its_source_nothing_is_kept(heating: Sender) -> None:
    sources.change(Source.objects.get(name="heating"), records_per_minute=1)
    assert heating.post([as_json(1), as_json(2)], BATCHED).status_code == 200
    answer = heating.post([as_json(3)], BATCHED)
    assert_problem(answer, 429, "too_many_requests")
    assert Record.objects.count() == 2
