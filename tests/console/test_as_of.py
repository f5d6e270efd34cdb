"""Who a person was, on a page: by the ledger, at any instant, also of a profile that was merged since."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from access.roles import ROLES, VIEW_PROFILES
from console.profile.as_of import as_of
from identity import ledger
from identity.profiles import source_profiles
from tests.console.conftest import PLAINTEXT, World
from vault.ids import new_id

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def merged(world: World, at: datetime) -> None:
    ledger.merge(world.alice, world.carol, actor="steward-1", reason="same person", now=at)


def test_before_and_after_a_merge_both_are_told(world: World, now: datetime) -> None:
    alices, carols = set(source_profiles(world.alice)), set(source_profiles(world.carol))
    at = now + timedelta(hours=1)
    merged(world, at)
    end = now + timedelta(hours=2)
    survivor = world.alice if source_profiles(world.alice) else world.carol
    other = {world.alice, world.carol}.difference({survivor}).pop()
    before, after = (as_of(survivor, at=at + timedelta(minutes=minutes), now=end) for minutes in (-1, 1))
    assert before is not None
    assert after is not None
    own = alices if survivor == world.alice else carols
    assert (before.count, after.count) == (len(own), len(alices | carols))
    assert len(after.lines) == len(before.lines) == len(alices | carols)
    assert [line.then is None for line in after.lines] == [False] * after.count
    gone = as_of(other, at=at + timedelta(minutes=1), now=end)
    then = as_of(other, at=at - timedelta(minutes=1), now=end)
    assert gone is not None
    assert then is not None
    assert (gone.count, then.count) == (0, len((alices | carols) - own))
    assert {line.elsewhere for line in gone.lines} == {survivor}


def test_stretches_are_drawn_where_they_were(world: World, now: datetime) -> None:
    (began,) = {entry.assigned_at for entry in ledger.history(world.alice)}
    found = as_of(world.alice, at=began + timedelta(hours=1), now=began + timedelta(hours=4))
    assert found is not None
    assert found.mark == 25.0
    assert {(one.left, one.width, one.holds) for line in found.lines for one in line.stretches} == {(0.0, 100.0, True)}
    early = as_of(world.alice, at=began - timedelta(hours=1), now=began + timedelta(hours=4))
    assert early is not None
    assert (early.mark, early.count) == (0.0, 0)


def test_the_page_tells_it_and_shows_no_value(world: World, sign_in: Callable[[str], Client], now: datetime) -> None:
    client = sign_in("data_steward")
    address = reverse("admin:identity_profile_as_of", args=[world.alice])
    page = client.get(address).content.decode()
    assert f"{len(source_profiles(world.alice))} source profile" in page
    past = client.get(address, {"at": "2001-01-01T00:00:00"}).content.decode()
    assert "Nobody on Jan 1, 2001" in past
    assert "Enter a valid date/time." in client.get(address, {"at": "yesterday"}).content.decode()
    assert [value for value in PLAINTEXT if value in page + past] == []
    assert address in client.get(reverse("admin:identity_profile_change", args=[world.alice])).content.decode()


@pytest.mark.parametrize("role", ROLES)
def test_who_may_see_profiles_may_look(role: str, world: World, sign_in: Callable[[str], Client]) -> None:
    expected = 200 if VIEW_PROFILES in ROLES[role].capabilities else 403
    assert sign_in(role).get(reverse("admin:identity_profile_as_of", args=[world.alice])).status_code == expected


def test_of_nobody_there_is_no_page(world: World, sign_in: Callable[[str], Client]) -> None:
    assert sign_in("data_steward").get(reverse("admin:identity_profile_as_of", args=[new_id()])).status_code == 404
