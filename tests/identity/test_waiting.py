"""Why a likely pair waits for a person, and that nobody is asked twice."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from identity import waiting as waiting_room
from identity.models import Assignment, Match
from pipeline import corrections, queue
from records.models import Source, SourceProfile
from tests.identity.test_settling import source_profile
from tests.pipeline.cast import saying
from tests.senders import process, send_messages, send_rows

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

HOME = {"postcode": "10115", "city": "Berlin", "street": "Lindenstr. 3"}
ANNA = {"given_name": "Anna", "family_name": "Berg", "email": "berg@example.org", **HOME}
JOCHEN = ANNA | {"given_name": "Jochen"}


def customers(crm: Source, now: datetime, *rows: dict[str, str], since: int = 0) -> None:
    """Customers C0, C1 and so on, or `since` another, come in together."""
    numbered = [
        {"customer_number": f"C{place}", "updated_at": "2026-11-01"} | row for place, row in enumerate(rows, since)
    ]
    send_rows(crm, *numbered, now=now)
    process(now)


def waiting() -> list[Any]:
    """The last step of evidence of each pair that waits."""
    return [match.evidence[-1] for match in Match.objects.filter(state="in_review")]


def told(number: str) -> tuple[str, dict[str, Any]]:
    """Why this customer is where it is, by the ledger."""
    entry = Assignment.objects.current().get(source_profile=source_profile(number))
    return entry.reason, entry.evidence


def test_other_records_of_the_two_differ(crm: Source, now: datetime) -> None:
    customers(crm, now, ANNA | {"birth_date": "1985-03-02"}, ANNA, ANNA | {"birth_date": "1951-08-17"})
    assert waiting() == [["held_back", "contradicted", 0.0]]


def test_who_stays_alone_says_whom_a_person_is_kept_from_and_else_that_nobody_is_alike(
    crm: Source, now: datetime
) -> None:
    customers(crm, now, ANNA | {"birth_date": "1985-03-02"}, ANNA)
    customers(crm, now, ANNA | {"birth_date": "1951-08-17"}, {"given_name": "Zora"}, since=2)
    assert told("C2") == ("held back", {"kept_from": str(source_profile("C1")), "why": "contradicted"})
    assert told("C3") == ("nobody alike", {})


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
