"""Taking an answer back: this decision alone, on all of its pairs, whatever became of the two; who and why is kept."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from consent.acts import NewAct, record
from consent.models import WITHDRAWN
from console.answer_list import answers
from identity import ledger, profiles
from identity.models import CANNOT_LINK, MUST_LINK, Assignment, Verdict
from pipeline import corrections
from tests.console.conftest import World, said
from tests.senders import process

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
SignIn = Callable[[str], Client]
LIST = reverse("admin:identity_verdict_changelist")
REASON = {"reason": "case 9999 says otherwise"}
TWO = {"actor": "1", "reason": "two people"}


@pytest.fixture
def later(now: datetime) -> list[datetime]:
    """Instants one after the other."""
    return [now + timedelta(seconds=seconds) for seconds in range(1, 6)]


def home(source_profile: UUID) -> UUID | None:
    return profiles.profile_of([source_profile]).get(source_profile)


def page_of(answer: Verdict) -> str:
    return reverse("admin:identity_verdict_change", args=[answer.pk])


def take_back(answer: Verdict) -> str:
    return reverse("admin:identity_verdict_take_back", args=[answer.pk])


def object_to_linking(source_profile: UUID, at: datetime) -> None:
    record([NewAct(source_profile, "identity_linking", "", WITHDRAWN, at, "phone", verified=True)], now=at)
    process(at)


def pairs(verdict: str, *, stand: bool) -> set[tuple[UUID, UUID]]:
    rows = Verdict.objects.filter(verdict=verdict, undone_at__isnull=stand)
    return set(rows.values_list("left_id", "right_id"))


def test_who_took_an_answer_back_and_why_is_kept_and_shown(world: World, sign_in: SignIn, now: datetime) -> None:
    corrections.keep_apart(world.match, actor="1", reason="two siblings", now=now)
    (answer,) = answers()
    client = sign_in("data_steward")
    client.post(take_back(answer), REASON)
    answer.refresh_from_db()
    steward = str(world.staff["data_steward"].pk)
    assert (answer.undone_by, answer.undone_reason) == (steward, "case 9999 says otherwise")
    for page in (LIST, page_of(answer)):
        content = client.get(page).content.decode()
        assert [word for word in ("data_steward", "case 9999 says otherwise") if word not in content] == []


def test_of_a_merge_that_is_taken_back_it_is_kept_as_well(world: World, later: list[datetime]) -> None:
    corrections.join(world.match, actor="1", reason="one person", now=later[0])
    (answer,) = answers()
    corrections.take_back(answer, actor="2", reason="seen at the counter", now=later[1])
    ended = Verdict.objects.filter(verdict=MUST_LINK).values_list("undone_at", "undone_by", "undone_reason")
    assert set(ended) == {(later[1], "2", "seen at the counter")}


def test_a_merge_says_why_whoever_was_kept_apart_is_not_any_more(world: World, later: list[datetime]) -> None:
    corrections.keep_apart(world.match, actor="1", reason="two siblings", now=later[0])
    corrections.merge(world.alice, world.bob, actor="2", reason="one after all", now=later[1])
    row = Verdict.objects.get(verdict=CANNOT_LINK)
    assert (row.undone_at, row.undone_by, row.undone_reason) == (later[1], "2", "one after all")


def test_taking_back_one_answer_leaves_that_of_somebody_else(
    world: World, sign_in: SignIn, later: list[datetime]
) -> None:
    """Two stewards kept apart two pairs of the same two profiles, each for a reason of their own."""
    one, other = sorted(world.parts(world.alice))
    (bob,) = world.parts(world.bob)
    answer = ledger.rule(one, bob, CANNOT_LINK, actor="1", reason="two siblings", now=later[0])
    theirs = ledger.rule(other, bob, CANNOT_LINK, actor="2", reason="seen at the counter", now=later[1])
    response = sign_in("data_steward").post(take_back(answer), REASON)
    assert said(response) == ["Taken back. Another answer still keeps these two profiles apart."]
    for row in (answer, theirs):
        row.refresh_from_db()
    assert (answer.undone_at is None, theirs.undone_at) == (False, None)


def test_two_merges_at_one_instant_are_two_answers_and_each_is_taken_back_for_itself(
    world: World, later: list[datetime]
) -> None:
    """As `corrections.join_bearers` merges: one after the other, all at one instant."""
    one, two, three = sorted((world.alice, world.bob, world.carol))
    first, second, third = (world.parts(profile)[0] for profile in (one, two, three))
    by = {"actor": "1", "reason": "subject request", "now": later[0]}
    corrections.merge(three, two, **by)
    corrections.merge(two, one, **by)
    assert len(answers()) == 2
    low, high = sorted((second, third))
    corrections.take_back(Verdict.objects.get(left=low, right=high), **TWO, now=later[1])
    assert (home(first), home(second), home(third)) == (one, one, three)


def test_the_other_of_two_merges_at_one_instant_is_taken_back_for_itself(world: World, later: list[datetime]) -> None:
    one, two, three = sorted((world.alice, world.bob, world.carol))
    first, second, third = (world.parts(profile)[0] for profile in (one, two, three))
    by = {"actor": "1", "reason": "subject request", "now": later[0]}
    corrections.merge(three, two, **by)
    corrections.merge(two, one, **by)
    low, high = sorted((first, third))
    corrections.take_back(Verdict.objects.get(left=low, right=high), **TWO, now=later[1])
    assert (home(first), home(second), home(third)) == (one, two, two)


def test_an_answer_that_stands_is_taken_back_while_an_objection_keeps_the_two_apart(
    world: World, later: list[datetime]
) -> None:
    """Else the two would be joined again as soon as the objection ends."""
    (bob,) = world.parts(world.bob)
    corrections.join(world.match, actor="1", reason="one person", now=later[0])
    object_to_linking(bob, later[1])
    assert home(world.match.left_id) != home(world.match.right_id)
    (answer,) = answers()
    ruled = pairs(MUST_LINK, stand=True)
    corrections.take_back(answer, **TWO, now=later[2])
    assert pairs(MUST_LINK, stand=True) == set()
    assert pairs(CANNOT_LINK, stand=True) == ruled


def test_an_answer_on_somebody_who_waits_to_be_resolved_is_taken_back(world: World, later: list[datetime]) -> None:
    (bob,) = world.parts(world.bob)
    corrections.join(world.match, actor="1", reason="one person", now=later[0])
    ledger.release([bob], now=later[1])
    (answer,) = answers()
    corrections.take_back(answer, **TWO, now=later[2])
    process(later[3])
    assert home(bob) not in (None, home(world.match.left_id if world.match.right_id == bob else world.match.right_id))


def test_all_pairs_of_a_split_are_taken_back_wherever_they_are_by_now(world: World, later: list[datetime]) -> None:
    """One of two source profiles was split off three; one of those has left for a third profile meanwhile."""
    corrections.merge(world.alice, world.bob, actor="1", reason="one person", now=later[0])
    (together,) = {home(id) for id in (world.match.left_id, world.match.right_id)}
    assert together is not None
    off, moved, _ = world.parts(together)
    corrections.split(off, **TWO, now=later[1])
    (third,) = ledger.make_profiles(1, now=later[2])
    ledger.assign([ledger.Entry(moved, third, "x")], actor="resolve", rule_version="default", now=later[2])
    answer = answers().get(verdict=CANNOT_LINK)
    assert len(pairs(CANNOT_LINK, stand=True)) == 2
    corrections.take_back(answer, actor="1", reason="a slip", now=later[3])
    assert pairs(CANNOT_LINK, stand=True) == set()


def test_an_answer_on_somebody_who_was_erased_meanwhile_says_so(world: World, now: datetime) -> None:
    corrections.keep_apart(world.match, actor="1", reason="two siblings", now=now)
    (answer,) = answers()
    Verdict.objects.all().delete()
    with pytest.raises(ledger.NotPossible, match="one of the two was erased, and the answer with them"):
        corrections.take_back(answer, **TWO, now=now)


def test_what_holds_a_source_profile_is_asked_once_on_the_page_of_the_ledger(
    world: World, sign_in: SignIn, later: list[datetime]
) -> None:
    corrections.join(world.match, actor="1", reason="one person", now=later[0])
    (answer,) = answers()
    corrections.take_back(answer, **TWO, now=later[1])
    entry = Assignment.objects.filter(evidence__has_key="undoes").latest("id")
    client = sign_in("data_steward")
    with CaptureQueriesContext(connection) as asked:
        client.get(reverse("admin:identity_assignment_change", args=[entry.pk]))
    held = [one for one in asked if 'ORDER BY "identity_assignment"."assigned_at"' in one["sql"]]
    assert len(held) == 1
