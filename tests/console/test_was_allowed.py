"""Was this allowed? Asked on a page, for any instant; and receipts to download."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from access.roles import ROLES, VIEW_CONSENTS, VIEW_PROFILES
from consent.acts import NewAct, record
from consent.models import WITHDRAWN, Act, Annulment
from tests.console.conftest import PLAINTEXT, World
from vault.ids import new_id

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def asked(client: Client, world: World, **question: str) -> str:
    page = reverse("admin:identity_profile_was_allowed", args=[world.carol])
    response = client.get(page, {"purpose": "marketing", **question})
    assert response.status_code == 200
    return str(response.content.decode())


def test_yesterday_and_today_have_their_own_answers(
    world: World, sign_in: Callable[[str], Client], now: datetime
) -> None:
    client = sign_in("privacy_officer")
    today = asked(client, world)
    assert "Not allowed" in today
    assert "withdrawn or refused" in today
    before = asked(client, world, at=(now - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S"))
    assert "withdrawn or refused" not in before
    assert "had said nothing of this by then" in before
    unknown = asked(client, world, known_at=(now - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S"))
    assert "had said nothing of this by then" in unknown
    assert [value for value in PLAINTEXT if value in today + before] == []


def test_a_question_that_cannot_be_read_says_so(world: World, sign_in: Callable[[str], Client]) -> None:
    page = asked(sign_in("privacy_officer"), world, at="yesterday")
    assert "Enter a valid date/time." in page


@pytest.mark.parametrize("role", ROLES)
def test_who_may_see_profiles_and_consents_may_ask(role: str, world: World, sign_in: Callable[[str], Client]) -> None:
    client = sign_in(role)
    expected = 200 if {VIEW_PROFILES, VIEW_CONSENTS} <= ROLES[role].capabilities else 403
    for page in ("was_allowed", "receipts"):
        response = client.get(reverse(f"admin:identity_profile_{page}", args=[world.alice]))
        assert response.status_code == expected, page
    act = Act.objects.order_by("pk").first()
    assert act is not None
    expected = 200 if VIEW_CONSENTS in ROLES[role].capabilities else 403
    assert client.get(reverse("admin:consent_act_receipt", args=[act.pk])).status_code == expected


def test_receipts_are_files(world: World, sign_in: Callable[[str], Client], now: datetime) -> None:
    client = sign_in("privacy_officer")
    everything = client.get(reverse("admin:identity_profile_receipts", args=[world.carol]))
    assert everything["Content-Disposition"].startswith("attachment; filename=")
    said = json.loads(everything.content)
    assert "withdrawn" in {one["events"][0]["event_state"] for one in said}
    act = Act.objects.get(pk=said[0]["record_id"])
    one = client.get(reverse("admin:consent_act_receipt", args=[act.pk]))
    assert json.loads(one.content) == said[0]
    Annulment.objects.create(id=new_id(), act=act, recorded_at=now, reason="unmerged", actor="test")
    assert client.get(reverse("admin:consent_act_receipt", args=[act.pk])).status_code == 404


def test_nobody_is_looked_up_who_is_not_there(world: World, sign_in: Callable[[str], Client]) -> None:
    page = reverse("admin:identity_profile_was_allowed", args=[new_id()])
    assert sign_in("privacy_officer").get(page).status_code == 404


def test_all_that_is_known_of_the_person_is_asked(
    world: World, sign_in: Callable[[str], Client], now: datetime
) -> None:
    first, *_, last = world.parts(world.alice)
    assert first != last
    record([NewAct(last, "marketing", "", WITHDRAWN, now, "phone", verified=True)], now=now)
    page = reverse("admin:identity_profile_was_allowed", args=[world.alice])
    content = sign_in("privacy_officer").get(page, {"purpose": "marketing"}).content.decode()
    assert "Not allowed" in content
    assert "withdrawn or refused" in content
