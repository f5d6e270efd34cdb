"""The list of quarantine, narrowed down to a source or a file: its bars and groups follow, and acts lead back to it."""

import html
import re
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from console.screens import quarantine as screen
from pipeline import tasks
from pipeline.models import Replay
from records.models import FileLoad, QuarantinedRecord, Source
from tests.console.conftest import World, said
from tests.senders import send_messages

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
SignIn = Callable[[str], Client]
LIST = reverse("admin:records_quarantinedrecord_changelist")
FILE = b"customer_number,email,updated_at\nC-77,x@example.com,3024-01-01\n"


def order(number: int, **different: Any) -> dict[str, Any]:
    properties = {"revenue": "canary much"}
    return {"type": "track", "event": "Order", "messageId": f"q{number}", "userId": f"u{number}",
            "properties": properties, **different}  # fmt: skip


@pytest.fixture
def shop(world: World, now: datetime) -> Source:
    """The shop of the world, three of whose orders say no number; the customer file has one date of its own there."""
    shop = Source.objects.get(name="shop")
    send_messages(shop, *(order(number) for number in range(3)), {"type": "identify", "messageId": "nobody"}, now=now)
    return shop


def groups(client: Client, **chosen: object) -> list[tuple[str, str, int]]:
    shown = client.get(LIST, chosen).context["groups"].shown
    return [(group.source_name, group.field, group.count) for group in shown]


def reasons(client: Client, **chosen: object) -> list[tuple[str, float]]:
    return [(bar.label, bar.value) for _, bar, _ in client.get(LIST, chosen).context["reasons"]]


def test_bars_and_groups_follow_the_source(world: World, shop: Source, sign_in: SignIn) -> None:
    operator = sign_in("operator")
    assert groups(operator) == [("shop", "revenue", 3), ("crm", "updated_at", 1), ("shop", "userId", 1)]
    assert groups(operator, source__id__exact=shop.pk) == [("shop", "revenue", 3), ("shop", "userId", 1)]
    assert groups(operator, source__id__exact=world.crm.pk) == [("crm", "updated_at", 1)]
    assert reasons(operator, source__id__exact=world.crm.pk) == [("Absurd date", 1)]
    assert groups(operator, source__id__exact=shop.pk, reason__exact="wrong_type") == [("shop", "revenue", 3)]


def test_a_reason_keeps_the_source_and_says_that_it_is_chosen(shop: Source, sign_in: SignIn) -> None:
    operator = sign_in("operator")
    page = operator.get(LIST, {"source__id__exact": shop.pk})
    links = {bar.label: link for link, bar, _ in page.context["reasons"]}
    narrowed = operator.get(LIST + links["Wrong type"])
    assert narrowed.context["cl"].result_count == 3
    assert {one.title: one.chosen for one in narrowed.context["cl"].filters} == {
        "reason": "Wrong type",
        "source": "shop",
    }
    assert [bar.value for _, bar, _ in narrowed.context["reasons"]] == [3, 1]


def test_of_many_groups_the_largest_are_shown_and_whose_the_others_are(
    world: World, shop: Source, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen, "MOST_AT_FIRST", 1)
    operator = sign_in("operator")
    page = operator.get(LIST)
    assert groups(operator) == [("shop", "revenue", 3)]
    content = " ".join(page.content.decode().split())
    assert [(one.source_name, one.groups) for one in page.context["groups"].more] == [("crm", 1), ("shop", 1)]
    assert "2 more, of <a" in content
    own = f"{LIST}?{urlencode({'source__id__exact': world.crm.pk})}"
    assert f'href="{own}">crm</a> (1)' in content
    assert groups(operator, source__id__exact=shop.pk) == [("shop", "revenue", 3), ("shop", "userId", 1)]


