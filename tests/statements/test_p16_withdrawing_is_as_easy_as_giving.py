"""Withdrawing consent takes no more steps, and no stronger login, than giving it."""

from uuid import UUID

import pytest
from django.utils import timezone

from consent.state import standing
from identity.profiles import source_profiles
from tests.api.conftest import Shop, alice, carol_who_withdrew, shop
from tests.privacy.public_cast import preference_link
from tests.privacy.visitor import Visitor
from tests.statements.sabotage import Sabotage

__all__ = ["Shop", "alice", "carol_who_withdrew", "shop"]
pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "privacy/public/choices.py",
    "    said += [(key, WITHDRAWN) for key in sorted((set(shown) - set(chosen)) & offered.keys())]",
    "    said += []",
)
SWITCHES = {
    "analytics:",
    "personalization:",
    "marketing:email",
    "marketing:sms",
    "marketing:push",
    "marketing:post",
}


def said_yes_to(profile: UUID) -> set[str]:
    stands = standing(source_profiles(profile), at=timezone.now())
    return {f"{one.purpose}:{one.channel}" for one in stands if one.legal_basis == "consent" and one.allowed}


@pytest.mark.parametrize("switch", sorted(SWITCHES))
def test_p16_one_purpose_takes_the_same_steps_both_ways(carol_who_withdrew: UUID, switch: str) -> None:
    link = preference_link(carol_who_withdrew)
    giving = Visitor().open(link).click(switch).press("save")
    assert said_yes_to(carol_who_withdrew) == {switch}
    withdrawing = Visitor().open(link).click(switch).press("save")
    assert said_yes_to(carol_who_withdrew) == set()
    assert (withdrawing.requests, withdrawing.clicks) == (giving.requests, giving.clicks) == (2, 2)


def test_p16_everything_is_withdrawn_by_one_button(alice: UUID, carol_who_withdrew: UUID) -> None:
    giving = Visitor().open(preference_link(carol_who_withdrew))
    for switch in sorted(SWITCHES):
        giving.click(switch)
    giving.press("save")
    assert said_yes_to(alice) == said_yes_to(carol_who_withdrew) == SWITCHES
    withdrawing = Visitor().open(preference_link(alice)).press("withdraw_everything")
    assert said_yes_to(alice) == set()
    assert said_yes_to(carol_who_withdrew) == SWITCHES, "each link is for one person"
    assert withdrawing.requests == giving.requests == 2
    assert withdrawing.clicks == 1 < giving.clicks


def test_p16_the_link_is_all_the_login_there_is(alice: UUID) -> None:
    visitor = Visitor().open(preference_link(alice)).press("withdraw_everything")
    assert visitor.response.status_code == 200
    assert not visitor.client.cookies
    assert said_yes_to(alice) == set()


def test_p16_withdrawing_asks_nothing_back(alice: UUID) -> None:
    visitor = Visitor().open(preference_link(alice)).press("withdraw_everything")
    assert visitor.address.startswith("/privacy/choices/"), "the same page, with what stands now"
    assert not any(one.checked for one in visitor.form.fields if not one.value.startswith("identity"))
    buttons = [one for one in visitor.form.fields if one.tag == "button"]
    assert [one.value for one in buttons] == ["save", "withdraw_everything"]
