"""Answers that were given: who, when, why, who the two are now; and taking one back."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from access.roles import CORRECT_IDENTITY, ROLES
from console import review_queue
from console.answer_list import answers
from identity import profiles
from identity.models import Verdict
from pipeline import corrections
from tests.console.conftest import PLAINTEXT, World, said
from vault.ids import new_id
from vault.models import AuditEntry

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
SignIn = Callable[[str], Client]
LIST = reverse("admin:identity_verdict_changelist")
REASON = {"reason": "ticket 4711"}


def profile_page(profile: UUID) -> str:
    return reverse("admin:identity_profile_change", args=[profile])


def answered(name: str, world: World, client: Client) -> Verdict:
    """The answer that the list shows once the pair was decided so."""
    client.post(reverse(f"admin:identity_match_{name}", args=[world.match.pk]), REASON)
    (row,) = client.get(LIST).context["cl"].result_list
    return row


def take_back(answer: Verdict) -> str:
    return reverse("admin:identity_verdict_take_back", args=[answer.pk])


def test_the_list_says_who_answered_what_and_leads_to_the_profile(world: World, sign_in: SignIn) -> None:
    client = sign_in("data_steward")
    row = answered("join", world, client)
    assert (row.left_id, row.right_id) == (world.match.left_id, world.match.right_id)
    content = client.get(LIST).content.decode()
    joined = profiles.profile_of([row.left_id])[row.left_id]
    told = ("One person", "data_steward", "ticket 4711", "stands", f'href="{profile_page(joined)}"')
    assert [word for word in told if word not in content] == []
    assert [word for word in PLAINTEXT if word in content] == []


def test_of_a_decision_on_many_pairs_one_is_listed_that_was_asked(world: World, now: datetime) -> None:
    corrections.join(world.match, actor="1", reason="one person", now=now)
    assert Verdict.objects.count() == len(world.parts(world.alice) or world.parts(world.bob)) - 1
    (row,) = answers()
    assert (row.left_id, row.right_id) == (world.match.left_id, world.match.right_id)


def test_both_profiles_are_named_of_two_people(world: World, sign_in: SignIn) -> None:
    client = sign_in("data_steward")
    answer = answered("keep_apart", world, client)
    for page in (LIST, reverse("admin:identity_verdict_change", args=[answer.pk])):
        content = client.get(page).content.decode()
        assert "Two people" in content
        assert [one for one in (world.alice, world.bob) if f'href="{profile_page(one)}"' not in content] == []


def test_the_page_of_an_answer_shows_both_masked_with_the_evidence(world: World, sign_in: SignIn) -> None:
    client = sign_in("data_steward")
    content = client.get(reverse("admin:identity_verdict_change", args=[answered("join", world, client).pk]))
    text = content.content.decode()
    assert [
        word for word in ("A••••", "R••••", "a•••@e•••.com", "-3.0", "+4.5", "Take apart") if word not in text
    ] == []
    assert [word for word in PLAINTEXT if word in text] == []
    entry = AuditEntry.objects.order_by("-id").first()
    assert entry is not None
    assert (entry.purpose, entry.reason) == ("identity_linking", "look at an answer")


def test_what_was_joined_is_taken_apart_again(world: World, sign_in: SignIn) -> None:
    client, alices, bobs = sign_in("data_steward"), world.parts(world.alice), world.parts(world.bob)
    answer = answered("join", world, client)
    response = client.post(take_back(answer), REASON)
    assert said(response) == ["Taken back: they are two profiles again, and matching will not join them."]
    assert (world.parts(world.alice), world.parts(world.bob)) == (alices, bobs)
    states = {row.verdict: row.undone_at is None for row in client.get(LIST).context["cl"].result_list}
    assert states == {"must_link": False, "cannot_link": True}
    assert said(client.post(take_back(answer), REASON)) == ["This answer does not stand any more."]


def test_a_join_is_taken_back_after_the_profile_was_merged_again(world: World, now: datetime) -> None:
    first, then, last = (now + timedelta(minutes=minutes) for minutes in (1, 2, 3))
    alices, bobs = world.parts(world.alice), world.parts(world.bob)
    corrections.join(world.match, actor="1", reason="one person", now=first)
    (answer,) = answers()
    here = profiles.profile_of([world.match.left_id])[world.match.left_id]
    here = corrections.merge(here, world.carol, actor="1", reason="one person", now=then)
    corrections.take_back(answer, actor="1", reason="two people", now=last)
    assert (set(alices) < set(world.parts(here)), world.parts(world.bob)) == (True, bobs)


def test_what_was_kept_apart_may_be_joined_again(world: World, sign_in: SignIn) -> None:
    client = sign_in("data_steward")
    answer = answered("keep_apart", world, client)
    response = client.post(take_back(answer), REASON)
    assert said(response) == ["Taken back: matching may join them again."]
    assert not Verdict.objects.filter(undone_at=None).exists()
    page = client.get(response["Location"]).content.decode()
    assert "it still stands" not in page
    assert "Take back</button>" not in page


def test_an_answer_that_joined_nothing_is_not_taken_back(world: World, now: datetime) -> None:
    one, other = sorted(world.parts(world.alice))
    answer = Verdict.objects.create(
        id=new_id(), left_id=one, right_id=other, verdict="must_link", reason="x", actor="1", decided_at=now
    )
    with pytest.raises(ValueError, match="nothing was joined by this answer"):
        corrections.take_back(answer, actor="1", reason="two people", now=now)
    assert Verdict.objects.get().undone_at is None


def test_a_reason_is_needed_and_the_right_role(world: World, sign_in: SignIn) -> None:
    client = sign_in("data_steward")
    answer = answered("keep_apart", world, client)
    assert said(client.post(take_back(answer), {"reason": ""})) == ["Reason: This field is required."]
    assert Verdict.objects.get().undone_at is None
    for role in ROLES:
        may = CORRECT_IDENTITY in ROLES[role].capabilities
        assert (sign_in(role).post(take_back(answer), {}).status_code == 302) == may, role


def test_answers_are_chosen_by_what_they_say_and_whether_they_stand(world: World, sign_in: SignIn) -> None:
    client = sign_in("data_steward")
    client.post(take_back(answered("join", world, client)), REASON)
    shown = {
        query: [row.verdict for row in client.get(f"{LIST}?{query}").context["cl"].result_list]
        for query in ("answer=must_link", "answer=cannot_link", "state=stands", "state=ended")
    }
    assert shown == {
        "answer=must_link": ["must_link"],
        "answer=cannot_link": ["cannot_link"],
        "state=stands": ["cannot_link"],
        "state=ended": ["must_link"],
    }
    assert not review_queue.waiting().exists()
