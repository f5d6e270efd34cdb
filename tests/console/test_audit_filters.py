"""The audit log narrowed down: when, by whom, what kind of act; and nothing of a person stands in an address."""

import ast
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.audit_filters import KEPT_UP, KINDS, LOOKED, PUT_RIGHT
from tests.console.conftest import PLAINTEXT, World
from vault.models import AuditEntry

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
SignIn = Callable[[str], Client]
ROOMS = ("access", "api", "console", "identity", "pipeline", "privacy", "records", "segments", "vault")
LIST = "admin:vault_auditentry_changelist"


def entry(actor: str, *, kind: str, at: datetime, action: str = "open profile", reason: str = "a page") -> int:
    return AuditEntry.objects.create(
        at=at, actor=actor, actor_kind=kind, action=action, purpose="service", reason=reason, subjects=[], count=1
    ).pk


@pytest.fixture
def entries(world: World, now: datetime) -> dict[str, int]:
    """One entry of each kind, long ago and lately."""
    marketer, long_ago = str(world.staff["marketer"].pk), now - timedelta(days=400)
    return {
        "looked": entry(marketer, kind="person", at=now),
        "revealed": entry(marketer, kind="person", at=now, action="read golden record", reason="reveal: ticket 4711"),
        "broke glass": entry(marketer, kind="person", at=now, reason="break-glass: ticket 4711"),
        "exported": entry(world.key, kind="api", at=now, action="export"),
        "long ago": entry(marketer, kind="person", at=long_ago),
    }


@pytest.fixture
def listed(entries: dict[str, int], sign_in: SignIn) -> Callable[..., set[str]]:
    """The names of those of the entries that the list shows."""
    client, names = sign_in("privacy_officer"), {pk: name for name, pk in entries.items()}

    def narrow(**filters: str) -> set[str]:
        response = client.get(reverse(LIST), filters)
        assert response.status_code == 200, filters
        return {names[row.pk] for row in response.context["cl"].queryset if row.pk in names}

    return narrow


def test_the_last_day_that_there_is_keeps_nothing_out(listed: Callable[..., set[str]]) -> None:
    assert listed(until="9999-12-31") == listed()


def test_by_kind_of_act(listed: Callable[..., set[str]]) -> None:
    assert listed(what="reveal") == {"revealed", "broke glass"}
    assert listed(what="export") == {"exported"}
    assert listed(what="look") == {"looked", "revealed", "broke glass", "long ago"}
    assert listed(what="upkeep") == set()


def test_by_whom(world: World, listed: Callable[..., set[str]], entries: dict[str, int]) -> None:
    assert listed(by=world.key) == {"exported"}
    assert listed(by=str(world.staff["marketer"].pk)) == set(entries) - {"exported"}
    assert listed(by=str(world.staff["operator"].pk)) == set()


def test_by_day_and_from_one_day_to_another(listed: Callable[..., set[str]], entries: dict[str, int]) -> None:
    today = timezone.localdate()
    then = timezone.localdate(timezone.now() - timedelta(days=400))
    lately = set(entries) - {"long ago"}
    assert listed(when="today") == listed(when="week") == listed(when="month") == lately
    assert listed(**{"from": then.isoformat(), "until": then.isoformat()}) == {"long ago"}
    assert listed(**{"from": today.isoformat()}) == lately
    assert listed(until=(today - timedelta(days=1)).isoformat()) == {"long ago"}
    assert listed(**{"from": then.isoformat(), "what": "reveal"}) == {"revealed", "broke glass"}
    assert listed(**{"from": "the 31st", "until": "2026-02-31"}) == set(entries)


def test_the_days_chosen_stand_in_the_menu_and_other_filters_stay(world: World, sign_in: SignIn) -> None:
    client, officer = sign_in("privacy_officer"), str(world.staff["privacy_officer"].pk)
    shown = client.get(reverse(LIST), {"from": "2026-05-04", "until": "2026-05-06", "by": officer})
    menus = {menu.title: menu for menu in shown.context["cl"].filters}
    assert menus["when"].chosen == "From May 4, 2026 to May 6, 2026"
    assert menus["by"].chosen == "privacy_officer"
    content = shown.content.decode()
    assert f'<input type="hidden" name="by" value="{officer}">' in content
    assert 'name="from" value="2026-05-04"' in content
    today = next(choice for choice in menus["when"].choices if choice["display"] == "Today")
    assert today["query_string"] == f"?by={officer}&when=today"


def test_no_address_of_a_filter_names_anybody(world: World, entries: dict[str, int], sign_in: SignIn) -> None:
    content = sign_in("privacy_officer").get(reverse(LIST)).content.decode()
    links = re.findall(r'href="(\?[^"]*)"', content)
    assert len(links) > 10
    staff = [user.username for user in world.staff.values()]
    assert [link for link in links for value in (*PLAINTEXT, *staff, "ticket") if value in link] == []


def test_every_action_is_of_a_kind(world: World) -> None:
    made = {*actions(), *AuditEntry.objects.values_list("action", flat=True)}
    assert len(made) > 15
    assert made == {*LOOKED, *KEPT_UP, *PUT_RIGHT, "export"}
    assert set(KINDS) == {"reveal", "look", "export", "rectify", "upkeep"}


def actions() -> Iterator[str]:
    """What the code calls the reads that it writes into the audit log."""
    files = (file for room in ROOMS for file in (Path(settings.BASE_DIR) / room).rglob("*.py"))
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text())))
    words = (node.value for node in nodes if isinstance(node, ast.keyword) and node.arg == "action")
    texts = {str(word.value) for word in words if isinstance(word, ast.Constant)}
    yield from texts - {"append", "store_true"}  # those are of arguments of a command
