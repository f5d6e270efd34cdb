"""A profile's page says with whom it may be one person, as long as the pair waits in the review queue."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.db.models import Q
from django.urls import reverse

from access import roles
from consent.acts import NewAct, record
from consent.models import WITHDRAWN
from console.profile.undecided import Undecided, undecided
from identity.matching.waterfall import CONTRADICTION
from identity.models import Match
from identity.profiles import look_up, source_profiles
from pipeline import corrections, queue
from records.models import Source
from tests.console.test_profile import SignIn
from tests.identity.test_limiting import limit
from tests.identity.test_waiting import ANNA
from tests.pipeline.cast import bearers
from tests.senders import process, send_rows

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


PLAINLY = "by other records of theirs the two plainly differ, in a birth date or a given name"


def customers(crm: Source, now: datetime, *rows: dict[str, Any]) -> None:
    """Each comes in after those before it: who is joined to whom is no matter of chance."""
    for row in rows:
        send_rows(crm, {"updated_at": "2026-11-01"} | row, now=now)
        process(now)


@pytest.fixture
def two(crm: Source, now: datetime) -> tuple[UUID, UUID]:
    """Anna, whose birth date one of two records says, and somebody of her name, house and mailbox who is older."""
    daughter, mother = ANNA | {"birth_date": "1985-03-02"}, ANNA | {"birth_date": "1951-08-17"}
    numbered = (("C0", daughter), ("C1", ANNA), ("C2", mother))
    customers(crm, now, *({"customer_number": number} | said for number, said in numbered))
    return profile("C1", now), profile("C2", now)


def profile(number: str, now: datetime) -> UUID:
    found = look_up("customer_number", number, now=now)
    assert found
    return found


def told(one: UUID) -> list[Undecided]:
    return undecided(source_profiles(one), decided=())


def test_either_page_names_the_other_says_why_and_leads_to_the_pair(two: tuple[UUID, UUID], sign_in: SignIn) -> None:
    steward = sign_in(roles.DATA_STEWARD)
    for one, other in (two, two[::-1]):
        (seen,) = told(one)
        assert (seen.profile, seen.held) == (other, PLAINLY)
        page = steward.get(reverse("admin:identity_profile_change", args=[one])).content.decode()
        assert f"Not joined, since {PLAINLY}." in page
        assert reverse("admin:identity_profile_change", args=[other]) in page
        assert reverse("admin:identity_match_change", args=[seen.pair]) in page


def test_whoever_may_not_decide_is_told_of_nobody_else(two: tuple[UUID, UUID], sign_in: SignIn) -> None:
    for role in (roles.MARKETER, roles.PRIVACY_OFFICER):
        page = sign_in(role).get(reverse("admin:identity_profile_change", args=[two[1]])).content.decode()
        assert "Who this is" in page
        assert "May be one person with" not in page
        assert reverse("admin:identity_match_changelist") not in page


@pytest.mark.parametrize("same", [True, False])
def test_once_somebody_decided_nothing_is_undecided(two: tuple[UUID, UUID], now: datetime, same: bool) -> None:
    decide = corrections.join if same else corrections.keep_apart
    decide(Match.objects.get(pk=told(two[0])[0].pair), actor="steward", reason="they are sisters", now=now)
    assert [told(profile(number, now)) for number in ("C1", "C2")] == [[], []]


def test_who_decided_by_another_pair_of_theirs_is_not_asked_again(two: tuple[UUID, UUID]) -> None:
    assert undecided(source_profiles(two[0]), decided={two[1]}) == []


@pytest.mark.parametrize("number", ["C1", "C2"])
def test_once_either_objects_to_linking_nothing_is_said(two: tuple[UUID, UUID], now: datetime, number: str) -> None:
    (id,) = bearers("customer_number", number)
    record([NewAct(id, "identity_linking", "", WITHDRAWN, now, "phone", verified=True)], now=now)
    queue.enqueue([id], now=now)
    process(now)
    assert [told(profile(one, now)) for one in ("C0", "C1", "C2")] == [[], [], []]


def test_of_a_pair_that_evidence_leaves_open_no_other_reason_is_told(two: tuple[UUID, UUID]) -> None:
    (seen,) = told(two[0])
    match = Match.objects.get(pk=seen.pair)
    match.evidence = [step for step in match.evidence if step[0] != "held_back"]
    match.save()
    assert [one.held for one in told(two[0])] == [""]
    match.evidence = [*match.evidence, [CONTRADICTION, "", 0.0]]
    match.save()
    assert [one.held for one in told(two[0])] == ["something that one person has only once plainly differs"]


def test_a_limit_is_told(crm: Source, now: datetime) -> None:
    limit("customer_number", now, most=1)
    rows = ({"customer_number": number, "loyalty_number": "L1"} for number in ("C0", "C1"))
    customers(crm, now, *rows)
    (seen,) = told(profile("C0", now))
    assert (seen.profile, "than a limit allows" in seen.held) == (profile("C1", now), True)


def test_the_likeliest_few_are_named(crm: Source, now: datetime) -> None:
    limit("customer_number", now, most=1)
    customers(crm, now, *({"customer_number": f"C{number}", "loyalty_number": "L1"} for number in range(6)))
    for place, match in enumerate(Match.objects.order_by("id")):
        Match.objects.filter(pk=match.pk).update(probability=0.5 + place / 100)
    named = told(profile("C0", now))
    assert len({one.profile for one in named}) == len(named) == 3
    assert [one.likely for one in named] == sorted((one.likely for one in named), reverse=True)
    own = bearers("customer_number", "C0")
    likeliest = Match.objects.filter(Q(left__in=own) | Q(right__in=own))
    assert named[0].pair == likeliest.latest("probability").pk
