"""Who enters a segment with a significant effect: a privacy officer decides, one by one."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from access.roles import REVIEW_SEGMENTS, ROLES
from consent.acts import NewAct, record
from segments import catalog
from segments.models import HeldChange, Membership, Segment
from segments.refresh import refresh
from tests.console.conftest import PLAINTEXT, World, said

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

OFFICER = "privacy_officer"
WHY = {"reason": "ticket 4711"}


@pytest.fixture
def held(world: World) -> HeldChange:
    """Alice would be declined credit."""
    definition = {"rule": {"all": [{"feature": "recency_days", "op": "<=", "value": 90}]}}
    catalog.create("no-credit", name="No credit", purpose="analytics", definition=definition, significant_effect=True)
    refresh([world.alice], now=timezone.now())
    return HeldChange.objects.get(profile_id=world.alice)


def address(name: str, held: HeldChange) -> str:
    return reverse(f"admin:segments_heldchange_{name}", args=[held.pk])


def inside(world: World) -> bool:
    return Membership.objects.filter(segment__slug="no-credit", profile_id=world.alice, left_at=None).exists()


def test_an_officer_sees_why_and_releases(world: World, held: HeldChange, sign_in: Callable[[str], Client]) -> None:
    client = sign_in(OFFICER)
    page = client.get(address("change", held)).content.decode()
    assert "Into No credit?" in page
    assert "90 days" in page
    assert "It is held because No credit is marked as having a significant effect" in page
    assert [value for value in PLAINTEXT if value in page] == []
    assert not inside(world)
    response = client.post(address("release", held), WHY)
    assert "Released" in said(response)[0]
    assert inside(world)
    decided = HeldChange.objects.get(pk=held.pk)
    assert (decided.decision, decided.reason) == ("released", "ticket 4711")
    assert decided.decided_by == str(world.staff[OFFICER].pk)
    assert client.get(address("change", held)).status_code == 302


def test_an_officer_refuses(world: World, held: HeldChange, sign_in: Callable[[str], Client]) -> None:
    client = sign_in(OFFICER)
    client.post(address("refuse", held), WHY)
    refresh([world.alice], now=timezone.now())
    assert (inside(world), HeldChange.objects.get().decision) == (False, "refused")
    assert "has been decided" in said(client.post(address("release", held), WHY))[0]
    assert not inside(world)


@pytest.mark.parametrize("reason", ["", "alice@example.com asked"])
def test_nothing_is_decided_without_a_sound_reason(
    reason: str, world: World, held: HeldChange, sign_in: Callable[[str], Client]
) -> None:
    sign_in(OFFICER).post(address("release", held), {"reason": reason})
    assert (inside(world), HeldChange.objects.get().decision) == (False, "")


def test_what_consent_no_longer_allows_is_not_released(
    world: World, held: HeldChange, sign_in: Callable[[str], Client]
) -> None:
    now = timezone.now()
    words = [NewAct(id, "analytics", "", "withdrawn", now, "test", verified=True) for id in world.parts(world.alice)]
    record(words, now=now)
    response = sign_in(OFFICER).post(address("release", held), WHY)
    assert "Consent does not allow this any more" in said(response)[0]
    assert (inside(world), HeldChange.objects.get().decision) == (False, "")


@pytest.mark.parametrize("role", [role for role in ROLES if REVIEW_SEGMENTS not in ROLES[role].capabilities])
def test_nobody_else_decides(role: str, world: World, held: HeldChange, sign_in: Callable[[str], Client]) -> None:
    client = sign_in(role)
    for name in ("release", "refuse"):
        assert client.post(address(name, held), WHY).status_code == 403
    assert (inside(world), HeldChange.objects.get().decision) == (False, "")


def test_the_sidebar_counts_what_waits(world: World, held: HeldChange, sign_in: Callable[[str], Client]) -> None:
    page = sign_in(OFFICER).get(reverse("admin:index")).content.decode()
    link = page.index(reverse("admin:segments_heldchange_changelist"))
    assert "1</span>" in page[link : link + 1500].replace(" ", "").replace("\n", "")


def test_a_marketer_marks_a_segment_once_and_for_good(
    world: World, sign_in: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.recounting.refresh_all.delay", lambda: None)
    client = sign_in("marketer")
    form = {
        "name": "No credit", "slug": "no-credit", "purpose": "analytics", "active": "on", "significant_effect": "on",
        "definition": '{"rule": {"all": [{"feature": "recency_days", "op": "<=", "value": 90}]}}',
    }  # fmt: skip
    assert client.post(reverse("admin:segments_segment_add"), form).status_code == 302
    made = Segment.objects.get(slug="no-credit")
    assert made.significant_effect
    del form["significant_effect"]
    edit = reverse("admin:segments_segment_edit", args=[made.pk])
    assert client.post(edit, form | {"name": "No purchase on account"}).status_code == 302
    made.refresh_from_db()
    assert (made.name, made.significant_effect) == ("No purchase on account", True)
