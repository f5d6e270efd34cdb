"""The household on the profile page: who lives there, masked, as far as they may be read and linked now."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.urls import reverse
from django.utils import timezone

from consent.acts import NewAct, record
from consent.models import WITHDRAWN
from consent.restrictions import RESTRICTION, restrict
from console.profile.household import REASON, Mate
from console.showing import short
from identity.households import household_of
from identity.profiles import look_up, profile_of, source_profiles
from records import sources
from records.models import SourceProfile
from tests.console.conftest import World
from tests.console.test_profile import SignIn, page
from tests.senders import process, send_rows
from vault.audit import subject_hash
from vault.models import AuditEntry

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

HOUSE = {"street": "7 Rosewood Lane", "postcode": "SW1A 1AA", "country": "GB"}
ADAM = {"customer_number": "C-4811", "given_name": "Adam", "family_name": "Archer", **HOUSE}
ZARA = {"customer_number": "C-4812", "given_name": "Zara", "family_name": "Zane", "phone": "+442079460111", **HOUSE}
ALONE = "Nobody else is known to be of this household."


@pytest.fixture
def home(world: World, now: datetime) -> dict[str, UUID]:
    """Alice's: Adam has her family name, Zara her phone."""
    at = (now - timedelta(hours=1)).isoformat()
    for row in (ADAM, ZARA):
        email = f"{row['given_name'].lower()}@example.com"
        send_rows(world.crm, {**row, "email": email, "updated_at": at}, now=now)
    process(now)
    found = {name: look_up("email", f"{name}@example.com", now=now) for name in ("adam", "zara")}
    return {name: profile for name, profile in found.items() if profile}


def mates(response: Any) -> list[Mate]:
    found: list[Mate] = response.context["mates"]
    return found


def say_no(profile: UUID) -> None:
    """To linking, before anything has followed from it."""
    ids, now = source_profiles(profile), timezone.now()
    record([NewAct(id, "identity_linking", "", WITHDRAWN, now, "phone", True, "clerk-3") for id in ids], now=now)


def test_others_are_named_masked_with_why_and_since_when(
    world: World, home: dict[str, UUID], sign_in: SignIn, now: datetime
) -> None:
    response = sign_in("marketer").get(page(world.alice))
    assert mates(response) == [
        Mate(home["adam"], short(home["adam"]), "A•••• A••••", "AA", now, ["same family name"]),
        Mate(home["zara"], short(home["zara"]), "Z•••• Z••••", "ZZ", now, ["same phone number"]),
    ]
    content = response.content.decode()
    for mate in mates(response):
        assert f'href="{page(mate.profile)}">{mate.name}</a>' in content
        assert mate.because[0] in content
    assert f"since {now:%b} {now.day}, {now.year}" in content
    assert "It joins nobody" in content


def test_names_of_others_stay_masked_where_the_person_is_revealed(
    world: World, home: dict[str, UUID], sign_in: SignIn
) -> None:
    reveal = reverse("admin:identity_profile_reveal", args=[world.alice])
    content = sign_in("data_steward").post(reveal, {"reason": "ticket 4711"}).content.decode()
    assert ("Alice Archer" in content, "Adam" in content, "A•••• A••••" in content) == (True, False, True)


def test_who_may_be_linked_no_more_is_neither_listed_nor_counted(
    world: World, home: dict[str, UUID], sign_in: SignIn
) -> None:
    say_no(home["zara"])
    client = sign_in("marketer")
    response = client.get(page(world.alice))
    assert [one.profile for one in mates(response)] == [home["adam"]]
    assert short(home["zara"]) not in response.content.decode()
    theirs = client.get(page(home["zara"]))
    assert (theirs.context["mates"], 'id="household"' in theirs.content.decode()) == (None, False)


def test_who_may_not_be_read_is_not_listed_and_whoever_is_left_alone_is_told_so_quietly(
    world: World, home: dict[str, UUID], sign_in: SignIn, now: datetime
) -> None:
    client = sign_in("marketer")
    restrict(source_profiles(home["adam"]), kind=RESTRICTION, actor="officer-1", now=now)
    response = client.get(page(world.alice))
    assert ([one.profile for one in mates(response)], ALONE in response.content.decode()) == ([home["zara"]], False)
    restrict(source_profiles(home["zara"]), kind=RESTRICTION, actor="officer-1", now=now)
    response = client.get(page(world.alice))
    assert (mates(response), ALONE in response.content.decode()) == ([], True)


def test_whom_no_source_knows_to_serve_them_is_not_listed_and_their_page_lists_nobody(
    world: World, home: dict[str, UUID], sign_in: SignIn, now: datetime
) -> None:
    fair, _ = sources.add("fair", kind="offline", stable_key="account_id", purposes=["analytics", "identity_linking"])
    row = {"account_id": "a-1", "given_name": "Owen", "family_name": "Archer", **HOUSE, "analytics": "yes"}
    send_rows(fair, {**row, "updated_at": (now - timedelta(hours=1)).isoformat()}, now=now)
    process(now)
    (at_the_fair,) = SourceProfile.objects.filter(source=fair)
    owen = profile_of([at_the_fair.pk])[at_the_fair.pk]
    household = household_of(world.alice)
    assert household is not None
    assert {one.profile for one in household.members} == {world.alice, owen, *home.values()}
    client = sign_in("marketer")
    assert {one.profile for one in mates(client.get(page(world.alice)))} == set(home.values())
    assert client.get(page(owen)).context["mates"] is None


def test_the_page_tells_of_no_household_where_no_home_is_known_or_the_person_may_not_be_read(
    world: World, home: dict[str, UUID], sign_in: SignIn, now: datetime
) -> None:
    client = sign_in("marketer")
    assert 'id="household"' not in client.get(page(world.bob)).content.decode()
    restrict(source_profiles(world.alice), kind=RESTRICTION, actor="officer-1", now=now)
    response = client.get(page(world.alice))
    assert (response.context["mates"], 'id="household"' in response.content.decode()) == (None, False)


def test_whoever_is_listed_finds_the_look_in_the_audit_log(
    world: World, home: dict[str, UUID], sign_in: SignIn
) -> None:
    say_no(home["zara"])
    sign_in("marketer").get(page(world.alice))
    entries = AuditEntry.objects.filter(reason=REASON).order_by("id")
    assert [(entry.action, entry.purpose, entry.fields) for entry in entries] == [
        ("open profile", "service", ["household"]),
        ("read golden record", "service", ["family_name", "given_name"]),
    ]
    theirs = {subject_hash(id) for id in source_profiles(home["adam"])}
    assert [{bytes(one) for one in entry.subjects} for entry in entries] == [theirs, theirs]


def test_what_ties_a_member_to_another_is_told_so(
    world: World, home: dict[str, UUID], sign_in: SignIn, now: datetime
) -> None:
    theirs = sign_in("marketer").get(page(home["adam"]))
    because = {one.profile: one.because for one in mates(theirs)}
    assert because == {world.alice: ["same family name"], home["zara"]: ["same phone number as another member"]}
