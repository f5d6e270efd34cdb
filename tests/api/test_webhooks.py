"""The door for signed webhooks, with messages signed by the standard's own library."""

import base64
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from standardwebhooks import Webhook

from pipeline.process import process_batch
from records import sources, webhook_secrets
from records.models import Intake, QuarantinedRecord, Record, Source
from records.webhook_secrets import BadSecret
from tests.api.conftest import assert_problem
from vault.models import KeptKey

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SECRET = "whsec_" + base64.b64encode(b"thirty-two bytes of the sender's").decode()
MAPPING = {
    "kind": "subscription",
    "fields": {"customer": "customer_number", "email": "email"},
    "properties": {"plan": "string", "amount": "number"},
}
CHANGED = {
    "type": "plan.changed",
    "timestamp": "",
    "data": {"customer": "C-1", "plan": "gold", "amount": 12.5, "shoe": 38},
}


@pytest.fixture
def billing(db: None) -> Source:
    source = sources.add("billing", kind="offline", purposes=["service"], mapping=MAPPING)[0]
    webhook_secrets.keep(source, SECRET, now=timezone.now())
    return source


def post(
    body: object, *, id: str = "msg_1", secret: str = SECRET, at: datetime | None = None, name: str = "billing"
) -> Any:
    at = at or timezone.now()
    content = body if isinstance(body, str) else json.dumps(body)
    headers = {
        "webhook-id": id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(id, at, content),
    }
    return Client().post(f"/v1/webhooks/{name}", content, content_type="application/json", headers=headers)


def test_a_signed_message_lands_as_the_event_that_it_tells(billing: Source) -> None:
    an_hour_ago = timezone.now() - timedelta(hours=1)
    answer = post({**CHANGED, "timestamp": an_hour_ago.isoformat()})
    assert (answer.status_code, answer.json()["accepted"]) == (200, 1), answer.content
    record = Record.objects.get()
    assert (record.kind, record.event, record.occurred_at) == ("subscription", "plan.changed", an_hour_ago)
    assert record.properties == {"plan": "gold", "amount": 12.5}
    assert Intake.objects.get().door == "webhooks"
    process_batch(now=timezone.now())


def test_a_message_is_known_by_its_id_and_nothing_else(billing: Source) -> None:
    for id, accepted in (("msg_1", 1), ("msg_1", 0), ("msg_2", 1)):
        assert post(CHANGED, id=id).json()["accepted"] == accepted
    assert post({"customer": "C-1", "order_id": "7"}, id="msg_3").json()["accepted"] == 1
    assert post({"customer": "C-1", "order_id": "7"}, id="msg_4").json()["accepted"] == 1
    assert Record.objects.count() == 4


def test_a_body_of_another_shape_is_the_row_and_happened_when_it_was_sent(billing: Source) -> None:
    at = timezone.now() - timedelta(minutes=2)
    assert post([{"customer": "C-1"}, {"customer": "C-2"}], at=at).json()["accepted"] == 2
    assert {one.occurred_at for one in Record.objects.all()} == {at.replace(microsecond=0)}


@pytest.mark.parametrize("changes", [{"secret": "whsec_" + base64.b64encode(b"?" * 32).decode()}, {"name": "nobody"}])
def test_what_is_not_authentic_leaves_nothing(changes: dict[str, Any], billing: Source) -> None:
    assert_problem(post(CHANGED, **changes), 401, "not_authentic")
    assert not Record.objects.exists()
    assert not QuarantinedRecord.objects.exists()


@pytest.mark.parametrize("minutes", [-6, 6])
def test_what_was_sent_at_another_time_is_not_authentic(minutes: int, billing: Source) -> None:
    assert_problem(post(CHANGED, at=timezone.now() + timedelta(minutes=minutes)), 401, "not_authentic")
    assert not Record.objects.exists()


def test_a_source_without_a_secret_takes_none(billing: Source) -> None:
    sources.add("other", kind="offline")
    assert_problem(post(CHANGED, name="other"), 401, "not_authentic")


@pytest.mark.parametrize("timestamp", ["", "now", "-1", "9" * 40, "0" * 20 + "1"])
def test_a_timestamp_that_is_none_is_an_error(timestamp: str, billing: Source) -> None:
    headers = {"webhook-id": "msg_1", "webhook-timestamp": timestamp, "webhook-signature": "v1,AAAA"}
    answer = Client().post("/v1/webhooks/billing", "{}", content_type="application/json", headers=headers)
    assert_problem(answer, 401, "not_authentic")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("{", "malformed_json"),
        ("7", "not_an_object"),
        ({"type": "a", "timestamp": "no day", "data": {"customer": "C-1"}}, "absurd_date"),
        ({"plan": "gold"}, "missing_identifier"),
    ],
)
def test_what_cannot_be_read_is_quarantined(body: object, reason: str, billing: Source) -> None:
    answer = post(body)
    assert (answer.status_code, answer.json()["quarantined"]) == (200, 1)
    kept = QuarantinedRecord.objects.get()
    assert kept.reason == reason
    assert kept.sealed


def test_a_switched_off_source_says_so_to_its_sender_alone(billing: Source) -> None:
    sources.change(billing, enabled=False)
    assert_problem(post(CHANGED), 404, "source_disabled")
    assert_problem(post(CHANGED, secret="whsec_" + "A" * 32), 401, "not_authentic")


def test_a_client_side_source_takes_none(billing: Source) -> None:
    sources.change(billing, client_side=True)
    assert_problem(post(CHANGED), 401, "not_authentic")


@pytest.mark.usefixtures("one_minute")
def test_above_its_limit_the_sender_is_told_to_wait(billing: Source) -> None:
    sources.change(billing, records_per_minute=1)
    assert post(CHANGED).status_code == 200
    assert_problem(post(CHANGED, id="msg_2"), 429, "too_many_requests")


def test_while_a_secret_is_exchanged_both_count(billing: Source) -> None:
    now = timezone.now()
    webhook_secrets.keep(billing, SECRET, now=now)
    assert webhook_secrets.counting(billing, now=now) == [b"thirty-two bytes of the sender's"]
    new = webhook_secrets.make(billing, now=now)
    for number, secret in enumerate((SECRET, new)):
        assert post(CHANGED, id=f"msg_{number}", secret=secret).json()["accepted"] == 1
    assert len(webhook_secrets.counting(billing, now=now + timedelta(hours=25))) == 1
    webhook_secrets.forget(billing)
    assert_problem(post(CHANGED, id="msg_3", secret=new), 401, "not_authentic")
    assert not KeptKey.objects.filter(name__contains=str(billing.pk)).exists()


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_AAAA", "whsec_!!", SECRET.removeprefix("whsec_"), "whpk_AAAA"])
def test_a_text_that_is_no_secret_is_refused(text: str, billing: Source) -> None:
    with pytest.raises(BadSecret, match="a secret must"):
        webhook_secrets.keep(billing, text, now=timezone.now())
    assert post(CHANGED).status_code == 200
