"""Reminders: once a stage, to the team, without a person's data."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from privacy import reminders, requests, workflow
from tests.privacy.cast import NOW, OFFICER, Person

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def stages(days: float) -> list[tuple[str, str]]:
    return [(one.duty, one.stage) for one in reminders.remind(now=NOW + timedelta(days=days))]


def test_each_stage_of_a_deadline_is_told_of_once(alice: Person) -> None:
    requests.open("access", profile_id=alice.profile, actor=OFFICER, now=NOW)
    told = {days: stages(days) for days in (1, 24, 25, 30, 31, 32, 33)}
    assert told == {
        1: [], 24: [("answer", "soon")], 25: [], 30: [("answer", "tomorrow")], 31: [], 32: [("answer", "late")], 33: []
    }  # fmt: skip
    assert [one.stage for one in reminders.standing()] == ["late"]


def test_the_receipt_has_a_deadline_until_it_is_confirmed(alice: Person) -> None:
    request = requests.open("access", profile_id=alice.profile, actor=OFFICER, regulation="ccpa", now=NOW)
    assert stages(8) == [("acknowledge", "soon")]
    workflow.acknowledge(request, letter="We have it.", actor=OFFICER, now=NOW)
    assert stages(14) == []


def test_nobody_is_reminded_of_what_has_ended(alice: Person) -> None:
    request = requests.open("access", profile_id=alice.profile, actor=OFFICER, now=NOW)
    requests.reject(request, reason="ticket 1", actor=OFFICER, now=NOW)
    assert stages(40) == []


@pytest.mark.django_db(databases=["default", "keystore"], transaction=True)
def test_the_mail_holds_ids_and_dates_and_no_person(alice: Person, settings: Any) -> None:
    settings.PRIVACY_TEAM = ["privacy@shop.example"]
    request = requests.open("access", profile_id=alice.profile, actor=OFFICER, now=NOW)
    stages(40)
    (sent,) = mail.outbox
    assert sent.to == ["privacy@shop.example"]
    assert str(request.pk) in sent.body
    text = sent.subject + sent.body
    assert [value for value in (*alice.canaries, str(alice.profile)) if value in text] == []
