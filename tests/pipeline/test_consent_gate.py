"""Nothing is kept of whom nothing may be kept; a no is remembered."""

from datetime import timedelta

import pytest

from consent.acts import NewAct, record
from consent.decide import Refusal, decide
from consent.models import WITHDRAWN, Act
from identity.models import DeviceEpisode
from pipeline.models import Work
from pipeline.process import process_batch
from records.models import Record, Source, SourceProfile
from segments.models import DailyActivity
from tests.pipeline.cast import NOW, bearers, counts, looked, ordered, outcome, saying, send
from tests.senders import send_rows
from vault.grants import Actor
from vault.models import DataKey

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def identified(name: str, **different: object) -> dict[str, object]:
    traits = {"email": f"{name}@example.com", "firstName": name.title()}
    return {"type": "identify", "userId": f"u-{name}", "anonymousId": "d-1", "traits": traits, **different}


def test_a_browser_without_consent_leaves_nothing(browser: Source) -> None:
    before = counts()
    batch = [looked("d-1"), looked("d-1", 2), ordered("carol", anonymousId="d-1"), identified("carol"), looked("d-2")]
    assert outcome(send(browser, *batch)) == (0, 0, 0, 5)
    assert counts() == before


def test_with_consent_it_is_stored(browser: Source) -> None:
    assert outcome(send(browser, looked("d-1", **saying(analytics=True)), looked("d-2"))) == (1, 0, 0, 1)
    assert Record.objects.get().source_profile_id == SourceProfile.objects.get().id
    assert DeviceEpisode.objects.count() == DataKey.objects.count() == 1


def test_one_purpose_of_the_source_is_enough_and_another_is_not(browser: Source) -> None:
    assert outcome(send(browser, looked("d-1", **saying(marketing=True)))) == (1, 0, 0, 0)
    assert outcome(send(browser, looked("d-2", **saying(personalization=True)))) == (0, 0, 0, 1)


def test_a_server_keeps_what_the_contract_needs_without_consent(shop: Source) -> None:
    assert outcome(send(shop, ordered("dave"))) == (1, 0, 0, 0)


def test_a_first_no_is_remembered_and_nothing_else(browser: Source) -> None:
    assert outcome(send(browser, looked("d-1", **saying(analytics=False, marketing=False)))) == (0, 0, 0, 1)
    assert Record.objects.count() == DataKey.objects.count() == 0
    assert sorted(Act.objects.values_list("purpose_id", "state")) == [
        ("analytics", "withdrawn"),
        ("marketing", "withdrawn"),
    ]
    assert set(Act.objects.values_list("source_profile_id", flat=True)) == {SourceProfile.objects.get().id}


def test_a_withdrawal_is_recorded_though_its_message_is_refused(browser: Source) -> None:
    send(browser, looked("d-1", 1, days_ago=3, **saying(analytics=True)))
    Work.objects.all().delete()
    withdrawn = looked("d-1", 2, days_ago=2, **saying(analytics=False))
    assert outcome(send(browser, withdrawn, looked("d-1", 3, days_ago=1))) == (0, 0, 0, 2)
    assert list(Act.objects.order_by("occurred_at").values_list("state", flat=True)) == ["granted", "withdrawn"]
    assert Record.objects.count() == 1
    assert list(Work.objects.values_list("source_profile_id", "since_date")) == [(bearers("device_id", "d-1")[0], None)]


def test_consent_given_again_opens_the_door_again(browser: Source) -> None:
    for number, answer in enumerate((True, False, True)):
        send(browser, looked("d-1", number, days_ago=5 - number, **saying(analytics=answer)))
    assert Record.objects.count() == 2
    assert SourceProfile.objects.count() == 1


def test_an_answer_that_is_repeated_is_recorded_once(browser: Source) -> None:
    send(browser, *(looked("d-1", number, days_ago=number, **saying(analytics=True)) for number in range(5)))
    send(browser, looked("d-1", 9, days_ago=0, **saying(analytics=True)))
    assert Record.objects.count() == 6
    assert Act.objects.count() == 1


def test_consent_that_has_expired_opens_no_door(browser: Source) -> None:
    assert outcome(send(browser, looked("d-1", days_ago=396, **saying(analytics=True)))) == (0, 0, 0, 1)
    assert Record.objects.count() == 0


def test_a_refused_visitor_leaves_the_device_to_who_is_known_on_it(browser: Source) -> None:
    send(browser, ordered("alice", 1, days_ago=5, anonymousId="d-1", **saying(analytics=True)))
    before = counts()
    assert outcome(send(browser, ordered("carol", days_ago=3, anonymousId="d-1"))) == (0, 0, 0, 1)
    assert counts() == before
    (alice,) = bearers("account_id", "u-alice")
    assert list(DeviceEpisode.objects.values_list("owner_id", flat=True)) == [alice]


def file_row(newsletter: str, *, hours_ahead: int) -> dict[str, str]:
    """Alice's line in a file whose local times run ahead of ours."""
    updated_at = (NOW + timedelta(hours=hours_ahead)).isoformat()
    return {"customer_number": "alice", "updated_at": updated_at, "newsletter": newsletter}


def may_be_mailed(*, hours: int) -> bool:
    everyone = SourceProfile.objects.values_list("id", flat=True)
    at, actor = NOW + timedelta(hours=hours), Actor("person", "petra")
    decision = decide(everyone, purpose="marketing", channel="email", at=at, actor=actor, reason="test")
    return not isinstance(decision, Refusal)


def test_a_no_dated_ahead_holds_at_once(crm: Source) -> None:
    send_rows(crm, file_row("yes", hours_ahead=-24), now=NOW)
    send_rows(crm, file_row("no", hours_ahead=10), now=NOW)
    assert not may_be_mailed(hours=1)


def test_a_yes_dated_ahead_does_not_undo_an_objection_made_meanwhile(crm: Source) -> None:
    send_rows(crm, file_row("yes", hours_ahead=10), now=NOW)
    assert may_be_mailed(hours=1)
    (alice,) = SourceProfile.objects.values_list("id", flat=True)
    later = NOW + timedelta(hours=5)
    record([NewAct(alice, "marketing", "", WITHDRAWN, later, "subject_request", True, actor="petra")], now=later)
    assert not may_be_mailed(hours=11)


def test_activity_is_kept_of_those_who_agreed_to_analytics_alone(shop: Source) -> None:
    send(shop, ordered("carol", days_ago=9, **saying(analytics=False)), ordered("alice", **saying(analytics=True)))
    process_batch(now=NOW)
    assert list(DailyActivity.objects.values_list("source_profile_id", flat=True)) == bearers("account_id", "u-alice")


def test_activity_goes_with_consent_and_comes_back_whole(shop: Source) -> None:
    later, latest = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    send(shop, ordered("alice", days_ago=9), ordered("alice", 2, days_ago=1, **saying(analytics=True)))
    process_batch(now=NOW)
    assert DailyActivity.objects.count() == 2
    send(shop, ordered("alice", 3, timestamp=later.isoformat(), **saying(analytics=False)), now=later)
    process_batch(now=later)
    assert DailyActivity.objects.count() == 0
    send(shop, ordered("alice", 4, timestamp=latest.isoformat(), **saying(analytics=True)), now=latest)
    process_batch(now=latest)
    assert sum(DailyActivity.objects.values_list("count", flat=True)) == 4
