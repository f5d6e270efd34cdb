"""Reconciliation on screen: chosen days, the source's own counts as CSV, differences in words, and a report to keep."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from access.models import User
from access.roles import ROLES, VIEW_SOURCES
from records import sources
from records.models import Source
from tests.console.conftest import World
from tests.senders import send_rows

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
SignIn = Callable[[str], Client]
MAPPING = {"message_id": ["receipt"], "fields": {"card": "loyalty_number"}, "properties": {"amount": "number"}}


@pytest.fixture
def till(world: World, now: datetime) -> Source:
    """Two receipts of which one came twice, and one that could not be read."""
    source = sources.add("till", kind="offline", stable_key="loyalty_number", mapping=MAPPING)[0]
    rows = [{"receipt": number, "card": f"L-{number}", "amount": amount} for number, amount in RECEIPTS]
    send_rows(source, *rows, now=now)
    return source


RECEIPTS = [(1, "10.50"), (2, "4.25"), (1, "10.50"), (3, "lots")]


def page_of(source: Source) -> str:
    return reverse("admin:records_source_reconciliation", args=[source.pk])


def asked(now: datetime, text: str = "", **more: Any) -> dict[str, Any]:
    day = now.astimezone(UTC).date().isoformat()
    return {"by": "received", "property": "amount", "totals": text.replace("TODAY", day), **more}


def test_the_last_days_are_shown_without_the_sources_word(till: Source, sign_in: SignIn) -> None:
    response = sign_in("operator").get(page_of(till))
    found = response.context["found"]
    assert (len(found.days), found.whole.acknowledged, found.whole.stored, found.with_word) == (1, 4, 2, False)
    assert (len(found.rows), found.left_out, found.is_short) == (1, 0, True)
    assert found.bars == ["came", "stored"]
    assert "This is what is known here" in response.content.decode()
    assert page_of(till) in sign_in("operator").get(f"/admin/records/source/{till.pk}/change/").content.decode()


def test_the_latest_day_comes_first_and_days_without_anything_are_counted(
    till: Source, sign_in: SignIn, now: datetime
) -> None:
    first = (now - timedelta(days=20)).date().isoformat()
    response = sign_in("operator").post(page_of(till), asked(now, "", first=first, last=now.date().isoformat()))
    found = response.context["found"]
    assert (len(found.days), len(found.rows), found.left_out, found.is_short) == (21, 1, 20, False)
    assert found.rows[0].line.day == now.date()
    assert "20 days of which there is nothing to tell." in response.content.decode()


def test_what_a_source_says_is_compared_in_words(till: Source, sign_in: SignIn, now: datetime) -> None:
    text = "day,records,sum\nTODAY,5,25.25\n"
    response = sign_in("operator").post(page_of(till), asked(now, text))
    (day,) = response.context["found"].days
    assert [(bar.name, bar.value) for bar in day.bars] == [("said", 5), ("came", 4), ("stored", 2)]
    assert [bar.percent for bar in day.bars] == [100, 80, 40]
    page = response.content.decode()
    for told in (
        "1 record did not come.",
        "1 record came again and was known already.",
        "1 record is in quarantine.",
        "&#x27;amount&#x27; adds up to 10.5 less in what is stored than the source says.",
        "1 of 1 day differs",
        "day,records,sum",
    ):
        assert told in page


def test_a_day_that_agrees_and_one_that_the_source_leaves_out(till: Source, sign_in: SignIn, now: datetime) -> None:
    before = (now - timedelta(days=2)).astimezone(UTC).date()
    given = asked(now, "day;records\nTODAY;4\n", first=before.isoformat(), last="")
    response = sign_in("operator").post(page_of(till), given)
    found = response.context["found"]
    assert [(one.line.said, one.line.stored) for one in found.days] == [(None, 0), (None, 0), (4, 2)]
    assert found.whole.differing == 0
    assert "all agrees" in response.content.decode()


def test_a_file_is_read_and_stands_in_the_form(till: Source, sign_in: SignIn, now: datetime) -> None:
    day = now.astimezone(UTC).date().isoformat()
    file = SimpleUploadedFile("totals.csv", f"\ufeffday\trecords\r\n{day}\t4\r\n".encode())
    response = sign_in("operator").post(page_of(till), asked(now, file=file))
    assert response.context["found"].whole.missing == 0
    assert f"{day}\t4" in response.content.decode()


def test_the_report_is_taken_away_as_csv(till: Source, sign_in: SignIn, now: datetime) -> None:
    response = sign_in("operator").post(page_of(till), asked(now, "day,records,sum\nTODAY,5,25.25\n", csv="1"))
    assert response["Content-Disposition"] == 'attachment; filename="reconciliation-till-received.csv"'
    (row,) = csv.DictReader(io.StringIO(response.content.decode()))
    assert row == {
        "day": now.astimezone(UTC).date().isoformat(),
        "source_says": "5",
        "came": "4",
        "known_already": "1",
        "in_quarantine": "1",
        "refused": "0",
        "stored": "2",
        "taken_away": "0",
        "missing": "1",
        "sum_source_says": "25.25",
        "sum_stored": "14.75",
        "sum_missing": "10.5",
        "agrees": "no",
        "differences": "1 record did not come. 1 record came again and was known already. 1 record is in quarantine. "
        "'amount' adds up to 10.5 less in what is stored than the source says.",
    }


@pytest.mark.parametrize(
    ("given", "field", "told"),
    [
        ({"totals": "day,records\n2026-01-01,x\n"}, "totals", "Line 2, column 'records' must be a whole number"),
        ({"totals": "nonsense"}, "totals", "Line 1 names no column 'day'"),
        ({"file": b"day,records\n2026-01-01,1\nmonday,1\n"}, "file", "Line 3, column 'day' must be a day"),
        ({"file": b"day,records\n\xff,1\n"}, "file", "The file is not UTF-8: byte 12 is not valid there."),
        ({"file": b"day,records\n" + b"x" * 100_000}, "file", "The file was not taken: it may have 100 kB at most."),
        ({"file": b"x" * 3_000_000}, "file", "The file was not taken"),
        ({"first": "2026-02-01", "last": "2026-01-01"}, "last", "The last day is before the first."),
        ({"first": "2020-01-01", "last": "2026-01-01"}, "first", "1,100 days are shown at most."),
        ({"first": "0001-01-01"}, "first", "Choose a day between 1970-01-01 and 2199-12-31."),
        ({"property": "shoe_size"}, "property", "Select a valid choice"),
    ],
)
def test_what_cannot_be_compared_says_where(
    till: Source, sign_in: SignIn, now: datetime, given: dict[str, Any], field: str, told: str
) -> None:
    if "file" in given:
        given = {"file": SimpleUploadedFile("totals.csv", given["file"])}
    response = sign_in("operator").post(page_of(till), {**asked(now), **given})
    assert response.status_code == 200
    assert response.context["found"] is None
    assert told in " ".join(response.context["form"].errors[field])


def test_only_those_see_it_who_see_sources(till: Source, world: World, sign_in: SignIn) -> None:
    for role, granted in ROLES.items():
        expected = 200 if VIEW_SOURCES in granted.capabilities else 403
        assert sign_in(role).get(page_of(till)).status_code == expected, role
    stranger = Client()
    stranger.force_login(User.objects.create(username="stranger", roles=[]))
    assert stranger.post(page_of(till), asked(timezone.now())).status_code in (302, 403)
