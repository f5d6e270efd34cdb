"""Break-glass opens one profile for a reason and fifteen minutes, alerts the privacy team, is audited and reviewed."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from access.roles import ROLES
from consent.restrictions import RESTRICTION, restrict
from privacy import break_glass
from privacy.models import EmergencyReveal
from tests.console.conftest import World, now, sign_in, world
from tests.statements.sabotage import Sabotage
from vault import audit
from vault.models import AuditEntry

__all__ = ["now", "sign_in", "world"]
pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "privacy/break_glass.py",
    '    return theirs.filter(ends_at__gt=now).order_by("-opened_at").first()',
    '    return theirs.order_by("-opened_at").first()',
)
REASON = "ambulance asks, case 12"
ALICE, BOB = "alice@example.com", "bob@example.com"
TEAM = ["privacy@onym.invalid"]


@pytest.fixture(autouse=True)
def _team(settings: Any) -> None:
    settings.PRIVACY_TEAM = TEAM


def test_p37_it_opens_one_profile_for_its_reason_and_fifteen_minutes(
    world: World, sign_in: Callable[[str], Client]
) -> None:
    marketer, other = sign_in("marketer"), _second_marketer(world)
    assert ALICE not in _page(marketer, world.alice)
    for nothing in ({}, {"reason": ""}, {"reason": "ask alice@example.com"}, {"reason": "call +44 20 7946 0111"}):
        marketer.post(_break(world.alice), nothing)
    assert EmergencyReveal.objects.count() == 0
    assert marketer.post(_break(world.alice), {"reason": REASON}).status_code == 302
    opened = EmergencyReveal.objects.get()
    assert (opened.profile_id, opened.actor, opened.reason) == (
        world.alice,
        str(world.staff["marketer"].pk),
        REASON,
    )
    assert opened.ends_at - opened.opened_at == timedelta(minutes=15)
    assert ALICE in _page(marketer, world.alice)
    assert BOB not in _page(marketer, world.bob)
    assert ALICE not in _page(other, world.alice)
    assert ALICE not in marketer.get(reverse("admin:identity_profile_changelist")).content.decode()
    # A second click opens no second one and moves no end.
    marketer.post(_break(world.alice), {"reason": "once more, case 12"})
    assert EmergencyReveal.objects.get().ends_at == opened.ends_at


def test_p37_it_ends_by_itself(world: World, sign_in: Callable[[str], Client]) -> None:
    marketer, actor, now = sign_in("marketer"), str(world.staff["marketer"].pk), timezone.now()
    opened = break_glass.open(world.alice, reason=REASON, actor=actor, now=now - timedelta(minutes=14))
    assert ALICE in _page(marketer, world.alice)
    at = opened.ends_at
    assert break_glass.standing(world.alice, actor=actor, now=at - timedelta(microseconds=1)) == opened
    assert break_glass.standing(world.alice, actor=actor, now=at) is None
    EmergencyReveal.objects.update(opened_at=now - timedelta(minutes=15), ends_at=now)
    assert ALICE not in _page(marketer, world.alice)
    with pytest.raises(IntegrityError, match="ends_within_15_minutes"), transaction.atomic():
        EmergencyReveal.objects.update(ends_at=now + timedelta(seconds=1))


def test_p37_it_takes_a_fresh_second_factor_and_leave_to_see_profiles(
    world: World, sign_in: Callable[[str], Client], settings: Any
) -> None:
    for role in ROLES:
        if role != "marketer":
            assert sign_in(role).post(_break(world.alice), {"reason": REASON}).status_code == 403, role
    assert Client().post(_break(world.alice), {"reason": REASON}).status_code == 302
    settings.MFA_REQUIRED = True
    marketer = sign_in("marketer")
    session = marketer.session
    session["second_factor_of"] = str(world.staff["marketer"].pk)
    session["second_factor_at"] = time.time() - 301
    session.save()
    answer = marketer.post(_break(world.alice), {"reason": REASON})
    assert answer.headers["Location"].startswith(reverse("second_factor"))
    assert EmergencyReveal.objects.count() == 0
    session["second_factor_at"] = time.time()
    session.save()
    marketer.post(_break(world.alice), {"reason": REASON})
    assert EmergencyReveal.objects.count() == 1


def test_p37_the_privacy_team_is_alerted_at_once(
    world: World, sign_in: Callable[[str], Client], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        sign_in("marketer").post(_break(world.alice), {"reason": REASON})
    opened = EmergencyReveal.objects.get()
    (alert,) = [one for one in mail.outbox if "Break-glass" in one.subject]
    assert alert.to == TEAM
    for id in (opened.pk, opened.actor, world.alice):
        assert str(id) in alert.body
    # Ids only: nothing that the person is called by, nor what was written as the reason.
    assert [word for word in (REASON, ALICE, "Alice", "marketer") if word in alert.body] == []
    officer = sign_in("privacy_officer")
    overview = officer.get(reverse("admin:index")).content.decode()
    link = reverse("admin:privacy_emergencyreveal_changelist")
    assert "opened without the role for it: review" in overview
    assert link in overview
    assert link not in sign_in("marketer").get(reverse("admin:index")).content.decode()
    assert "to review" in officer.get(link).content.decode()


def test_p37_an_alert_that_cannot_be_sent_does_not_hide_the_case(
    world: World, sign_in: Callable[[str], Client], settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    with django_capture_on_commit_callbacks() as callbacks:
        assert sign_in("marketer").post(_break(world.alice), {"reason": REASON}).status_code == 302
    with pytest.raises(OSError, match="refused"):
        callbacks[-1]()
    assert break_glass.to_review().count() == 1


def test_p37_every_read_is_marked_in_the_audit_log(world: World, sign_in: Callable[[str], Client]) -> None:
    marketer = sign_in("marketer")
    marketer.post(_break(world.alice), {"reason": REASON})
    since = AuditEntry.objects.order_by("-id").values_list("id", flat=True)[0]
    for times in (1, 2):
        _page(marketer, world.alice)
        reads = audit.reads_of(world.parts(world.alice)).filter(id__gt=since)
        assert {entry.reason for entry in reads} == {f"break-glass: {REASON}"}
        assert {entry.actor for entry in reads} == {str(world.staff["marketer"].pk)}
        assert reads.filter(action="open profile").count() == times
        # Who opened the values themselves stands there too, with the fields.
        assert any("email" in field for entry in reads for field in entry.fields)
    _page(marketer, world.bob)
    assert not audit.reads_of(world.parts(world.bob)).filter(reason__startswith="break-glass").exists()


def test_p37_what_consent_refuses_stays_refused(world: World, sign_in: Callable[[str], Client], now: datetime) -> None:
    restrict(world.parts(world.alice), kind=RESTRICTION, actor="officer", now=now)
    marketer = sign_in("marketer")
    marketer.post(_break(world.alice), {"reason": REASON})
    assert ALICE not in _page(marketer, world.alice)


def test_p37_a_second_person_reviews_it_once(world: World, sign_in: Callable[[str], Client]) -> None:
    marketer, officer = sign_in("marketer"), sign_in("privacy_officer")
    marketer.post(_break(world.alice), {"reason": REASON})
    _page(marketer, world.alice)
    opened = EmergencyReveal.objects.get()
    page = reverse("admin:privacy_emergencyreveal_change", args=[opened.pk])
    review = reverse("admin:privacy_emergencyreveal_review", args=[opened.pk])
    shown = officer.get(page).content.decode()
    assert REASON in shown
    assert "open profile" in shown
    for role in ROLES:
        if role != "privacy_officer":
            assert sign_in(role).post(review, {"justified": "yes", "reason": "fine by me"}).status_code == 403, role
    officer.post(review, {"justified": "no", "reason": ""})
    assert break_glass.to_review().count() == 1
    officer.post(review, {"justified": "no", "reason": "no call on record"})
    officer.post(review, {"justified": "yes", "reason": "changed my mind"})
    opened.refresh_from_db()
    assert (opened.verdict, opened.comment, opened.reviewed_by) == (
        "not_justified",
        "no call on record",
        str(world.staff["privacy_officer"].pk),
    )
    assert break_glass.to_review().count() == 0
    assert "no call on record" in officer.get(page).content.decode()


def test_p37_nobody_reviews_their_own(world: World, now: datetime) -> None:
    actor = str(world.staff["marketer"].pk)
    opened = break_glass.open(world.alice, reason=REASON, actor=actor, now=now)
    with pytest.raises(break_glass.NotReviewable):
        break_glass.review(opened.pk, justified=True, comment="it was needed", actor=actor, now=now)
    with (
        pytest.raises(IntegrityError, match="another_reviewer"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "UPDATE privacy_emergencyreveal SET verdict = 'justified', reviewed_by = actor, reviewed_at = now(), "
            "comment = 'fine'"
        )


def _page(client: Client, profile: Any) -> str:
    answer = client.get(reverse("admin:identity_profile_change", args=[profile]))
    assert answer.status_code == 200
    return str(answer.content.decode())


def _break(profile: Any) -> str:
    return reverse("admin:identity_profile_break_glass", args=[profile])


def _second_marketer(world: World) -> Client:
    client = Client()
    client.force_login(type(world.staff["marketer"]).objects.create(username="other", roles=["marketer"]))
    return client
