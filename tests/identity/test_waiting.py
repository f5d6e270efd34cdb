"""Why a likely pair waits for a person, and that nobody is asked twice."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from identity import waiting as waiting_room
from identity.models import Match
from pipeline import corrections, queue
from records.models import Source, SourceProfile
from tests.pipeline.cast import saying
from tests.senders import process, send_messages, send_rows

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

HOME = {"postcode": "10115", "city": "Berlin", "street": "Lindenstr. 3"}
ANNA = {"given_name": "Anna", "family_name": "Berg", "email": "berg@example.org", **HOME}
JOCHEN = ANNA | {"given_name": "Jochen"}


def customers(crm: Source, now: datetime, *rows: dict[str, str]) -> None:
    numbered = [{"customer_number": f"C{number}", "updated_at": "2026-11-01"} | row for number, row in enumerate(rows)]
    send_rows(crm, *numbered, now=now)
    process(now)


def waiting() -> list[Any]:
    """The last step of evidence of each pair that waits."""
    return [match.evidence[-1] for match in Match.objects.filter(state="in_review")]


def test_other_records_of_the_two_differ(crm: Source, now: datetime) -> None:
    customers(crm, now, ANNA | {"birth_date": "1985-03-02"}, ANNA, ANNA | {"birth_date": "1951-08-17"})
    assert waiting() == [["held_back", "contradicted", 0.0]]


def test_of_very_many_records_only_some_are_held_against_each_other(
    crm: Source, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting_room, "MOST_ASKED", 1)
    for number, birth in enumerate(({}, {"birth_date": "1985-03-02"}, {"birth_date": "1951-08-17"})):
        customers(crm, now, ANNA | birth | {"customer_number": f"C{number}"})
    assert waiting() == [["held_back", "outweighed", 0.0]]


def visit(browser: Source, now: datetime, **traits: Any) -> None:
    """Somebody tells a browser who they are."""
    address = {"street": HOME["street"], "city": HOME["city"], "postalCode": HOME["postcode"]}
    told = {"type": "identify", "messageId": "1", "anonymousId": "tablet", "timestamp": now.isoformat()}
    send_messages(browser, told | {"traits": {"address": address} | traits} | saying(analytics=True), now=now)
    process(now)


def test_a_browser_would_make_one_of_two(crm: Source, browser: Source, now: datetime) -> None:
    customers(crm, now, ANNA | {"birth_date": "1985-03-02"}, ANNA | {"birth_date": "1951-08-17"})
    visit(browser, now, firstName="Anna", lastName="Berg", email="berg@example.org")
    assert waiting() == [["held_back", "visiting", 0.0]]


def test_a_pair_that_is_not_likely_enough_waits_without_a_reason(crm: Source, browser: Source, now: datetime) -> None:
    customers(crm, now, ANNA)
    visit(browser, now, email="berg@example.net")
    ((name, _, _),) = waiting()
    assert name != "held_back"


def test_nobody_is_asked_again_of_two_whom_somebody_kept_apart(crm: Source, now: datetime) -> None:
    customers(crm, now, ANNA | {"birth_date": "1985-03-02"}, ANNA, ANNA | {"birth_date": "1951-08-17"})
    (match,) = Match.objects.filter(state="in_review")
    corrections.keep_apart(match, actor="steward", reason="mother and daughter", now=now)
    queue.enqueue(SourceProfile.objects.values_list("id", flat=True), now=now)
    process(now + timedelta(hours=1))
    assert waiting() == []
