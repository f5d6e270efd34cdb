"""During a long run each row is asked about again as soon as something is on record that may change the answer.

Rows that were asked together bear the same grant, so a grant of its own tells that a row was asked again.
"""

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from consent import notices, recheck
from consent.acts import NewAct, annul, record
from consent.models import WITHDRAWN, Purpose
from consent.recheck import still_allowed
from consent.restrictions import restrict
from records.models import SourceProfile
from tests.consent.conftest import READER, newcomer
from vault import grants
from vault.grants import Grant

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def five(crm, now) -> list[UUID]:
    return [newcomer(crm, now) for _ in range(5)]


@pytest.fixture
def agreed(five, yes) -> list[UUID]:
    for one in five:
        yes(one, day=-1)
    return five


def run_over(rows, now, **asked):
    asked = {"purpose": "marketing", "channel": "email"} | asked
    return still_allowed(
        rows, source_profiles=lambda row: [row], clock=lambda: now, actor=READER, reason="export", **asked
    )


def asked_together(handed_over: list[tuple[UUID, Grant]]) -> list[list[UUID]]:
    """The rows in groups that bear one grant."""
    groups: dict[UUID, list[UUID]] = {}
    for row, grant in handed_over:
        groups.setdefault(grant.id, []).append(row)
    return list(groups.values())


def test_where_nothing_happens_all_are_asked_once_and_each_may_be_opened(agreed, now):
    handed_over = list(run_over(agreed, now))
    assert asked_together(handed_over) == [agreed]
    (grant,) = {grant for _, grant in handed_over}
    assert (grant.source_profiles, grant.purpose, grant.actor, grant.reason) == (
        set(agreed), "marketing", READER, "export"
    )  # fmt: skip


def test_who_does_not_allow_it_is_left_out(five, agreed, no, now):
    no(five[1])
    no(five[4], channel="sms")
    assert [row for row, _ in run_over(five, now)] == [five[0], five[2], five[3], five[4]]
    assert [row for row, _ in run_over(five, now, channel="sms")] == []
    assert [row for row, _ in run_over(five, now, channel="")] == [five[0], five[2], five[3]]


def test_without_a_channel_it_asks_for_any(five, agreed, no, now):
    no(five[4], channel="sms")
    clock = {"source_profiles": lambda row: [row], "clock": lambda: now}
    asked = {"purpose": "marketing", "actor": READER, "reason": "export"}
    assert [row for row, _ in still_allowed(five, **clock, **asked)] == five[:4]


def test_it_takes_a_portion_at_a_time(agreed, now, monkeypatch):
    monkeypatch.setattr(recheck, "PORTION", 2)
    assert asked_together(list(run_over(agreed, now))) == [agreed[:2], agreed[2:4], agreed[4:]]


def test_a_grant_that_runs_out_is_asked_for_again(agreed, now, monkeypatch):
    monkeypatch.setattr(grants, "LIFETIME", timedelta(0))
    assert asked_together(list(run_over(agreed, now))) == [[one] for one in agreed]


# What happens to one person, after the first row was handed over


def after(run, happens) -> list[list[UUID]]:
    """How the rows were asked when this happens behind the first."""
    first = next(run)
    happens()
    return asked_together([first, *run])


def test_a_no_takes_out_its_own_row_and_asks_nobody_else(agreed, no, now):
    assert after(run_over(agreed, now), lambda: no(agreed[2])) == [[agreed[0], agreed[1], agreed[3], agreed[4]]]


def test_a_yes_brings_its_row_back(five, agreed, yes, no, now):
    no(five[2], day=-0.5)
    assert after(run_over(five, now), lambda: yes(five[2])) == [[five[0], five[1], five[3], five[4]], [five[2]]]


def test_asked_again_is_asked_for_the_same_channel(agreed, no, now):
    def happens():
        no(agreed[1], channel="sms")
        no(agreed[3], channel="email")

    assert after(run_over(agreed, now), happens) == [[agreed[0], agreed[2], agreed[4]], [agreed[1]]]


def test_a_word_on_another_purpose_asks_nobody(agreed, no, now):
    assert after(run_over(agreed, now), lambda: no(agreed[2], purpose="analytics", channel="")) == [agreed]


def test_an_act_that_is_annulled_asks_its_row_again(five, agreed, now, alice):
    said = NewAct(five[2], "marketing", "email", WITHDRAWN, now - DAY / 2, "phone", True, "clerk-3", addressed=alice)
    other = NewAct(five[3], "analytics", "", WITHDRAWN, now - DAY / 2, "phone", True, "clerk-3", addressed=alice)
    record([said, other], now=now - DAY / 2)

    def happens():
        assert annul(five[2:4], others=[alice], addressed=[], actor="steward-1", now=now) == 2

    assert after(run_over(five, now), happens) == [[five[0], five[1], five[3], five[4]], [five[2]]]


def test_a_restriction_takes_out_its_row(agreed, now):
    def happens():
        restrict([agreed[2]], kind="restriction", actor="officer-1", now=now)

    assert after(run_over(agreed, now), happens) == [[agreed[0], agreed[1], agreed[3], agreed[4]]]


def test_an_erasure_takes_out_its_row(five, now):
    def happens():
        SourceProfile.objects.filter(id=five[2]).delete()

    assert after(run_over(five, now, purpose="service", channel=""), happens) == [
        [five[0], five[1], five[3], five[4]]
    ]  # fmt: skip


# What happens to a purpose or a source asks every row again


def test_a_purpose_out_of_use_takes_out_all(agreed, now):
    def happens():
        Purpose.objects.filter(slug="marketing").update(active=False, rule_since=now)

    assert after(run_over(agreed, now), happens) == [agreed[:1]]


def test_a_new_rule_asks_all_again_and_that_of_another_purpose_nobody(agreed, now):
    def lasts(days: int, purpose: str) -> None:
        Purpose.objects.filter(slug=purpose).update(expires_after_days=days, rule_since=now)

    assert after(run_over(agreed, now), lambda: lasts(90, "analytics")) == [agreed]
    assert after(run_over(agreed, now), lambda: lasts(90, "marketing")) == [[one] for one in agreed]


def test_a_new_notice_asks_all_again_and_that_of_another_purpose_nobody(agreed, now):
    def tell(purpose: str, *, material: bool) -> None:
        notices.publish(purpose, {"en": "Something else."}, material=material, published_at=now, now=now)

    assert after(run_over(agreed, now), lambda: tell("analytics", material=True)) == [agreed]
    assert after(run_over(agreed, now), lambda: tell("marketing", material=False)) == [[one] for one in agreed]
    assert after(run_over(agreed, now), lambda: tell("marketing", material=True)) == [agreed[:1]]


def test_a_source_that_no_longer_declares_the_purpose_takes_out_all(crm, five):
    def happens():
        crm.purposes = ["marketing"]
        crm.save()

    run = run_over(five, timezone.now() + DAY, purpose="service", channel="")
    assert after(run, happens) == [five[:1]]


def test_the_cheap_look_is_one_query_a_row(agreed, now, django_assert_num_queries):
    with django_assert_num_queries(5 + 3 + 5):
        assert len(list(run_over(agreed, now))) == 5
