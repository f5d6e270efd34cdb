"""Nothing is older than its limit and a day, by source, purpose and field; what is derived goes with it."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest

from consent.restrictions import LEGAL_HOLD, lift, restrict
from identity.models import GoldenValue
from identity.profiles import look_up, source_profiles
from pipeline import tasks
from pipeline.process import process_batch
from privacy import retention
from records import sources
from records.models import Attribute, Identifier, Record, Source, SourceProfile
from records.reading import open_records
from records.retention import schedules, set_rule
from segments.models import DailyActivity, ProfileFeatures
from tests.senders import send_messages, send_rows
from tests.statements.sabotage import Sabotage
from vault import grants
from vault.grants import Actor
from vault.models import DataKey

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "privacy/retention.py",
    "aged_records.forget(one.source, cutoff=cutoffs[one.source], now=now, dry_run=dry_run)",
    "aged_records.forget(one.source, cutoff=cutoffs[one.source], now=now, dry_run=True)",
)
YES = {"consent": {"categoryPreferences": {"analytics": True}}}


def day(now: datetime, days: float) -> datetime:
    return now - timedelta(days=days)


def buys(source: Source, name: str, number: int, *, at: datetime) -> None:
    message = {
        "type": "track",
        "event": "Order Completed",
        "messageId": f"{name}-{number}",
        "userId": f"u-{name}",
        "properties": {"total": 10 * number},
        "timestamp": at.isoformat(),
        "context": {**YES, "ip": "192.0.2.7", "page": {"url": "https://shop.example/cart"}},
        "traits": {"email": f"{name}@example.com"},
    }
    send_messages(source, message, now=at)
    while process_batch(now=at):
        pass


def received(records: Iterable[Record]) -> list[datetime]:
    return sorted(record.received_at for record in records)


def test_p47_records_beyond_the_limit_go_and_younger_ones_stay(shop, crm, now):
    sources.change(shop, retention_days=30)
    for number, days in enumerate((31.5, 31.2, 29, 1), 1):
        buys(shop, "alice", number, at=day(now, days))
    send_rows(crm, {"customer_number": "bob", "email": "bob@example.com"}, now=day(now, 90))
    assert retention.overdue(now=now) == {"shop": 2}
    retention.carry_out(now=now)
    assert retention.overdue(now=now, grace=timedelta(0)) == {}
    assert received(Record.objects.filter(source=shop)) == [day(now, 29), day(now, 1)]
    assert Record.objects.filter(source=crm).count() == 1


def test_p47_for_every_source_and_purpose(shop, browser, crm, now):
    for source, days in ((shop, 10), (browser, 20), (crm, 40)):
        sources.change(source, retention_days=days)
    set_rule(source=crm, purpose="analytics", days=5)
    for days in (45, 35, 25, 15, 7, 3):
        buys(shop, f"a{days}", 1, at=day(now, days))
        buys(browser, f"b{days}", 1, at=day(now, days))
        send_rows(crm, {"customer_number": f"c{days}", "email": f"c{days}@example.com"}, now=day(now, days))
    retention.carry_out(now=now)
    for one in schedules():
        oldest = min(received(Record.objects.filter(source=one.source)))
        assert oldest >= now - timedelta(days=one.records), one.name
        for purpose, days in one.by_purpose.items():
            assert days <= one.records, (one.name, purpose)


def test_p47_derived_data_takes_the_shortest_limit(shop, now):
    set_rule(source=shop, purpose="analytics", days=7)
    buys(shop, "alice", 1, at=day(now, 20))
    buys(shop, "alice", 2, at=day(now, 2))
    alice = look_up("email", "alice@example.com", now=now)
    assert ProfileFeatures.objects.get(profile=alice).values["orders_90d"] == 2
    retention.carry_out(now=now)
    assert Record.objects.count() == 2
    assert list(DailyActivity.objects.filter(event="purchase").values_list("day", flat=True)) == [day(now, 2).date()]
    assert ProfileFeatures.objects.get(profile=alice).values["orders_90d"] == 1


def test_p47_a_field_has_its_own_limit(shop, now):
    set_rule(source=None, field="ip_address", days=14)
    set_rule(source=shop, field="email", days=14)
    buys(shop, "alice", 1, at=day(now, 20))
    buys(shop, "alice", 2, at=day(now, 2))
    Identifier.objects.filter(namespace="email").update(last_seen_at=day(now, 20))
    retention.carry_out(now=now)
    assert set(Identifier.objects.values_list("namespace", flat=True)) == {"account_id"}
    assert not GoldenValue.objects.filter(field="email").exists()
    old, young = Record.objects.order_by("received_at")
    leave = grants.issue(
        {old.source_profile_id},
        actor=Actor.machine("test"),
        purpose="security",
        reason="test",
        now=datetime.now(now.tzinfo),
    )
    opened = open_records([old, young], leave)
    assert set(opened[old.id]["fields"]) == {"account_id", "page_url"}
    assert set(opened[young.id]["fields"]) == {"account_id", "page_url", "ip_address", "email"}
    assert old.flags == ["aged:email", "aged:ip_address"]


def test_p47_who_has_no_record_left_is_forgotten(shop, now):
    sources.change(shop, retention_days=30)
    buys(shop, "alice", 1, at=day(now, 40))
    assert (SourceProfile.objects.count(), DataKey.objects.count()) == (1, 1)
    retention.carry_out(now=now)
    for model in (SourceProfile, Identifier, Attribute, Record, DailyActivity, ProfileFeatures, DataKey):
        assert model.objects.count() == 0, model


def test_p47_a_no_outlives_the_records(crm, now):
    sources.change(crm, retention_days=30)
    carol = {"customer_number": "carol", "email": "carol@example.com", "newsletter": "no"}
    send_rows(crm, carol, now=day(now, 40))
    retention.carry_out(now=now)
    kept = SourceProfile.objects.get()
    assert list(kept.acts.values_list("purpose_id", "state")) == [("marketing", "withdrawn")]
    assert (Identifier.objects.count(), DataKey.objects.count()) == (0, 0)


def test_p47_the_scheduler_does_it(shop, now, settings):
    assert "pipeline.tasks.keep_limits" in {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    sources.change(shop, retention_days=1)
    buys(shop, "alice", 1, at=day(now, 400))
    tasks.keep_limits()
    assert Record.objects.count() == 0


def test_p47_who_is_held_keeps_everything(shop, now):
    sources.change(shop, retention_days=30)
    buys(shop, "alice", 1, at=day(now, 40))
    buys(shop, "bob", 1, at=day(now, 40))
    alice = source_profiles(look_up("email", "alice@example.com", now=now))
    restrict(alice, kind=LEGAL_HOLD, actor="petra", now=day(now, 1))
    retention.carry_out(now=now)
    assert list(Record.objects.values_list("source_profile_id", flat=True)) == alice
    lift(alice, kind=LEGAL_HOLD, actor="petra", now=now)
    retention.carry_out(now=now + timedelta(hours=1))
    assert Record.objects.count() == 0


def test_p47_a_dry_run_changes_nothing(shop, now):
    sources.change(shop, retention_days=30)
    buys(shop, "alice", 1, at=day(now, 40))
    found = retention.totals(retention.carry_out(now=now, dry_run=True))
    assert found["records"] == 1
    assert Record.objects.count() == 1