@pytest.fixture
def load(world: World, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> FileLoad:
    """A file of the customer system, one row of which is in quarantine for the same reason as one that came before."""
    monkeypatch.setattr(tasks.work_on_file, "delay", lambda _: None)
    address = reverse("admin:records_source_upload", args=[world.crm.pk])
    kind = "application/octet-stream"
    page = sign_in("operator").generic("POST", address, FILE, kind, CONTENT_TYPE=kind).json()["page"]
    load = FileLoad.objects.get()
    tasks.work_on_file(str(load.pk))
    sign_in("operator").post(f"{page}load/")
    tasks.work_on_file(str(load.pk))
    return load


def test_of_a_file_only_its_own_are_shown_and_replayed(
    load: FileLoad, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks.work_on_replay, "delay", tasks.work_on_replay)
    page = sign_in("operator").get(LIST, {"load": load.pk})
    (group,) = page.context["groups"].shown
    assert (group.source_name, group.field, group.count) == ("crm", "updated_at", 1)
    assert [(bar.label, bar.value) for _, bar, _ in page.context["reasons"]] == [("Absurd date", 1)]
    assert page.context["cl"].result_count == 1
    assert "of this file alone" in page.content.decode()
    assert f'name="load" value="{load.pk}"' in page.content.decode()
    asked = {"source": group.source, "reason": group.reason, "field": group.field}
    begin = reverse("admin:records_quarantinedrecord_replays")
    sign_in("operator").post(begin, {**asked, "load": load.pk})
    run = Replay.objects.get()
    assert (run.load, run.found, run.done, run.still) == (load, 1, 1, 1)
    sign_in("operator").post(begin, asked)
    assert Replay.objects.get(load=None).found == 2
    told = sign_in("operator").post(begin, {**asked, "load": "00000000-0000-4000-8000-000000000000"})
    assert (said(told), Replay.objects.count()) == (["Nothing of that is in quarantine any more."], 2)


def test_the_file_that_is_chosen_is_named_and_can_be_let_go(load: FileLoad, sign_in: SignIn) -> None:
    page = sign_in("operator").get(LIST, {"load": load.pk})
    (chosen,) = (one for one in page.context["cl"].filters if one.title == "file")
    assert chosen.chosen.startswith("crm: CSV")
    assert [choice["query_string"] for choice in chosen.choices] == ["?", f"?load={load.pk}"]


@pytest.mark.parametrize("load", ["4711", "00000000-0000-4000-8000-000000000000"])
def test_of_a_file_that_there_is_not_nothing_is_shown(load: str, shop: Source, sign_in: SignIn) -> None:
    page = sign_in("operator").get(LIST, {"load": load})
    assert (page.context["cl"].result_count, page.context["groups"].shown) == (0, [])


def test_one_leads_back_to_the_list_that_it_was_opened_from(world: World, shop: Source, sign_in: SignIn) -> None:
    steward = sign_in("data_steward")
    session = steward.session
    session["second_factor_at"] = time.time()
    session.save()
    chosen = urlencode({"reason__exact": "wrong_type", "source__id__exact": shop.pk})
    listed = steward.get(f"{LIST}?{chosen}").content.decode()
    opened = html.unescape(re.findall(r'href="([^"]+_changelist_filters[^"]+)"', listed)[0])
    page = steward.get(opened)
    address, _, kept = opened.partition("?")
    row = QuarantinedRecord.objects.get(pk=address.rstrip("/").split("/")[-2])
    for act in ("replay", "open"):
        link = reverse(f"admin:records_quarantinedrecord_{act}", args=[row.pk])
        assert f"{link}?{kept}" in html.unescape(page.content.decode())
    mend = reverse("admin:records_quarantinedrecord_mend", args=[row.pk])
    text = steward.post(address.replace("change", "open") + f"?{kept}", {"reason": "ticket"})
    assert f"{mend}?{kept}" in html.unescape(text.content.decode())
    record = text.context["form"]["record"].value().replace('"canary much"', "12.5")
    done = steward.post(f"{mend}?{kept}", {"record": record, "reason": "ticket"})
    assert done["Location"] == f"{LIST}?{chosen}"


def test_a_replay_leads_back_to_the_list_that_it_was_begun_on(
    shop: Source, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks.work_on_replay, "delay", lambda _: None)
    operator, chosen = sign_in("operator"), urlencode({"source__id__exact": shop.pk})
    begin = reverse("admin:records_quarantinedrecord_replays") + f"?{urlencode({'_changelist_filters': chosen})}"
    assert begin in html.unescape(operator.get(f"{LIST}?{chosen}").content.decode())
    run = operator.post(begin, {"source": shop.pk, "reason": "wrong_type", "field": "revenue"})
    assert f'href="{LIST}?{chosen}"' in operator.get(run["Location"]).content.decode()


def test_sources_are_called_as_they_are_named(shop: Source, sign_in: SignIn) -> None:
    menus = {menu.title: menu for menu in sign_in("operator").get(LIST).context["cl"].filters}
    assert {"crm", "shop"} <= {choice["display"] for choice in menus["source"].choices}
    assert "Wrong type" in {choice["display"] for choice in menus["reason"].choices}
