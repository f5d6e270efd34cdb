"""Settling beside people who object to being linked, are restricted, or are too many."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from consent import restrictions
from consent.acts import NewAct, record
from identity import ledger
from identity.models import IN_REVIEW, Match
from identity.profiles import profile_of
from pipeline import queue
from records.models import Source, SourceProfile
from tests.identity.test_dry_run import ALICE_AT_WORK
from tests.identity.test_resolve import ALICE, partner
from tests.identity.test_settling import changed, in_force, settle, source_profile
from tests.senders import process, send_rows

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
__all__ = ["partner"]


def card_holders(partner: Source, now: datetime, count: int) -> list[UUID]:
    """So many of one card, in the order of their ids."""
    send_rows(partner, *({"loyalty_number": "L1", "no": str(number)} for number in range(count)), now=now)
    process(now)
    return list(SourceProfile.objects.order_by("id").values_list("id", flat=True))


def object_to_linking(id: UUID, now: datetime) -> None:
    """Without having been resolved since."""
    record([NewAct(id, "identity_linking", "", "withdrawn", now, "letter", verified=True)], now=now)


@pytest.mark.parametrize("settled", [False, True])
@pytest.mark.parametrize("order", [(0, 1, 2), (1, 2, 0), (2, 0, 1)])
def test_who_objects_leaves_and_who_is_restricted_stays(
    partner: Source, now: datetime, order: tuple[int, int, int], settled: bool
) -> None:
    ids = card_holders(partner, now, 3)
    objecting, agreeing, resting = (ids[place] for place in order)
    home = profile_of(ids)[agreeing]
    restrictions.restrict([resting], kind="restriction", actor="officer", now=now)
    object_to_linking(objecting, now)
    later = now + timedelta(hours=1)
    if settled:
        settle(later)
    queue.enqueue(ids, now=later)
    process(later + timedelta(hours=1))
    after = profile_of(ids)
    assert (after[agreeing], after[resting]) == (home, home)
    assert after[objecting] != home


@pytest.mark.parametrize("by_hand", [False, True])
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_who_objects_leaves_whoever_is_restricted(
    partner: Source, now: datetime, order: tuple[int, int], by_hand: bool
) -> None:
    if by_hand:
        send_rows(partner, {"loyalty_number": "L1", "no": "1"}, {"account_id": "A1", "no": "2"}, now=now)
        process(now)
        ids = list(SourceProfile.objects.order_by("id").values_list("id", flat=True))
        ledger.merge(*(profile_of(ids)[id] for id in ids), actor="steward", reason="case 1", now=now)
    else:
        ids = card_holders(partner, now, 2)
    objecting, resting = (ids[place] for place in order)
    home = profile_of(ids)[resting]
    restrictions.restrict([resting], kind="restriction", actor="officer", now=now)
    object_to_linking(objecting, now)
    settle(now + timedelta(hours=1))
    assert profile_of([resting])[resting] == home
    assert profile_of([objecting])[objecting] != home
    assert changed(settle(now + timedelta(hours=2))) == (0, 0, 0)


@pytest.mark.parametrize("kind", ["restriction", "legal_hold", "erasure_pending"])
def test_a_pair_in_review_outlasts_a_restriction(crm: Source, now: datetime, kind: str) -> None:
    in_force(now, link=0.9999)
    send_rows(crm, ALICE, ALICE_AT_WORK, now=now)
    process(now)
    restrictions.restrict([source_profile("C2")], kind=kind, actor="officer", now=now)
    settle(now + timedelta(hours=1))
    assert Match.objects.filter(state=IN_REVIEW).count() == 1


def test_too_many_are_left_as_they_are(partner: Source, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = card_holders(partner, now, 8)
    home = profile_of(ids)
    object_to_linking(ids[0], now)
    for module in ("portions", "settle"):
        monkeypatch.setattr(f"identity.{module}.MOST_TOGETHER", 5)
    assert changed(settle(now + timedelta(hours=1))) == (0, 0, 0)
    assert profile_of(ids) == home
    for module in ("portions", "settle"):
        monkeypatch.setattr(f"identity.{module}.MOST_TOGETHER", 8)
    assert changed(settle(now + timedelta(hours=2))) == (0, 1, 1)
