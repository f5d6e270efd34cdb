"""GDPR answers within one calendar month by Regulation 1182/71, two months later only if told within the first."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, transaction

from privacy import requests, workflow
from privacy.deadlines import due_date, extended_due_date
from privacy.models import RequestStep, SubjectRequest
from privacy.workflow import AlreadyDone, TooLate
from tests.statements.sabotage import Sabotage

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "privacy/workflow.py",
    "        if timezone.localdate(now) > request.first_due_date:",
    "        if timezone.localdate(now) > later:",
)
OFFICER = "officer-1"
LETTER = "We need two more months, because your request is complex."


@pytest.mark.parametrize(
    ("received", "due"),
    [
        # The day of receipt is not counted: the period ends on the same date of the next month.
        (date(2026, 3, 10), date(2026, 4, 10)),
        (date(2026, 12, 15), date(2027, 1, 15)),
        # 31 January: February's last day, in a leap year the 29th.
        (date(2028, 1, 31), date(2028, 2, 29)),
        (date(2028, 1, 30), date(2028, 2, 29)),
        (date(2028, 2, 29), date(2028, 3, 29)),
        (date(2026, 8, 31), date(2026, 9, 30)),
        # 28 February 2026 is a Saturday, 31 January 2027 and 30 November 2025 are Sundays.
        (date(2026, 1, 31), date(2026, 3, 2)),
        (date(2026, 12, 31), date(2027, 2, 1)),
        (date(2025, 10, 31), date(2025, 12, 1)),
        # Good Friday to Easter Monday, 3 to 6 April 2026; Christmas on Friday and Saturday.
        (date(2026, 3, 3), date(2026, 4, 7)),
        (date(2026, 11, 25), date(2026, 12, 28)),
        # New Year's Day 2027 is a Friday; Labor Day 2026 too.
        (date(2026, 12, 1), date(2027, 1, 4)),
        (date(2026, 4, 1), date(2026, 5, 4)),
    ],
)
def test_p25_one_month_by_regulation_1182_71(received, due, settings):
    settings.COUNTRY = "DE"
    assert due_date("gdpr", received) == due


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (date(2026, 3, 10), date(2026, 6, 10)),
        # Counted from receipt in one, not from the end of the first month: 30 November is a Monday.
        (date(2026, 8, 31), date(2026, 11, 30)),
        # 30 April 2028 is a Sunday, the Monday after it Labor Day.
        (date(2028, 1, 31), date(2028, 5, 2)),
        (date(2027, 11, 30), date(2028, 2, 29)),
    ],
)
def test_p25_two_more_months_run_from_receipt(received, due, settings):
    settings.COUNTRY = "DE"
    assert extended_due_date("gdpr", received) == due


def received_on(day):
    return requests.open("access", profile_id=None, actor=OFFICER, now=day)


def extend(request, day):
    return workflow.extend(request, ground="complexity", letter=LETTER, actor=OFFICER, now=day)


def test_p25_told_on_the_last_day_of_the_first_month_it_is_put_off():
    request = received_on(datetime(2026, 3, 10, 9, tzinfo=UTC))
    extended = extend(request, datetime(2026, 4, 10, 23, 59, tzinfo=UTC))
    assert (extended.first_due_date, extended.due_date) == (date(2026, 4, 10), date(2026, 6, 10))
    step = RequestStep.objects.get(request=request, what="extended")
    assert step.detail == {"ground": "complexity", "due_date": "2026-06-10"}
    assert request.letters.get().kind == "extension"


def test_p25_after_the_first_month_it_is_not_put_off_any_more():
    request = received_on(datetime(2026, 3, 10, 9, tzinfo=UTC))
    with pytest.raises(TooLate):
        extend(request, datetime(2026, 4, 11, 0, 0, tzinfo=UTC))
    request.refresh_from_db()
    assert (request.due_date, request.extended_at, request.letters.count()) == (date(2026, 4, 10), None, 0)


def test_p25_it_is_put_off_once():
    request = received_on(datetime(2026, 3, 10, 9, tzinfo=UTC))
    extend(request, datetime(2026, 3, 20, tzinfo=UTC))
    with pytest.raises(AlreadyDone):
        extend(request, datetime(2026, 3, 21, tzinfo=UTC))


def test_p25_the_database_moves_no_due_date_without_an_extension():
    request = received_on(datetime(2026, 3, 10, 9, tzinfo=UTC))
    with pytest.raises(IntegrityError), transaction.atomic():
        SubjectRequest.objects.filter(pk=request.pk).update(due_date=date(2026, 6, 10))


def test_p25_a_letter_of_last_week_counts_from_when_it_came():
    now = datetime(2026, 3, 17, 9, tzinfo=UTC)
    came = datetime(2026, 3, 10, 9, tzinfo=UTC)
    request = requests.receive("access", profile_id=None, actor=OFFICER, received_at=came, now=now)
    assert request.due_date == date(2026, 4, 10)
