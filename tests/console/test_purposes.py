"""The page of a purpose: its rule and notices, changed by a privacy officer alone."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from access.roles import ROLES
from consent.acts import NewAct, record
from consent.decide import Refusal, decide
from consent.models import WITHDRAWN, Notice, Purpose, PurposeVersion
from console.screens import purposes
from tests.console.conftest import World, said
from vault.grants import Actor

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

OFFICER = "privacy_officer"
TEXT = "We write to you about offers."
RULE = {
    "name": "Marketing", "description": "Offers.", "legal_basis": "consent", "channels": "email, sms",
    "expires_after_days": "730", "expiry_by_jurisdiction": "FR 180\nUS-CA: 365", "active": "on",
}  # fmt: skip


def address(name: str, slug: str = "marketing") -> str:
    return reverse(f"admin:consent_purpose_{name}", args=[slug])


def decision(world: World) -> str:
    answer = decide(
        world.parts(world.alice), purpose="marketing", at=timezone.now(), actor=Actor.machine("test"), reason="test"
    )
    return answer.reason if isinstance(answer, Refusal) else "allowed"


@pytest.mark.parametrize("page", ["edit", "publish"])
@pytest.mark.parametrize("role", ROLES)
def test_only_a_privacy_officer_changes_a_purpose(
    role: str, page: str, world: World, sign_in: Callable[[str], Client]
) -> None:
    client = sign_in(role)
    expected = 200 if role == OFFICER else 403
    assert client.get(address(page)).status_code == expected
    if role != OFFICER:
        before = Purpose.objects.values().get(pk="marketing")
        assert client.post(address(page), RULE).status_code == 403
        assert (Purpose.objects.values().get(pk="marketing"), Notice.objects.count()) == (before, 0)


def test_a_rule_is_changed_from_now_on_and_the_old_one_kept(world: World, sign_in: Callable[[str], Client]) -> None:
    before = PurposeVersion.objects.filter(purpose="marketing").count()
    client = sign_in(OFFICER)
    assert client.post(address("edit"), RULE).status_code == 302
    purpose = Purpose.objects.get(pk="marketing")
    assert purpose.expiry_by_jurisdiction == {"FR": 180, "US-CA": 365}
    assert (purpose.channels, purpose.expires_after_days) == (["email", "sms"], 730)
    assert PurposeVersion.objects.filter(purpose="marketing").count() == before + 1
    page = client.get(address("change")).content.decode()
    assert "In FR" in page
    assert "from the beginning" in page
    assert "jurisdiction" in client.get(address("history")).content.decode()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"expiry_by_jurisdiction": "France 180"}, "such as FR 180"),
        ({"expiry_by_jurisdiction": "FR 0"}, "Days go from 1"),
        ({"channels": "E-Mail!"}, "small letters"),
        ({"high_risk": "on"}, "needs a DPIA reference"),
    ],
)
def test_a_wrong_rule_is_refused_and_says_why(
    wrong: dict[str, str], words: str, world: World, sign_in: Callable[[str], Client]
) -> None:
    before = Purpose.objects.values().get(pk="marketing")
    response = sign_in(OFFICER).post(address("edit"), RULE | wrong)
    assert response.status_code == 200
    assert words in response.content.decode()
    assert Purpose.objects.values().get(pk="marketing") == before


def test_a_material_notice_ends_every_yes_and_wording_does_not(world: World, sign_in: Callable[[str], Client]) -> None:
    client = sign_in(OFFICER)
    assert decision(world) == "allowed"
    client.post(address("publish"), {"new_locale": "en", "new_text": TEXT, "kind": "wording"})
    assert decision(world) == "allowed"
    assert "Every yes given before ends" in client.get(address("publish")).content.decode()
    changed = {"text_en": f"{TEXT} And sell it.", "new_locale": "de", "new_text": "Angebote.", "kind": "material"}
    response = client.post(address("publish"), changed)
    assert "Every yes given before has ended" in said(response)[0]
    assert decision(world) == "consent was given under an older notice"
    notices = Notice.objects.order_by("version", "locale").values_list("version", "locale", "material")
    assert list(notices) == [(1, "en", False), (2, "de", True), (2, "en", True)]


def test_a_text_needs_its_language_and_no_language_is_dropped(world: World, sign_in: Callable[[str], Client]) -> None:
    client = sign_in(OFFICER)
    for wrong in (
        {"new_text": TEXT, "kind": "wording"},
        {"new_locale": "en", "kind": "wording"},
        {"new_locale": "en", "new_text": TEXT},
        {"new_locale": "../en", "new_text": TEXT, "kind": "wording"},
    ):
        assert client.post(address("publish"), wrong).status_code == 200
    client.post(address("publish"), {"new_locale": "en", "new_text": TEXT, "kind": "wording"})
    assert client.post(address("publish"), {"new_locale": "de", "new_text": "x", "kind": "wording"}).status_code == 200
    assert Notice.objects.count() == 1


def test_the_page_tells_what_was_told_when(world: World, sign_in: Callable[[str], Client], now: datetime) -> None:
    sign_in(OFFICER).post(address("publish"), {"new_locale": "en", "new_text": TEXT, "kind": "wording"})
    page = sign_in("marketer").get(address("change")).content.decode()
    assert TEXT in page
    assert Notice.objects.get().hash in page
    assert "Publish a notice" not in page
    assert Notice.objects.get().published_at - now < timedelta(minutes=5)


def test_the_page_counts_who_may_be_used_for_it_now(world: World, sign_in: Callable[[str], Client]) -> None:
    reach = sign_in(OFFICER).get(address("change")).context["reach"]
    assert [(one.channel, one.allowed, one.of) for one in reach] == [
        (channel, 1, 3) for channel in ("email", "sms", "push", "post")
    ]


def test_each_channel_is_counted_by_itself(world: World, sign_in: Callable[[str], Client], now: datetime) -> None:
    record([NewAct(id, "marketing", "sms", WITHDRAWN, now, "test", True) for id in world.parts(world.alice)], now=now)
    reach = sign_in(OFFICER).get(address("change")).context["reach"]
    assert {one.channel: one.allowed for one in reach} == {"email": 1, "sms": 0, "push": 1, "post": 1}


def test_a_crowd_is_counted_when_asked_for(world: World, sign_in: Callable[[str], Client], monkeypatch) -> None:
    monkeypatch.setattr(purposes, "COUNTED_AT_ONCE", 1)
    client = sign_in(OFFICER)
    assert client.get(address("change")).context["reach"] is None
    assert len(client.get(address("change"), {"count": ""}).context["reach"]) == 4
