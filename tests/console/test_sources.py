"""Sources on screen: added whole, with the key shown once, or not at all."""

import base64
import html
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from access.models import User
from console.sending import how_to_send
from console.showing import how_long_ago
from records import sources
from records.mapping import faults
from records.models import Source
from tests.console.conftest import World

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
SignIn = Callable[[str], Client]
ADD = "/admin/records/source/add/"


def form(**changes: Any) -> dict[str, Any]:
    given = {
        "name": "app",
        "kind": "online",
        "format": "segment",
        "stable_key": "account_id",
        "purposes": ["service"],
        "trust_rank": "50",
        "retention_days": "365",
        "region": "GB",
        "mapping": "{}",
    }
    return {**given, **changes}


def test_a_source_is_added_with_its_retention_and_its_key_shown(world: World, sign_in: SignIn) -> None:
    response = sign_in("operator").post(ADD, form())
    assert b"wk_" in response.content
    assert Source.objects.get(name="app").retention_days == 365


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"retention_days": "36501"}, "less than or equal to 36500"),
        ({"region": "XX"}, "Give the two letters"),
        ({"mapping": '{"event": "a\\u0000b"}'}, "The mapping holds a zero byte"),
        ({"mapping": "[" * 100_000}, "Enter a valid JSON"),
        ({"name": "shop"}, "already exists"),
    ],
)
def test_what_is_wrong_is_named_and_no_source_is_left_without_its_key(
    changes: dict[str, Any], problem: str, world: World, sign_in: SignIn
) -> None:
    response = sign_in("operator").post(ADD, form(**changes))
    assert response.status_code == 200
    assert problem in response.content.decode()
    assert not Source.objects.filter(name="app").exists()


def told_of(client: Client, **changes: Any) -> str:
    """What the page says that shows the key of a new source."""
    return str(client.post(ADD, form(**changes)).context["hint"])


def test_whoever_sends_messages_is_told_of_batches_and_clients(world: World, sign_in: SignIn) -> None:
    told = told_of(sign_in("operator"))
    assert "as the user name of HTTP Basic authentication (without a password) or as a Bearer token" in told
    assert "to http://testserver/v1/batch." in told
    assert "once http://testserver is set as their host" in told
    assert "public" not in told
    assert "This one is public" in told_of(sign_in("operator"), name="site", client_side="on")


@pytest.mark.parametrize("kind", ["offline", "iot"])
def test_whoever_sends_rows_is_told_of_events_files_and_webhooks(kind: str, world: World, sign_in: SignIn) -> None:
    told = told_of(sign_in("operator"), kind=kind, format="rows", stable_key="customer_number")
    assert "to http://testserver/v1/cloudevents." in told
    assert "manage.py ingest; signed webhooks have a secret of their own" in told
    assert "/v1/batch" not in told
    page = sign_in("operator").get(f"/admin/records/source/{Source.objects.get(name='app').pk}/change/")
    assert (
        "Load a file, send CloudEvents to /v1/cloudevents with its write key, or take signed" in page.content.decode()
    )


@pytest.mark.parametrize(("role", "may"), [("operator", True), ("data_steward", False)])
def test_only_who_may_load_files_is_told_to(role: str, may: bool, world: World, sign_in: SignIn) -> None:
    source, _ = sources.add("pos", kind="offline", format="rows", purposes=["service"])
    page = " ".join(sign_in(role).get(f"/admin/records/source/{source.pk}/change/").content.decode().split())
    assert ("Load a file" in page) is may
    assert ("It is set up by an administrator or an operator." in page) is not may
    assert ("on this page, or</p>" in page) is may
    assert ("on this page, by an administrator or an operator, or</p>" in page) is not may


@pytest.mark.parametrize(("role", "may"), [("operator", True), ("data_steward", False)])
def test_only_who_may_add_a_source_is_told_to(role: str, may: bool, db: None) -> None:
    client = Client()
    client.force_login(User.objects.create(username="somebody", roles=[role]))
    listed = client.get("/admin/records/source/").content.decode()
    assert ("Add a source to get its write key" in listed) is may
    assert ("Nobody has added any yet." in listed) is not may
    overview = client.get("/admin/").content.decode()
    assert "No record has come in yet." in overview
    assert ("Add a source, then send records" in overview) is may


