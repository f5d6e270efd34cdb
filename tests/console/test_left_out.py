"""Whoever looks at what was not taken in, or may not be used, is told why and the way out."""

import ast
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from consent import rules
from console.left_out import WAYS_OUT
from records import sources
from records.models import Source
from records.ways_out import ADVICE
from tests.console.conftest import PLAINTEXT, World
from tests.senders import send_messages, send_rows

SignIn = Callable[[str], Client]
ROOMS = ("records", "pipeline")


def codes() -> Iterator[str]:
    """Every reason for which a record is put into quarantine, as the code says it."""
    for room in ROOMS:
        for file in (Path(settings.BASE_DIR) / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Unreadable", "Reject"):
                    given = [*node.args[:1], *(word.value for word in node.keywords if word.arg == "code")]
                    yield from (part.value for one in given for part in _texts(one))


def _texts(node: ast.expr) -> list[ast.Constant]:
    branches = [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]
    return [one for one in branches if isinstance(one, ast.Constant)]


def test_every_reason_of_quarantine_has_a_way_out() -> None:
    known = set(codes())
    assert len(known) > 10
    assert known | {"invalid_utf8"} == set(ADVICE)


def test_every_reason_of_a_refusal_has_a_way_out() -> None:
    """What `consent.rules` answers beside yes."""
    written = ast.parse(Path(rules.__file__).read_text()).body
    values = [node.value for node in written if isinstance(node, ast.Assign)]
    reasons = {value.value for value in values if isinstance(value, ast.Constant)}
    assert {rules.NEVER_SAID, rules.SAID_NO, rules.RESTRICTED} <= reasons
    assert set(WAYS_OUT) == reasons - {rules.ALLOWED}


@pytest.mark.django_db(databases=["default", "keystore"])
def test_a_source_says_why_records_were_left_out(world: World, sign_in: SignIn, now: datetime) -> None:
    mailing, _ = sources.add("mailing", kind="online", purposes=["marketing"])
    stranger = {"type": "identify", "messageId": "s1", "userId": "u-s", "traits": {"email": "alice@example.com"}}
    send_messages(mailing, stranger, now=now)
    send_messages(mailing, stranger, now=now)
    send_messages(mailing, {"type": "identify", "messageId": "nobody"}, now=now)
    page = sign_in("operator").get(reverse("admin:records_source_change", args=[mailing.pk]))
    assert [(one.name, one.count) for one in page.context["left_out"]] == [
        ("Quarantined: Missing identifier", 1),
        ("Refused", 1),
        ("Duplicate", 1),
    ]
    content = page.content.decode()
    assert "purposes that the source declares (Marketing)" in content
    assert "Send the person&#x27;s yes with the record" in content
    assert "reason__exact=missing_identifier" in content
    assert [value for value in PLAINTEXT if value in content] == []
    link = page.context["left_out"][0].page
    assert len(sign_in("operator").get(link).context["cl"].result_list) == 1


@pytest.mark.django_db(databases=["default", "keystore"])
def test_each_reason_says_what_is_the_matter_and_its_own_way_out(world: World, sign_in: SignIn, now: datetime) -> None:
    shop = Source.objects.get(name="shop")
    wrong: Any = {"type": "track", "event": "Order", "userId": "u-1"}
    send_messages(shop, {"type": "identify", "messageId": "q0"}, now=now)
    for number, name in enumerate(("revenue", "revenue", "quantity")):
        send_messages(shop, {**wrong, "messageId": f"q{number + 1}", "properties": {name: "canary much"}}, now=now)
    page = sign_in("operator").get(reverse("admin:records_source_change", args=[shop.pk]))
    told = [(one.count, one.why, one.way_out) for one in page.context["left_out"]]
    without = told[1][1]
    assert told == [
        (3, "Such as: 'quantity' must be an integer.", ADVICE["wrong_type"]),
        (1, without, ADVICE["missing_identifier"]),
    ]
    assert "userId" in without
    assert "canary" not in page.content.decode()


@pytest.mark.django_db(databases=["default", "keystore"])
def test_a_source_from_which_all_was_taken_in_says_nothing_of_it(world: World, sign_in: SignIn, now: datetime) -> None:
    till, _ = sources.add("till", kind="offline", purposes=["service"])
    send_rows(till, {"customer_number": "C-1", "email": "bob@example.com"}, now=now)
    page = sign_in("operator").get(reverse("admin:records_source_change", args=[till.pk]))
    assert page.context["left_out"] == []
    assert "Not taken in, and why" not in page.content.decode()


@pytest.mark.django_db(databases=["default", "keystore"])
def test_the_list_of_quarantine_says_once_for_each_reason_what_to_do(
    world: World, sign_in: SignIn, now: datetime
) -> None:
    born = {"email": "bob@example.com", "birth_date": "1980-02-30"}
    send_rows(world.crm, *({**born, "customer_number": f"C-{number}"} for number in range(3)), now=now)
    send_rows(world.crm, {"customer_number": ["C-5"]}, now=now)
    page = sign_in("operator").get(reverse("admin:records_quarantinedrecord_changelist"))
    told = {bar.label: (bar.value, way_out) for _, bar, way_out in page.context["reasons"]}
    assert told["Absurd date"] == (4, ADVICE["absurd_date"])
    content = page.content.decode()
    assert [content.count(escape(way_out)) for _, way_out in told.values()] == [1, 1]
