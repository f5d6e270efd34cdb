"""The official Segment client for Python, unmodified, sending to this installation."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.test import Client
from django.utils import timezone
from requests.adapters import BaseAdapter
from segment.analytics.client import Client as SegmentClient
from segment.analytics.request import APIError, _session

from records.models import QuarantinedRecord, Record
from tests.api.conftest import Shop

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

HOST = "http://onym.example.com"


class ThroughDjango(BaseAdapter):
    """Carries what the client sends to Django's test client, byte for byte, and the answer back."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        headers = dict(request.headers)
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        answer = Client().generic(
            str(request.method), urlsplit(str(request.url)).path, body, headers.pop("Content-Type"), headers=headers
        )
        response = requests.Response()
        response.status_code = answer.status_code
        response._content = answer.content
        response.headers.update(answer.headers)
        return response

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture(autouse=True)
def carried(settings: Any) -> Iterator[None]:
    settings.ALLOWED_HOSTS = ["testserver"]
    _session.mount(HOST, ThroughDjango())
    yield
    _session.adapters.pop(HOST)


@pytest.mark.parametrize("gzip", [False, True])
def test_every_call_of_the_client_lands(gzip: bool, shop: Shop) -> None:
    client = SegmentClient(shop.write_key, host=HOST, gzip=gzip, sync_mode=True)
    client.identify("u-alice", {"email": "alice@example.com", "createdAt": timezone.now()})
    client.track("u-alice", "Order Completed", {"revenue": 42.5, "currency": "EUR"}, timestamp=timezone.now())
    client.page("u-alice", "Shop", "Home", {"url": "https://shop.example.com/"})
    client.screen("u-alice", "App", "Home")
    client.group("u-alice", "g-1", {"name": "Example"})
    client.alias("u-old", "u-alice")
    client.track(None, "Viewed", anonymous_id="a-1", timestamp=timezone.now() - timedelta(days=1))
    kinds = sorted(Record.objects.values_list("kind", flat=True))
    assert kinds == ["alias", "group", "identify", "page", "screen", "track", "track"]
    assert QuarantinedRecord.objects.count() == 0
    assert Record.objects.get(event="Order Completed").properties["amount"] == 42.5


def test_the_client_understands_a_refusal_and_does_not_come_again(shop: Shop) -> None:
    client = SegmentClient("wk_unknown", host=HOST, sync_mode=True, max_retries=0)
    with pytest.raises(APIError) as caught:
        client.track("u-alice", "Order Completed")
    assert (caught.value.status, caught.value.code) == (401, "unknown_write_key")
