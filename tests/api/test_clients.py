"""The official Python clients of Segment and Rudder, unmodified, sending over HTTP to this installation."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import rudderstack.analytics as rudder
import segment.analytics as segment
from django.db import connections
from django.utils import timezone
from rudderstack.analytics.client import Client as RudderClient
from rudderstack.analytics.request import APIError as RudderError
from segment.analytics.client import Client as SegmentClient
from segment.analytics.request import APIError as SegmentError

from api import errors
from console.management.commands import screenshots
from records import limits, sources
from records.models import Intake, QuarantinedRecord, Record
from tests.api.conftest import Shop
from tests.outage import database_away
from tests.pipeline.cast import seed_purposes

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keystore"])

CLIENTS = {"segment": SegmentClient, "rudder": RudderClient}
ERRORS = {"segment": SegmentError, "rudder": RudderError}
MOST = 5


@pytest.fixture
def shop(transactional_db: None) -> Shop:
    seed_purposes()
    return Shop(*sources.add("webshop", kind="online", purposes=["service", "analytics"]))


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for alias in ("default", "keystore"):
        monkeypatch.setitem(connections.databases[alias], "CONN_MAX_AGE", 0)
    with screenshots._serving() as address:
        yield address


@pytest.fixture(params=CLIENTS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def client_of(kind: str, shop: Shop, host: str, **options: Any) -> Any:
    return CLIENTS[kind](shop.write_key, host=host, **options)


def everything(client: Any) -> None:
    """Each call that the clients have."""
    client.identify("u-alice", {"email": "alice@example.com", "createdAt": timezone.now()})
    client.track("u-alice", "Order Completed", {"revenue": 42.5, "currency": "EUR"}, timestamp=timezone.now())
    client.page("u-alice", "Shop", "Home", {"url": "https://shop.example.com/"})
    client.screen("u-alice", "App", "Home")
    client.group("u-alice", "g-1", {"name": "Example"})
    client.alias("u-old", "u-alice")
    client.track(None, "Viewed", anonymous_id="a-1", timestamp=timezone.now() - timedelta(days=1))


@pytest.mark.parametrize("gzip", [False, True])
@pytest.mark.parametrize("at_once", [False, True])
def test_every_call_lands(kind: str, gzip: bool, at_once: bool, shop: Shop, host: str) -> None:
    client = client_of(kind, shop, host, gzip=gzip, sync_mode=at_once)
    everything(client)
    if not at_once:
        client.shutdown()
    kinds = sorted(Record.objects.values_list("kind", flat=True))
    assert kinds == ["alias", "group", "identify", "page", "screen", "track", "track"]
    assert QuarantinedRecord.objects.count() == 0
    assert Record.objects.get(event="Order Completed").properties["amount"] == 42.5


@pytest.mark.parametrize(("client", "address"), [(segment, "host"), (rudder, "dataPlaneUrl")])
def test_a_clients_module_is_pointed_here_by_two_settings(
    client: Any, address: str, shop: Shop, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"write_key": shop.write_key, address: host, "default_client": None}.items():
        monkeypatch.setattr(client, name, value)
    client.track("u-alice", "Order Completed", {"revenue": 42.5})
    client.shutdown()
    assert Record.objects.get().event == "Order Completed"


def test_a_refusal_is_understood_and_not_tried_again(kind: str, shop: Shop, host: str) -> None:
    client = CLIENTS[kind]("wk_unknown", host=host, sync_mode=True, max_retries=0)
    with pytest.raises(ERRORS[kind]) as caught:
        client.track("u-alice", "Order Completed")
    assert (caught.value.status, caught.value.code) == (401, "unknown_write_key")


def send_many(kind: str, shop: Shop, host: str, *, batches: int, meanwhile: Callable[[], None]) -> list[Exception]:
    """So many batches from the client's own thread; what it gave up on."""
    given_up: list[Exception] = []
    client = client_of(
        kind, shop, host, on_error=lambda error, items: given_up.append(error), upload_size=MOST, upload_interval=0.1
    )
    for number in range(batches * MOST):
        client.track(f"u-{number}", "Viewed", timestamp=timezone.now())
    meanwhile()
    client.flush()
    client.shutdown()
    return given_up


def test_above_its_limit_the_client_waits_and_nothing_is_lost(
    kind: str, shop: Shop, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MINUTE", timedelta(seconds=4))
    sources.change(shop.source, records_per_minute=MOST)
    throttled = answers(monkeypatch, 429)

    def wait() -> None:
        assert throttled.told.wait(60)
        sources.change(shop.source, records_per_minute=None)

    assert send_many(kind, shop, host, batches=6, meanwhile=wait) == []
    assert {int(answer["Retry-After"]) for answer in throttled} <= {1, 2, 3, 4}
    assert Record.objects.count() == 6 * MOST


def test_while_the_database_is_away_the_client_waits_and_nothing_is_lost(
    kind: str, shop: Shop, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errors, "RETRY_AFTER_SECONDS", 1)
    unavailable = answers(monkeypatch, 503)

    def wait() -> None:
        assert unavailable.told.wait(60)
        come_back()

    with database_away() as come_back:
        given_up = send_many(kind, shop, host, batches=2, meanwhile=wait)
    assert given_up == []
    assert {answer["Retry-After"] for answer in unavailable} == {"1"}
    assert Record.objects.count() == 2 * MOST
    assert sum(Intake.objects.values_list("stored", flat=True)) == 2 * MOST


class Answers(list[Any]):
    """What the server answered with one status."""

    def __init__(self) -> None:
        super().__init__()
        self.told = threading.Event()


def answers(monkeypatch: pytest.MonkeyPatch, status: int) -> Answers:
    """The answers of this status from now on."""
    seen, answer = Answers(), errors.answer

    def note(given: int, **options: Any) -> Any:
        response = answer(given, **options)
        if given == status:
            seen.append(response)
            seen.told.set()
        return response

    monkeypatch.setattr(errors, "answer", note)
    return seen
