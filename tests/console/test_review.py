"""The review queue: evidence in levels, a decision either way, and no pair twice."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from access.roles import CORRECT_IDENTITY, REVEAL_IDENTIFIERS, ROLES
from console import review_queue
from identity import profiles
from identity.ledger import NotPossible
from identity.makeup import makeup_of
from identity.models import CANNOT_LINK, IN_REVIEW, Match, Verdict
from pipeline import corrections
from pipeline.models import Work
from records.models import SourceProfile
from tests.console.conftest import World, said
from tests.senders import process, send_rows
from vault.ids import new_id
from vault.models import AuditEntry

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
SignIn = Callable[[str], Client]
REASON = {"reason": "same handwriting"}


def act(name: str, world: World) -> str:
    return reverse(f"admin:identity_match_{name}", args=[world.match.pk])


def test_the_pair_is_shown_masked_and_read_for_linking(world: World, sign_in: SignIn) -> None:
    content = sign_in("data_steward").get(act("change", world)).content.decode()
    assert [word for word in ("A••••", "R••••", "a•••@e•••.com", "80%", "-3.0", "+4.5") if word not in content] == []
    entry = AuditEntry.objects.order_by("-id").first()
    assert entry is not None
    assert (entry.purpose, entry.reason) == ("identity_linking", "review a pair")


def test_reveal_shows_both_sides(world: World, sign_in: SignIn) -> None:
    content = sign_in("data_steward").post(act("reveal", world), REASON).content.decode()
    assert "alice@example.com" in content
    assert "bob@example.com" in content
    entry = AuditEntry.objects.order_by("-id").first()
    assert entry is not None
    assert entry.reason == "reveal: same handwriting"


def test_reveal_is_for_those_who_may_see_the_pair(world: World, sign_in: SignIn) -> None:
    for role in ROLES:
        response = sign_in(role).post(act("reveal", world), REASON)
        may = {REVEAL_IDENTIFIERS, CORRECT_IDENTITY} <= ROLES[role].capabilities
        assert (response.status_code, "alice@example.com" in response.content.decode()) == (200 if may else 403, may)


def test_one_person_joins_the_profiles(world: World, sign_in: SignIn) -> None:
    response = sign_in("data_steward").post(act("join", world), REASON)
    assert response["Location"] == reverse("admin:identity_match_changelist")
    assert len(set(profiles.profile_of([world.match.left_id, world.match.right_id]).values())) == 1
    assert Work.objects.exists()
    assert not review_queue.waiting().exists()


def test_two_people_are_kept_apart(world: World, sign_in: SignIn) -> None:
    sign_in("data_steward").post(act("keep_apart", world), REASON)
    verdict = Verdict.objects.get()
    assert (verdict.verdict, verdict.reason) == ("cannot_link", "same handwriting")
    assert len(set(profiles.profile_of([world.match.left_id, world.match.right_id]).values())) == 2
    assert not review_queue.waiting().exists()


def test_a_pair_that_became_one_meanwhile_cannot_be_kept_apart(world: World, now: datetime) -> None:
    corrections.merge(world.alice, world.bob, actor="1", reason="same handwriting", now=now)
    with pytest.raises(NotPossible, match="They are one profile by now"):
        corrections.keep_apart(world.match, actor="1", reason="two people", now=now)
    assert set(Verdict.objects.values_list("verdict", flat=True)) == {"must_link"}


def test_what_was_kept_apart_can_be_taken_back(world: World, sign_in: SignIn) -> None:
    client = sign_in("data_steward")
    client.post(act("keep_apart", world), REASON)
    page = client.get(reverse("admin:identity_profile_change", args=[world.alice]))
    (apart,) = page.context["apart"]
    assert (apart.profile, apart.reason, apart.actor) == (world.bob, "same handwriting", "data_steward")
    again = reverse("admin:identity_profile_allow_again", args=[world.alice, world.bob])
    assert said(client.post(again)) == ["Reason: This field is required."]
    client.post(again, {"reason": "ticket 4711"})
    taken = Verdict.objects.get()
    assert (taken.undone_by, taken.undone_reason) == (str(world.staff["data_steward"].pk), "ticket 4711")
    assert not Verdict.objects.filter(undone_at=None).exists()
    assert set(Work.objects.values_list("source_profile_id", flat=True)) == {
        *world.parts(world.alice),
        *world.parts(world.bob),
    }
    assert said(client.post(again, REASON)) == ["Nobody keeps these two apart."]
    assert sign_in("marketer").post(again).status_code == 403


def test_a_pair_that_came_together_otherwise_waits_no_more(world: World, sign_in: SignIn) -> None:
    assert review_queue.waiting().count() == 1
    merge = reverse("admin:identity_profile_merge", args=[world.alice])
    sent = {"reason": "one person", "other": str(world.bob), "seen": makeup_of([world.alice, world.bob])}
    sign_in("data_steward").post(merge, sent)
    Verdict.objects.all().delete()
    assert review_queue.waiting().count() == 0


def test_a_decision_needs_a_reason_and_a_pair_that_waits(world: World, sign_in: SignIn) -> None:
    client = sign_in("data_steward")
    client.post(act("join", world), {"reason": ""})
    assert review_queue.waiting().count() == 1
    client.post(act("keep_apart", world), REASON)
    assert client.get(act("change", world))["Location"] == reverse("admin:identity_match_changelist")


def test_whoever_answers_a_pair_that_was_decided_meanwhile_is_told_so(world: World, sign_in: SignIn) -> None:
    client = sign_in("data_steward")
    client.post(act("keep_apart", world), REASON)
    client.get(reverse("admin:identity_match_changelist"))
    late = client.post(act("join", world), REASON)
    assert (late.status_code, late.get("Location")) == (302, reverse("admin:identity_match_changelist"))
    assert said(late) == ["That pair waits no more: it was decided, or found anew."]
    assert [answer.verdict for answer in Verdict.objects.all()] == [CANNOT_LINK]


def test_only_those_who_correct_identity_decide(world: World, sign_in: SignIn) -> None:
    decide = {CORRECT_IDENTITY}
    needed = {"join": decide, "keep_apart": decide, "reveal": {*decide, REVEAL_IDENTIFIERS}}
    for role in ROLES:
        client = sign_in(role)
        refused = {name for name in needed if client.post(act(name, world)).status_code == 403}
        assert refused == {name for name, all_of in needed.items() if not all_of <= ROLES[role].capabilities}, role


def test_the_evidence_can_be_kept_as_a_picture(world: World, sign_in: SignIn) -> None:
    client = sign_in("data_steward")
    assert act("picture", world) in client.get(act("change", world)).content.decode()
    response = client.get(act("picture", world))
    assert (response.status_code, response["Content-Type"]) == (200, "image/svg+xml")
    assert response["Content-Disposition"].startswith('attachment; filename="evidence-')
    drawn = response.content.decode()
    assert [word for word in ("<svg", "−3.0", "+4.5") if word not in drawn] == []
    assert "alice" not in drawn.casefold()
    assert client.post(act("picture", world)).status_code == 405


def test_the_picture_is_for_those_who_may_see_the_pair(world: World, sign_in: SignIn) -> None:
    for role in ROLES:
        may = CORRECT_IDENTITY in ROLES[role].capabilities
        assert sign_in(role).get(act("picture", world)).status_code == (200 if may else 403)


def test_the_page_says_why_a_likely_pair_waits(world: World, sign_in: SignIn) -> None:
    world.match.evidence = [*world.match.evidence, ["held_back", "visiting", 0.0]]
    world.match.save()
    content = sign_in("data_steward").get(act("change", world)).content.decode()
    assert "what comes from a browser or an app joins one known person at most" in content


def test_the_page_says_whether_the_model_learns_of_an_answer(world: World, sign_in: SignIn) -> None:
    client = sign_in("data_steward")
    page = client.get(act("change", world)).content.decode()
    assert "It also counts when the match model is next learned" in page
    assert "0 of 0 answers from the review queue count." in page
    world.match.probability, world.match.evidence = 0.95, [["held_back", "visiting", 0.0]]
    world.match.save()
    assert "The model does not learn from it" in client.get(act("change", world)).content.decode()
    client.post(act("keep_apart", world), REASON)
    rules = client.get(reverse("admin:identity_ruleversion_changelist")).content.decode()
    assert "0 of 1 answer from the review queue count." in rules


def test_whoever_decides_goes_on_with_the_pair_that_stands_behind(world: World, sign_in: SignIn, now: datetime) -> None:
    pairs = [world.match, *more_pairs(world, [0.9, 0.8, 0.7], now)]
    queue = sorted(pairs, key=lambda pair: (pair.probability, pair.pk))
    pages = [reverse("admin:identity_match_change", args=[pair.pk]) for pair in queue]
    client = sign_in("data_steward")
    for at, following in ((1, 2), (2, 3), (3, 0)):
        assert f'href="{pages[following]}">Next pair' in client.get(pages[at]).content.decode()
        decided = client.post(reverse("admin:identity_match_keep_apart", args=[queue[at].pk]), REASON)
        assert decided["Location"] == pages[following]
    assert "Next pair" not in client.get(pages[0]).content.decode()
    last = client.post(reverse("admin:identity_match_keep_apart", args=[queue[0].pk]), REASON)
    assert last["Location"] == reverse("admin:identity_match_changelist")


def test_whoever_answers_is_led_to_the_profile_or_to_both(world: World, sign_in: SignIn, now: datetime) -> None:
    client = sign_in("data_steward")
    (other,) = more_pairs(world, [0.7], now)
    homes = profiles.profile_of([other.left_id, other.right_id])
    (told,) = said(client.post(reverse("admin:identity_match_keep_apart", args=[other.pk]), REASON))
    both = [reverse("admin:identity_profile_change", args=[homes[id]]) for id in (other.left_id, other.right_id)]
    answer = reverse("admin:identity_verdict_change", args=[Verdict.objects.get().pk])
    assert re.findall(r'href="([^"]+)"', told) == [*both, answer]
    assert "Take back" in client.get(answer).content.decode()
    shown = client.get(client.post(act("join", world), REASON)["Location"]).content.decode()
    joined = profiles.profile_of([world.match.left_id])[world.match.left_id]
    link = f'<a class="o-link" href="{reverse("admin:identity_profile_change", args=[joined])}">'
    assert f"joined, they are one profile now. {link}" in shown


def more_pairs(world: World, probabilities: list[float], now: datetime, evidence: Any = ()) -> list[Match]:
    """Pairs of two more people each, so likely to be one."""
    known = set(SourceProfile.objects.values_list("id", flat=True))
    at = now.isoformat()
    names = [f"D-{len(known) + place}" for place in range(2 * len(probabilities))]
    rows = [{"customer_number": name, "updated_at": at} for name in names]
    send_rows(world.crm, *rows, now=now)
    process(now)
    new = SourceProfile.objects.exclude(id__in=known).order_by("id").values_list("id", flat=True)
    found = {"reason": "similar person", "evidence": list(evidence), "state": IN_REVIEW, "model_version": "1"}
    found |= {"found_at": now}
    return [
        Match.objects.create(id=new_id(), left_id=left, right_id=right, probability=probability, **found)
        for probability, left, right in zip(probabilities, new[::2], new[1::2], strict=True)
    ]
