"""The whole story of a batch: who they are, what may be used, and what others are told."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from structlog.testing import capture_logs

from identity import ledger, profiles
from identity.models import Assignment, GoldenValue
from outbox.models import Change
from pipeline import backlog, following, process, queue
from pipeline.models import Following
from pipeline.process import follow_batch, let_time_pass, process_batch, resolve_batch
from pipeline.queue import Waiting
from records.models import Identifier, Source, SourceProfile
from segments import catalog
from segments import following as computed
from segments.models import DailyActivity, Membership, ProfileFeatures
from tests.pipeline.cast import NOW, counts, ordered, saying, send

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


FOLLOWS = (("identity", "GoldenValue"), ("segments", "ProfileFeatures"), ("segments", "Membership"))


class Crash(BaseException):
    """The process ends here."""


@pytest.fixture
def buyers(db: None) -> None:
    rule = {"rule": {"feature": "orders_90d", "op": ">=", "value": 1}}
    catalog.create("buyers", name="Buyers", purpose="analytics", definition=rule)


def signed_up(name: str, **different: Any) -> dict[str, Any]:
    traits = {"email": f"{name}@example.com", "firstName": name.title()}
    return {"type": "identify", "messageId": f"{name}-0", "userId": f"u-{name}", "traits": traits, **different}


def test_an_order_becomes_a_profile_in_a_segment(shop: Source, buyers: None) -> None:
    send(shop, signed_up("alice", **saying(analytics=True)), ordered("alice", 1), signed_up("dave"), ordered("dave", 1))
    assert process_batch(now=NOW) == 2
    alice = profiles.look_up("email", "alice@example.com", now=NOW)
    dave = profiles.look_up("email", "dave@example.com", now=NOW)
    assert None not in (alice, dave)
    assert alice != dave
    assert list(Membership.objects.values_list("profile_id", "left_at")) == [(alice, None)]
    assert set(ProfileFeatures.objects.values_list("profile_id", flat=True)) == {alice}
    assert DailyActivity.objects.filter(event="purchase").count() == 1
    assert set(GoldenValue.objects.values_list("profile_id", flat=True)) == {alice, dave}
    assert sorted(Change.objects.values_list("profile_id", "kind")) == sorted(
        [(alice, "profile.created"), (dave, "profile.created"), (alice, "segment.entered")]
    )
    assert queue.waiting() == 0


def test_an_idle_queue_changes_nothing(shop: Source) -> None:
    before = counts(without=())
    assert process_batch(now=NOW) == 0
    assert counts(without=()) == before


def test_processing_again_changes_nothing(shop: Source, buyers: None) -> None:
    send(shop, signed_up("alice", **saying(analytics=True)), ordered("alice", 1), signed_up("dave"))
    process_batch(now=NOW)
    before = counts(without=("vault.AuditEntry", "identity.Turn"))
    everyone = set(Assignment.objects.values_list("source_profile_id", flat=True))
    for later in (NOW, NOW + timedelta(minutes=5)):
        queue.enqueue(everyone, now=later, news=dict.fromkeys(everyone, Waiting(NOW.date() - timedelta(days=30))))
        assert process_batch(now=later) == 2
    assert counts(without=("vault.AuditEntry", "identity.Turn")) == before


def test_when_somebody_was_last_seen_is_known_once_they_are_processed(shop: Source) -> None:
    send(shop, signed_up("alice"))
    process_batch(now=NOW)
    first = SourceProfile.objects.get()
    later, latest = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    for at in (latest, later):
        send(shop, ordered("alice", at.hour, timestamp=at.isoformat()), now=latest)
    process_batch(now=latest)
    alice = SourceProfile.objects.get()
    assert (alice.first_seen_at, alice.last_seen_at) == (first.first_seen_at, latest)
    seen = dict(Identifier.objects.values_list("namespace", "last_seen_at"))
    # The key by which she is found came again; what only her sign-up told did not.
    assert seen == {"account_id": latest, "email": first.last_seen_at}


def crashing(works: Any) -> Any:
    def crash(*args: Any, **kwargs: Any) -> None:
        works(*args, **kwargs)
        raise Crash

    return crash


def test_a_batch_that_breaks_off_is_undone_and_waits(
    shop: Source, buyers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(shop, signed_up("alice", **saying(analytics=True)), ordered("alice", 1))
    before = counts()
    with monkeypatch.context() as broken:
        broken.setattr(process, "resolve", crashing(process.resolve))
        with pytest.raises(Crash):
            process_batch(now=NOW)
    assert counts() == before
    assert process_batch(now=NOW) == 1
    assert Membership.objects.count() == 1


def test_once_it_is_known_who_is_who_the_rest_waits_for_whoever_comes_next(
    shop: Source, buyers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(shop, signed_up("alice", **saying(analytics=True)), ordered("alice", 1))
    with monkeypatch.context() as broken:
        broken.setattr(computed, "refresh", crashing(computed.refresh))
        with pytest.raises(Crash):
            process_batch(now=NOW)
    assert (queue.waiting(), Assignment.objects.count()) == (0, 1)
    left = counts()
    assert [left.get(f"{room}.{table}", 0) for room, table in FOLLOWS] == [0, 0, 0]
    assert process_batch(now=NOW) == 1
    done = counts()
    assert [done.get(f"{room}.{table}", 0) for room, table in FOLLOWS] == [3, 1, 1]
    assert (Following.objects.count(), process_batch(now=NOW)) == (0, 0)
    assert list(Change.objects.order_by("id").values_list("kind", flat=True)) == ["profile.created", "segment.entered"]


def failing_for(*profiles: object) -> Any:
    """Features and segments of everybody but these."""
    refresh = computed.refresh

    def refresh_or_fail(asked: Any, **named: Any) -> Any:
        if set(asked) & set(profiles):
            raise RuntimeError("alice@example.com")
        return refresh(asked, **named)

    return refresh_or_fail


def test_whoever_it_fails_for_stops_nobody_else_and_gets_another_turn(
    shop: Source, buyers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("alice", "bob"):
        send(shop, signed_up(name, **saying(analytics=True)), ordered(name, 1))
    resolve_batch(now=NOW)
    alice, bob = (profiles.look_up("email", f"{name}@example.com", now=NOW) for name in ("alice", "bob"))
    with monkeypatch.context() as broken, capture_logs() as told:
        broken.setattr(computed, "refresh", failing_for(alice))
        assert (process_batch(now=NOW), process_batch(now=NOW)) == (2, 0)
        assert [(line["error"], "alice" in str(line)) for line in told] == [("RuntimeError", False)]
        assert list(Membership.objects.values_list("profile_id", flat=True)) == [bob]
        # Her source profile and her profile.
        assert (backlog.waiting(), following.failed()) == (2, 2)
        send(shop, ordered("bob", 2))
        assert process_batch(now=NOW) == 1
        assert (len(told), backlog.waiting()) == (1, 2)
    assert process_batch(now=NOW + process.NEXT_TURN) == 1
    assert set(Membership.objects.values_list("profile_id", flat=True)) == {alice, bob}
    assert backlog.waiting() == 0


def test_what_fails_for_everybody_is_raised_before_all_are_put_back(
    shop: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "MOST_AT_FAULT", 2)
    send(shop, *(signed_up(name) for name in ("alice", "bob", "carol")))
    resolve_batch(now=NOW)
    everybody = profiles.living().values_list("id", flat=True)
    with monkeypatch.context() as broken:
        broken.setattr(computed, "refresh", failing_for(*everybody))
        with pytest.raises(RuntimeError):
            follow_batch(now=NOW)
    assert (backlog.waiting(), following.failed()) == (6, 4)
    assert (follow_batch(now=NOW), follow_batch(now=NOW + process.NEXT_TURN), backlog.waiting()) == (1, 2, 0)


def test_a_database_that_is_away_is_the_fault_of_nobody(shop: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    send(shop, signed_up("alice"))
    resolve_batch(now=NOW)

    def away(*asked: Any, **named: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(computed, "refresh", away)
    with pytest.raises(OperationalError):
        follow_batch(now=NOW)
    assert (backlog.waiting(), following.failed()) == (2, 0)


def test_what_follows_reaches_whoever_they_have_become_meanwhile(shop: Source, buyers: None) -> None:
    send(shop, signed_up("alice", **saying(analytics=True)), signed_up("bob"))
    process_batch(now=NOW)
    alice, bob = (profiles.look_up("email", f"{name}@example.com", now=NOW) for name in ("alice", "bob"))
    assert alice is not None
    assert bob is not None
    send(shop, ordered("bob", 1))
    assert resolve_batch(now=NOW) == 1
    ledger.merge(alice, bob, actor="officer", reason="one person", now=NOW)
    assert follow_batch(now=NOW) == 1
    (home,) = set(profiles.profile_of(list(SourceProfile.objects.values_list("id", flat=True))).values())
    assert list(Membership.objects.filter(left_at=None).values_list("profile_id", flat=True)) == [home]


def test_a_withdrawal_empties_the_segments(shop: Source, buyers: None) -> None:
    send(shop, signed_up("alice", **saying(analytics=True)), ordered("alice", 1))
    process_batch(now=NOW)
    later = NOW + timedelta(hours=1)
    send(shop, ordered("alice", 2, timestamp=later.isoformat(), **saying(analytics=False)), now=later)
    process_batch(now=later)
    assert Membership.objects.get().left_at == later
    assert ProfileFeatures.objects.count() == 0
    assert list(Change.objects.order_by("id").values_list("kind", flat=True))[-1] == "segment.left"


def test_work_is_done_in_the_portions_asked_for(shop: Source) -> None:
    send(shop, *(signed_up(name) for name in ("alice", "bob", "carol")))
    assert [process_batch(now=NOW, limit=2), process_batch(now=NOW, limit=2), process_batch(now=NOW)] == [2, 1, 0]


def test_as_time_passes_people_leave_segments_without_any_record(shop: Source, buyers: None) -> None:
    send(shop, signed_up("alice", **saying(analytics=True)), ordered("alice", 1))
    process_batch(now=NOW)
    let_time_pass(now=NOW + timedelta(days=30))
    assert Membership.objects.get().left_at is None
    much_later = NOW + timedelta(days=120)
    let_time_pass(now=much_later)
    assert Membership.objects.get().left_at == much_later
