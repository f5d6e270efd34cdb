"""Merging by hand: both persons are shown side by side, masked, before they are made one."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from access.roles import CORRECT_IDENTITY, ROLES
from consent.acts import NewAct, record
from consent.models import WITHDRAWN
from identity import profiles
from identity.households import household_of
from identity.makeup import makeup_of
from identity.models import Verdict
from pipeline import corrections
from tests.console.conftest import PLAINTEXT, World, said
from tests.senders import process, send_rows
from vault.models import AuditEntry

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
SignIn = Callable[[str], Client]
REASON = {"reason": "ticket 4711"}
UNKNOWN = UUID(int=7)
CHANGED = "One of these profiles has changed meanwhile; look at both again before you merge them."


def merge(profile: UUID) -> str:
    return reverse("admin:identity_profile_merge", args=[profile])


def find(profile: UUID) -> str:
    return reverse("admin:identity_profile_merge_with", args=[profile])


def home(source_profile: UUID) -> UUID:
    return profiles.profile_of([source_profile])[source_profile]


def seen(client: Client, profile: UUID, other: object) -> dict[str, str]:
    """What the button of the page sends along, of two that somebody looks at."""
    both = client.get(merge(profile), {"other": str(other)}).context["both"]
    return REASON | {"other": str(other), "seen": both.makeup}


def compared(client: Client, profile: UUID, other: object) -> str:
    response = client.get(merge(profile), {"other": str(other)})
    assert response.status_code == 200
    return response.content.decode()


def test_the_profile_page_leads_to_the_comparison_and_not_to_the_merge(world: World, sign_in: SignIn) -> None:
    client = sign_in("data_steward")
    page = client.get(reverse("admin:identity_profile_change", args=[world.alice])).content.decode()
    assert f'href="{merge(world.alice)}"' in page
    assert f'action="{merge(world.alice)}"' not in page
    asked = client.get(merge(world.alice)).content.decode()
    assert "Nothing is merged yet: both are shown side by side first." in asked
    assert "Merge these two" not in asked


@pytest.mark.parametrize("written", [str, lambda profile: profile.hex[-8:].upper()], ids=["whole", "end"])
def test_the_other_one_is_found_by_the_id_or_its_end(
    written: Callable[[UUID], str], world: World, sign_in: SignIn
) -> None:
    found = sign_in("data_steward").post(find(world.alice), {"other": written(world.bob)})
    assert found["Location"] == f"{merge(world.alice)}?other={world.bob}"


def test_what_is_typed_stands_in_no_address(world: World, sign_in: SignIn) -> None:
    """As the look-up on the list of profiles promises: people type an e-mail address into a field that finds people."""
    client = sign_in("data_steward")
    page = client.get(merge(world.alice)).content.decode()
    form = next(one for one in re.findall(r"<form[^>]*>.*?</form>", page, re.S) if 'name="other"' in one)
    assert f'method="post" action="{find(world.alice)}"' in form
    answer = client.post(find(world.alice), {"other": "bob@example.com"})
    assert (answer.status_code, list(answer.context["find"].errors)) == (200, ["other"])
    assert client.get(find(world.alice)).status_code == 405


def test_both_are_shown_masked_with_what_speaks_for_it(world: World, sign_in: SignIn) -> None:
    response = sign_in("data_steward").get(merge(world.alice), {"other": str(world.bob)})
    content, both = response.content.decode(), response.context["both"]
    rows = {row.label: (row.left, row.right) for row in both.fields}
    assert rows["Given name"] == ("A••••", "R••••")
    assert rows["E-mail"] == ("a•••@e•••.com", "b•••@e•••.com")
    assert rows["Birth date"] == ("••••", "")
    assert [side.name for side in both.sides] == ["A•••• A••••", "R•••• B••••"]
    assert [side.source_profiles for side in both.sides] == [2, 1]
    assert [sorted(name for name, _, _ in side.seen.sources) for side in both.sides] == [["crm", "shop"], ["crm"]]
    assert [side.stays for side in both.sides] == [True, False]
    assert both.evidence.complete
    assert (both.percent < 1, "Hardly anything speaks for one person" in content) == (True, True)
    assert {piece.comparison: piece.level for piece in both.evidence.pieces} == {
        "Starting point": "before any evidence",
        "Given name": "different",
        "Family name": "different",
        "E-mail": "different",
    }
    assert [word for word in PLAINTEXT if word in content] == []
    entry = AuditEntry.objects.order_by("-id").first()
    assert entry is not None
    assert (entry.purpose, entry.reason) == ("identity_linking", "compare before a merge")
    assert len(set(profiles.profile_of([*world.parts(world.alice), *world.parts(world.bob)]).values())) == 2


def test_what_is_wrong_with_the_id_stands_at_its_field(world: World, sign_in: SignIn, now: datetime) -> None:
    client = sign_in("data_steward")
    for other, problem in {
        "": "This field is required.",
        "bob": "Give the id of a profile, or its last eight signs, as its page shows them.",
        "f" * 8: "No profile has this id.",
        str(UNKNOWN): "There is no such profile, or it has been erased.",
        str(world.alice): "That is this very profile. Give the id of the other one.",
    }.items():
        response = client.post(find(world.alice), {"other": other})
        assert response.context["find"].errors == {"other": [problem]}
        assert f'role="alert">{problem}</span>' in response.content.decode()
        answer = client.post(merge(world.alice), REASON | {"other": other})
        assert (answer.status_code, answer.context["find"].errors) == (200, {"other": [problem]})
    assert not Verdict.objects.exists()
    survivor = corrections.merge(world.bob, world.carol, actor="1", reason="one person", now=now)
    gone = ({world.bob, world.carol} - {survivor}).pop()
    assert client.get(merge(world.alice), {"other": str(gone)}).context["other"] == survivor
    assert client.get(merge(gone), {"other": str(world.alice)})["Location"].endswith(f"/{survivor}/change/")
    merged = client.get(merge(survivor), {"other": str(gone)})
    assert merged.context["find"].errors == {"other": ["That profile was merged into this one already."]}


def test_whoever_was_shown_is_merged_and_nobody_who_came_since(world: World, sign_in: SignIn, now: datetime) -> None:
    """Carol is compared with Alice; before the steward presses the button, somebody merges Carol with Bob. Nobody has
    looked at Bob beside Alice."""
    client, bobs, carols = sign_in("data_steward"), world.parts(world.bob), world.parts(world.carol)
    sent = seen(client, world.alice, world.carol)
    # The older of the two goes on.
    assert corrections.merge(world.bob, world.carol, actor="1", reason="one person", now=now) == world.bob
    refused = client.post(merge(world.alice), sent | {"reason": ""})
    assert CHANGED in refused.content.decode()
    refused = client.post(merge(world.alice), sent)
    assert (home(bobs[0]), home(carols[0])) == (world.bob, world.bob)
    assert CHANGED in refused.content.decode()
    assert [side.profile for side in refused.context["both"].sides] == [world.alice, world.bob]
    assert refused.context["form"]["reason"].value() == REASON["reason"]
    again = sent | {"other": str(world.bob), "seen": refused.context["both"].makeup}
    assert client.post(merge(world.alice), again)["Location"].endswith(f"/{world.alice}/change/")
    assert home(carols[0]) == world.alice


def test_who_came_to_either_or_took_it_in_is_looked_at_first(world: World, sign_in: SignIn, now: datetime) -> None:
    """The one whose page it is has changed: somebody came to it, or it went on elsewhere."""
    client = sign_in("data_steward")
    came, went = seen(client, world.bob, world.alice), seen(client, world.carol, world.alice)
    assert corrections.merge(world.bob, world.carol, actor="1", reason="one person", now=now) == world.bob
    for page, sent in ((merge(world.bob), came), (merge(world.carol), went)):
        refused = client.post(page, sent)
        assert (refused.status_code, CHANGED in refused.content.decode()) == (200, True)
        assert [side.profile for side in refused.context["both"].sides] == [world.bob, world.alice]
    assert client.post(merge(world.bob), REASON | {"other": str(world.alice)}).status_code == 200
    assert len({home(id) for id in (*world.parts(world.alice), *world.parts(world.bob))}) == 2


def test_who_came_while_the_button_was_pressed_is_not_merged_either(world: World, now: datetime) -> None:
    shown = makeup_of([world.alice, world.carol])
    corrections.merge(world.bob, world.carol, actor="1", reason="one person", now=now)
    with pytest.raises(corrections.ChangedMeanwhile, match="look at both again"):
        corrections.merge_as_seen(world.alice, world.carol, seen=shown, actor="1", reason="one person", now=now)
    assert Verdict.objects.count() == 1


def test_without_a_reason_both_are_shown_again(world: World, sign_in: SignIn) -> None:
    client = sign_in("data_steward")
    response = client.post(merge(world.alice), seen(client, world.alice, world.bob) | {"reason": ""})
    assert response.context["form"].errors == {"reason": ["This field is required."]}
    assert [side.profile for side in response.context["both"].sides] == [world.alice, world.bob]
    assert not Verdict.objects.exists()


def test_the_merge_keeps_the_older_and_tells_so(world: World, sign_in: SignIn) -> None:
    client = sign_in("data_steward")
    assert compared(client, world.bob, world.alice).count("its id stays") == 1
    response = client.post(merge(world.bob), seen(client, world.bob, world.alice))
    assert response["Location"] == reverse("admin:identity_profile_change", args=[world.alice])
    assert said(response) == ["Merged. The golden record and segments follow within moments."]


def test_who_decided_otherwise_is_named(world: World, sign_in: SignIn, now: datetime) -> None:
    client, steward = sign_in("data_steward"), str(world.staff["data_steward"].pk)
    assert "decided on" not in compared(client, world.alice, world.bob)
    corrections.keep_apart(world.match, actor=steward, reason="two siblings", now=now + timedelta(seconds=1))
    assert "that these are two people: two siblings. A merge takes that back." in compared(
        client, world.alice, world.bob
    )


def test_whoever_may_not_be_read_for_linking_is_not_shown(world: World, sign_in: SignIn, now: datetime) -> None:
    (bob,) = world.parts(world.bob)
    record([NewAct(bob, "identity_linking", "", WITHDRAWN, now, "phone", verified=True)], now=now)
    response = sign_in("data_steward").get(merge(world.alice), {"other": str(world.bob)})
    both = response.context["both"]
    assert ([side.name for side in both.sides], both.percent) == (["A•••• A••••", "Not shown"], None)
    assert not both.unlikely
    assert {row.right for row in both.fields} == {""}
    assert "No field could be compared" in response.content.decode()


def test_only_those_who_correct_identity_compare(world: World, sign_in: SignIn) -> None:
    for role in ROLES:
        may = CORRECT_IDENTITY in ROLES[role].capabilities
        response = sign_in(role).get(merge(world.alice), {"other": str(world.bob)})
        assert response.status_code == (200 if may else 403), role
    assert sign_in("data_steward").get(merge(UNKNOWN)).status_code == 404


def test_who_may_not_be_linked_is_merged_with_nobody(world: World, sign_in: SignIn, now: datetime) -> None:
    """The pipeline would part them again within moments."""
    client = sign_in("data_steward")
    asked = seen(client, world.alice, world.bob)
    assert "Merge these two" in compared(client, world.alice, world.bob)
    (bob,) = world.parts(world.bob)
    record([NewAct(bob, "identity_linking", "", WITHDRAWN, now, "phone", verified=True)], now=now)
    page = compared(client, world.alice, world.bob)
    assert "One of the two may not be linked with anybody: withdrawn or refused" in page
    assert "Merge these two" not in page
    answer = client.post(merge(world.alice), asked).content.decode()
    assert "One of them may not be linked with anybody (withdrawn or refused)" in answer
    assert home(bob) == world.bob
    assert not Verdict.objects.exists()


def test_two_of_one_household_are_said_to_be(world: World, sign_in: SignIn, now: datetime) -> None:
    client, said_so = sign_in("data_steward"), "These two live in one household."
    assert said_so not in compared(client, world.alice, world.bob)
    at = (now - timedelta(hours=1)).isoformat()
    house = {"street": "7 Rosewood Lane", "postcode": "SW1A 1AA", "family_name": "Archer", "updated_at": at}
    for number in ("C-4811", "C-4812"):
        send_rows(world.crm, {"customer_number": number, "given_name": f"N{number[-1]}", **house}, now=now)
    process(now)
    one, other = (profiles.look_up("customer_number", number, now=now) for number in ("C-4811", "C-4812"))
    assert one is not None
    assert said_so in compared(client, one, other)


def test_two_whom_only_a_third_ties_are_not_said_to_live_together(world: World, sign_in: SignIn, now: datetime) -> None:
    """The third one might be somebody who may not be told of."""
    at = (now - timedelta(hours=1)).isoformat()
    house = {"street": "7 Rosewood Lane", "postcode": "SW1A 1AA", "updated_at": at}
    phone = {"phone": "+442079460188"}
    rows = (
        {"customer_number": "C-4811", "given_name": "One", "family_name": "Zane"},
        {"customer_number": "C-4812", "given_name": "Two", "family_name": "Zane", **phone},
        {"customer_number": "C-4813", "given_name": "Three", "family_name": "Yates", **phone},
    )
    send_rows(world.crm, *(row | house for row in rows), now=now)
    process(now)
    one, two, three = (profiles.look_up("customer_number", row["customer_number"], now=now) for row in rows)
    assert one is not None
    household = household_of(one)
    assert household is not None
    assert {member.profile for member in household.members} == {one, two, three}
    client, said_so = sign_in("data_steward"), "These two live in one household."
    assert said_so in compared(client, one, two)
    assert said_so not in compared(client, one, three)
