"""What browsers ask for: settings, beacons, and where their keys may stand."""

import json
from typing import Any

import pytest
from django.test import Client

from records import sources
from records.models import Record
from tests.api.conftest import Shop, assert_problem, order

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


@pytest.fixture
def page(db: None) -> str:
    """The public write key of the shop's site."""
    return sources.add("page", kind="online", client_side=True, purposes=["service"])[1]


def test_analytics_js_is_told_where_to_send_to(page: str) -> None:
    response = Client().get(f"/v1/projects/{page}/settings", headers={"Host": "testserver"})
    own = response.json()["integrations"]["Segment.io"]
    assert (own["apiKey"], own["apiHost"], own["protocol"]) == (page, "testserver/v1", "http")
    assert response["Access-Control-Allow-Origin"] == "*"


def test_a_closing_page_sends_a_beacon(page: str) -> None:
    batch = json.dumps({"batch": [{**order("alice", 1), "anonymousId": "a-1"}]})
    answer = Client().post(f"/beacon/v1/batch?writeKey={page}", batch, content_type="text/plain")
    assert (answer.status_code, answer.json()["accepted"]) == (200, 1)
    assert Record.objects.get().source.name == "page"


@pytest.mark.parametrize("address", ["/v1/projects/{key}/settings", "/beacon/v1/batch?writeKey={key}"])
def test_a_servers_key_has_no_place_in_an_address(address: str, shop: Shop) -> None:
    client = Client()
    ask: Any = client.get if "settings" in address else client.post
    assert_problem(ask(address.format(key=shop.write_key)), 403, "key_is_secret")
    assert_problem(ask(address.format(key="wk_unknown")), 401, "unknown_write_key")


def test_a_batch_of_old_messages_is_imported(shop: Shop) -> None:
    assert shop.send({"batch": [order("alice", 1, days_ago=200)]}, path="/v1/import").json()["accepted"] == 1


def test_clients_may_ask_whether_anybody_listens() -> None:
    assert Client().get("/health").status_code == 200
