"""The registry of devices: who is listed, since when, with which metrics; gone with the person who used it."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from access import users
from identity.device_registry import count_of, devices_of
from identity.models import DeviceEpisode, Profile
from privacy import requests
from privacy.erasure import erase
from records import sources
from records.models import Source
from tests.senders import process, send_rows

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


@pytest.fixture
def fridges(db: None) -> Source:
    mapping = {
        "kind": "telemetry",
        "occurred_at": "at",
        "event_column": "metric",
        "fields": {"device": "device_id", "owner": "account_id"},
    }
    return sources.add("fridges", kind="iot", stable_key="account_id", purposes=["service"], mapping=mapping)[0]


def told(device: str, at: datetime, metric: str = "temperature", **more: str) -> dict[str, str]:
    return {"device": device, "at": at.isoformat(), "metric": metric, **more}


def test_a_device_is_listed_with_its_times_and_metrics(fridges: Source, now: datetime) -> None:
    first, last = now - timedelta(days=3), now - timedelta(days=1)
    send_rows(fridges, told("f-1", first), told("f-1", last, "door"), told("f-2", first, "door"), now=now)
    latest, other = devices_of(fridges)
    assert (latest.first_seen_at, latest.last_seen_at, latest.metrics) == (first, last, ["door", "temperature"])
    assert (other.first_seen_at, other.metrics, other.stretches, other.owners) == (first, ["door"], 1, 0)
    assert latest.number != other.number
    assert (count_of(fridges), len(devices_of(fridges, limit=1))) == (2, 1)
    assert devices_of(sources.add("beacons", kind="iot", purposes=["service"])[0]) == []


def test_an_owner_is_known_by_evidence_alone_and_the_device_is_gone_with_them(fridges: Source, now: datetime) -> None:
    at = now - timedelta(days=2)
    send_rows(fridges, told("f-1", at), told("f-1", at + timedelta(hours=1), owner="u-alice"), now=now)
    process(now)
    (device,) = devices_of(fridges)
    assert device.owners == 1
    request = requests.open("erasure", profile_id=Profile.objects.get().pk, actor="officer-1", now=now)
    erase(requests.approve(request, actor="officer-2", now=now), actor="officer-2", now=now)
    assert (devices_of(fridges), DeviceEpisode.objects.count()) == ([], 0)


def test_the_sources_page_shows_them(fridges: Source, now: datetime) -> None:
    send_rows(fridges, told("f-secret-1", now - timedelta(days=2)), now=now)
    client = Client()
    client.force_login(users.add("mary", password="correct horse battery", roles=["operator"]))
    page = client.get(f"/admin/records/source/{fridges.pk}/change/").content.decode()
    assert "Devices" in page
    assert "temperature" in page
    assert "f-secret-1" not in page
