"""Accounting: what was acknowledged is stored, duplicate, quarantined or refused; no more than that can be there."""

import json
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from records import accounting
from records.models import Intake, QuarantinedRecord
from tests.senders import send_messages, send_rows

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

ALICE = {"customer_number": "C-1", "email": "alice@example.com", "updated_at": "2026-11-20T10:00:00Z"}


@pytest.fixture
def sent(crm: Any, browser: Any, now: Any) -> None:
    """Two days: a customer file with a repeated and a broken row, and a visitor who never said yes."""
    send_rows(crm, ALICE, ALICE, {**ALICE, "updated_at": "no day"}, now=now)
    send_rows(crm, {**ALICE, "customer_number": "C-2"}, now=now + timedelta(days=1))
    send_messages(browser, {"type": "page", "anonymousId": "a-1", "name": "Home"}, now=now)


def told(*arguments: str) -> Any:
    out = StringIO()
    call_command("accounting", "--since", "2026-11-22", "--until", "2026-11-30", *arguments, stdout=out)
    return out.getvalue()


def test_every_record_is_accounted_for_by_source_and_day(sent: None, now: Any) -> None:
    lines = json.loads(told("--json"))["lines"]
    numbers = [
        [one["day"], one["source"], *(one[name] for name in ("acknowledged", "stored", "duplicate", "quarantined"))]
        for one in lines
    ]
    assert numbers == [
        ["2026-11-22", "browser", 1, 0, 0, 0],
        ["2026-11-22", "crm", 3, 1, 1, 1],
        ["2026-11-23", "crm", 1, 1, 0, 0],
    ]
    assert [one["refused"] for one in lines] == [1, 0, 0]
    assert [(one["records_now"], one["in_quarantine_now"]) for one in lines] == [(0, 0), (1, 1), (1, 0)]
    assert all(one["faults"] == [] for one in lines)


def test_the_table_is_for_people_and_sums_up(sent: None) -> None:
    *_, last = told().rstrip().splitlines()
    assert last.split() == ["All", "5", "2", "1", "1", "1", "2", "1"]


def test_one_source_or_nothing(sent: None, crm: Any) -> None:
    assert {one["source"] for one in json.loads(told("--json", "--source", "crm"))["lines"]} == {"crm"}
    until = date(2026, 11, 1)
    assert list(accounting.lines(since=until - timedelta(days=1), until=until, source=crm)) == []
    out = StringIO()
    call_command("accounting", "--until", "2020-01-02", "--since", "2020-01-01", stdout=out)
    assert out.getvalue().strip() == "Nothing came in during these days."


def test_what_was_taken_away_since_is_no_fault(sent: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE records_record")
    QuarantinedRecord.objects.all().delete()
    assert json.loads(told("--json"))["faults"] == []


def test_more_than_was_ever_stored_is_a_fault(sent: None) -> None:
    Intake.objects.filter(source__name="crm").delete()
    with pytest.raises(CommandError, match="2026-11-23 crm: there are more records than were stored") as caught:
        told()
    assert caught.value.returncode == 1
    assert "2026-11-22 crm: there are more in quarantine than were put there" in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--since", "yesterday"), "give a day as 2026-01-31"),
        (("--since", "2026-12-02", "--until", "2026-12-01"), "lies after"),
        (("--source", "nobody"), "no source of this name"),
    ],
)
def test_what_cannot_be_asked_is_an_error(arguments: tuple[str, ...], words: str, db: None) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("accounting", *arguments)
