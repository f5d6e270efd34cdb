"""Reconciliation: the source's own counts and sums by day beside what came and what is stored."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from pipeline import replay
from records import intakes, reconciliation, reconciliation_totals, sources
from records.mending import Mend
from records.models import QuarantinedRecord, Source
from records.reconciliation import HAPPENED, RECEIVED, Total
from records.reconciliation_words import explanation
from tests.senders import send_rows
from vault.grants import Actor

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

MAPPING = {
    "occurred_at": "at",
    "message_id": ["receipt"],
    "fields": {"card": "loyalty_number"},
    "properties": {"amount": "number"},
}
DAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def till(db: None, now: Any) -> Source:
    """Two receipts of which one came twice, and one that could not be read; two days later another."""
    source = sources.add("till", kind="offline", stable_key="loyalty_number", mapping=MAPPING)[0]
    send_rows(source, row(1, "10.50"), row(2, "4.25"), row(1, "10.50"), row(3, "lots"), now=now)
    send_rows(source, row(4, "1"), now=now + timedelta(days=2))
    return source


def row(receipt: int, amount: str) -> dict[str, object]:
    return {"receipt": receipt, "card": f"L-{receipt}", "amount": amount, "at": "2026-11-20T10:00:00Z"}


def compared(source: Source, *totals: Total, by: str = RECEIVED) -> list[tuple[object, ...]]:
    return [
        (line.said, line.acknowledged, line.stored, line.missing, line.missing_sum, line.agrees)
        for line in reconciliation.lines(source, totals, by=by)
    ]


def test_what_came_agrees_and_what_is_missing_of_the_sum_is_in_quarantine(till: Source) -> None:
    (line,) = reconciliation.lines(till, [Total(DAY, 4, Decimal("20.75"))], by=RECEIVED)
    assert (line.acknowledged, line.duplicate, line.quarantined, line.refused) == (4, 1, 1, 0)
    assert (line.stored, line.stored_sum, line.missing, line.missing_sum) == (2, Decimal("14.75"), 0, Decimal("6.00"))
    assert not line.agrees


def test_what_is_replayed_agrees(till: Source, now: Any) -> None:
    ids = list(QuarantinedRecord.objects.values_list("id", flat=True))
    mended = json.dumps(row(3, "6")).encode()
    replay.replay(ids, actor=Actor.machine("test"), reason="test", now=now + timedelta(days=5), mend=Mend(anew=mended))
    assert compared(till, Total(DAY, 4, Decimal("20.75"))) == [(4, 4, 3, 0, Decimal(0), True)]


def test_days_without_anything_and_without_a_sum(till: Source) -> None:
    days = [Total(DAY + timedelta(days=number), 1) for number in range(3)]
    assert compared(till, *reversed(days)) == [
        (1, 4, 2, -3, None, False),
        (1, 0, 0, 1, None, False),
        (1, 1, 1, 0, None, True),
    ]
    assert compared(till) == []


def test_days_of_which_the_source_says_nothing(till: Source) -> None:
    days = reconciliation.span(DAY, DAY + timedelta(days=2))
    found = list(reconciliation.lines(till, [Total(DAY, 5)], by=RECEIVED, days=days))
    assert [(line.day, line.said, line.stored, line.missing, line.agrees) for line in found] == [
        (DAY, 5, 2, 1, False),
        (DAY + timedelta(days=1), None, 0, None, True),
        (DAY + timedelta(days=2), None, 1, None, True),
    ]
    whole = reconciliation.whole_of(found)
    assert (whole.days, whole.differing, whole.said, whole.acknowledged, whole.stored, whole.missing) == (
        3,
        1,
        5,
        5,
        3,
        1,
    )
    assert (whole.said_sum, whole.stored_sum, whole.missing_sum) == (None, Decimal("15.75"), None)


def test_differences_in_words(till: Source) -> None:
    # One was stored that is not there any more.
    intakes.note(till, door="http", acknowledged=1, stored=1, duplicate=0, quarantined=0, refused=0, now=NOON)
    (line,) = reconciliation.lines(till, [Total(DAY, 7, Decimal("25"))], by=RECEIVED)
    assert explanation(line, property="amount") == [
        "2 records did not come.",
        "1 record came again and was known already.",
        "1 record is in quarantine.",
        "1 record was stored and then taken away, by retention or an erasure.",
        "'amount' adds up to 10.25 less in what is stored than the source says.",
    ]
    (later,) = reconciliation.lines(till, [Total(DAY + timedelta(days=2), 0)], by=RECEIVED)
    assert explanation(later, property="amount") == ["1 record more came than the source says."]
    (happened,) = reconciliation.lines(till, [Total(date(2026, 11, 20), 2, Decimal("11.5"))], by=HAPPENED)
    assert explanation(happened, property="amount") == [
        "1 record more is stored than the source says.",
        "'amount' adds up to 4.25 more in what is stored than the source says.",
    ]
    (fewer,) = reconciliation.lines(till, [Total(date(2026, 11, 20), 4)], by=HAPPENED)
    assert explanation(fewer, property="amount")[0].startswith("1 record is not stored: the days on which records came")
    (silent,) = reconciliation.lines(till, [], by=RECEIVED, days=[DAY + timedelta(days=1)])
    assert explanation(silent, property="amount") == ["The source says nothing of this day."]
    (well,) = reconciliation.lines(till, [Total(DAY + timedelta(days=2), 1)], by=RECEIVED)
    assert explanation(well, property="amount") == ["All agrees."]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_totals_are_read_as_tables_are_pasted(separator: str) -> None:
    text = "\ufeffDay, Records ,sum,note\r\n2026-11-22,4,20.75,x\r\n\r\n2026-11-23,0,,\r\n".replace(",", separator)
    assert reconciliation_totals.read(text) == [
        Total(DAY, 4, Decimal("20.75")),
        Total(DAY + timedelta(days=1), 0, None),
    ]


def test_by_the_day_on_which_it_happened(till: Source) -> None:
    told = compared(till, Total(date(2026, 11, 20), 3, Decimal("15.75")), by=HAPPENED)
    assert told == [(3, None, 3, 0, Decimal(0), True)]


def test_another_sources_records_do_not_count(till: Source) -> None:
    other = sources.add("other", kind="offline")[0]
    assert compared(other, Total(DAY, 0)) == [(0, 0, 0, 0, None, True)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "totals.csv"


def test_the_command(till: Source, path: Path) -> None:
    path.write_text("day,records,sum\n2026-11-24,1,1\n2026-11-23,0,\n")
    out = StringIO()
    call_command("reconcile", str(path), source="till", json=True, stdout=out)
    lines = json.loads(out.getvalue())["lines"]
    assert [(line["day"], line["missing"], line["missing_sum"]) for line in lines] == [
        ("2026-11-23", 0, None),
        ("2026-11-24", 0, "0"),
    ]
    path.write_text("day,records\n2026-11-22,5\n")
    out = StringIO()
    with pytest.raises(CommandError, match="Does not agree: 2026-11-22"):
        call_command("reconcile", str(path), source="till", stdout=out)
    assert out.getvalue().split()[-8:] == ["2026-11-22", "5", "4", "1", "1", "0", "2", "1"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1 names no column 'day'"),
        ("day\n2026-11-22\n", "line 1 names no column 'records'"),
        ("day,day,records\n2026-11-22,1,2\n", "line 1 names a column twice"),
        ("day,records\nmonday,1\n", "line 2, column 'day' must be a day"),
        ("day,records\n2026-02-30,1\n", "line 2, column 'day' must be a day"),
        ("day,records\n9999-12-31,1\n", "line 2, column 'day' must be a day between 1970 and 2199"),
        ("day,records\n2026-11-21,1\n2026-11-22\n", "line 3, column 'records' must be a whole number, 0 or more"),
        ("day,records\n2026-11-22,-1\n", "line 2, column 'records'"),
        ("day;records\n2026-11-22;1.5\n", "line 2, column 'records'"),
        ("day,records\n2026-11-22,1,9\n", "line 2 has more fields than line 1 has columns"),
        ("day,records,sum\n2026-11-22,1,much\n", "line 2, column 'sum' must be a number"),
        ("day,records,sum\n2026-11-22,1,NaN\n", "line 2, column 'sum' must be a number"),
        ("day,records,sum\n2026-11-22,1,1e99\n", "line 2, column 'sum' must be a number"),
        ("day,records,sum\n2026-11-22,1,1E-999999\n", "line 2, column 'sum' must be a number"),
        ("day,records,sum\n2026-11-22,1,1_000\n", "line 2, column 'sum' must be a number"),
        ("day,records\n2026-11-22,1\n2026-11-22,2\n", "line 3, column 'day': the day stands in line 2 already"),
        ('day,records\n"2026-11-22,1\n', "cannot be read as CSV"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(text: str, said: str, till: Source, path: Path) -> None:
    path.write_text(text)
    with pytest.raises(CommandError, match=said):
        call_command("reconcile", str(path), source="till", stdout=StringIO())


def test_what_is_not_there_is_told(path: Path) -> None:
    with pytest.raises(CommandError, match="no source named"):
        call_command("reconcile", str(path), source="nobody")
    sources.add("till", kind="offline")
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command("reconcile", str(path), source="till")