def test_a_renewed_key_is_told_of_likewise(world: World, sign_in: SignIn) -> None:
    page = sign_in("operator").post(f"/admin/records/source/{world.crm.pk}/renew/")
    assert "/v1/cloudevents" in page.context["hint"]


def test_a_source_of_rows_with_a_public_key_has_no_webhooks(world: World, sign_in: SignIn) -> None:
    rows = {"kind": "iot", "format": "rows", "stable_key": "", "client_side": "on"}
    assert "webhooks" not in told_of(sign_in("operator"), **rows)


def mapping_help(client: Client, page: str) -> tuple[bool, bool]:
    """Whether a page says how to map rows, and how to map Segment messages."""
    content = client.get(page).content.decode()
    return "name a record, so that loading it again" in content, "categoryPreferences" in content


def test_a_source_is_shown_how_to_map_what_it_sends(world: World, sign_in: SignIn) -> None:
    operator, shop = sign_in("operator"), Source.objects.get(name="shop")
    for page in ("change", "mapping"):
        assert mapping_help(operator, f"/admin/records/source/{world.crm.pk}/{page}/") == (True, False)
        assert mapping_help(operator, f"/admin/records/source/{shop.pk}/{page}/") == (False, True)
    assert mapping_help(operator, ADD) == (True, True)


def test_the_mapping_that_segment_messages_are_shown_can_be_saved(world: World, sign_in: SignIn) -> None:
    shop = Source.objects.get(name="shop")
    page = sign_in("operator").get(f"/admin/records/source/{shop.pk}/change/").content.decode()
    shown = html.unescape(page.split('<pre class="o-pre">')[-1].split("</pre>")[0])
    assert list(faults(json.loads(shown))) == []


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (59, "just now"),
        (-5, "just now"),
        (60, "1\xa0minute ago"),
        (7_500, "2\xa0hours, 5\xa0minutes ago"),
    ],
)
def test_how_long_ago_is_told_as_people_say_it(seconds: int, words: str) -> None:
    now = timezone.now()
    assert how_long_ago(now - timedelta(seconds=seconds), now=now) == words


def test_what_came_last_stands_there_with_its_door(world: World, sign_in: SignIn) -> None:
    shop = Source.objects.get(name="shop")
    response = sign_in("operator").get(f"/admin/records/source/{shop.pk}/change/")
    latest = response.context["latest"]
    assert latest[0].door == "Segment messages"
    assert latest == sorted(latest, key=lambda one: one.at, reverse=True)
    assert sum(count for one in latest for name, count in one.outcomes if name == "stored") == sum(
        row.stored for row in shop.intakes.all()
    )
    assert "Segment messages</span>" in response.content.decode()


@pytest.mark.parametrize("format", ["segment", "rows"])
def test_the_call_that_the_page_shows_is_taken_in(format: str, db: None) -> None:
    source, key = sources.add("new", kind="online", format=format, purposes=["service"])
    call = how_to_send(source, lambda path: path, may_edit=True)[0].call
    ((type, address, body),) = re.findall(r"-H 'Content-Type: ([^']+)' (\S+) .*-d '(.+)'", call, re.S)
    credentials = base64.b64encode(f"{key}:".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}"}
    answer = Client().post(address, body, content_type=type, headers=headers)
    assert answer.status_code == 200, answer.content
    assert [(row.stored, row.quarantined) for row in source.intakes.all()] == [(1, 0)]


def test_every_way_in_that_is_open_to_a_source_is_told(db: None) -> None:
    def ways(**settings: Any) -> list[str]:
        source, _ = sources.add(f"source-{Source.objects.count()}", purposes=["service"], **settings)
        return [way.name for way in how_to_send(source, lambda path: path, may_edit=True)]

    assert ways(kind="online", format="segment", client_side=True) == ["Segment messages", "Files"]
    assert ways(kind="offline", format="rows") == ["CloudEvents", "Files", "Webhooks"]
    assert ways(kind="iot", format="rows") == ["CloudEvents", "Files", "Webhooks", "MQTT"]
