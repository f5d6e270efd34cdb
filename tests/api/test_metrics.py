"""Metrics: what came in adds up, what waits is told, and no key without the scope reads them."""

from datetime import UTC, timedelta

import pytest
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from access import api_keys
from pipeline import following, replay
from pipeline.heartbeat import beat
from pipeline.models import Work
from pipeline.process import resolve_batch
from records.mending import Mend
from records.models import Intake, QualityAlarm, QuarantinedRecord
from tests.api.conftest import Caller, Shop, assert_problem
from vault.grants import Actor
from vault.ids import new_id

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

FOLLOWING = ("onym_following_waiting", "onym_following_failed")
BAD = {"type": "track", "userId": "u-1", "event": "Bought", "properties": {"revenue": "much"}}


def read(caller: Caller) -> dict[tuple[str, ...], float]:
    """Each sample by its name and the values of its labels."""
    answer = caller.get("/metrics")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    families = text_string_to_metric_families(answer.content.decode())
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items(), reverse=True))): sample.value
        for family in families
        for sample in family.samples
    }


def came(told: dict[tuple[str, ...], float]) -> list[float]:
    outcomes = ("acknowledged", "stored", "duplicate", "quarantined", "refused")
    return [told["onym_records_total", "shop", outcome] for outcome in outcomes]


def test_what_came_in_adds_up(shop: Shop, service: Caller) -> None:
    good = {**BAD, "properties": {"revenue": 12}, "messageId": "m-1"}
    shop.send({"batch": [BAD, good, good]})
    told = read(service)
    assert came(told) == [3, 1, 1, 1, 0]
    assert told["onym_quarantine", "shop", "wrong_type"] == 1
    assert told["onym_work_waiting",] == Work.objects.count() == 1
    assert told["onym_work_oldest_seconds",] >= 0


def test_what_follows_from_who_is_who_is_told_while_it_waits(shop: Shop, service: Caller) -> None:
    shop.send({"batch": [{**BAD, "properties": {}}]})
    resolve_batch(now=timezone.now())
    told = read(service)
    assert [told[name,] for name in ("onym_work_waiting", *FOLLOWING)] == [0, 2, 0]
    (one, *_), *_ = following.oldest(1, now=timezone.now())
    following.put_back([one], until=timezone.now())
    told = read(service)
    assert [told[name,] for name in FOLLOWING] == [2, 1]


def test_what_leaves_the_quarantine_lets_no_counter_fall(shop: Shop, service: Caller) -> None:
    shop.send({"batch": [BAD]})
    ids = QuarantinedRecord.objects.values_list("id", flat=True)
    anew = b'{"type": "track", "userId": "u-1", "event": "Bought"}'
    replay.replay(list(ids), actor=Actor.machine("test"), reason="test", now=timezone.now(), mend=Mend(anew=anew))
    told = read(service)
    assert came(told) == [1, 0, 0, 1, 0]
    assert told["onym_records_out_of_quarantine_total", "shop", "stored"] == 1
    assert ("onym_quarantine", "shop", "wrong_type") not in told


def test_a_new_day_begins_anew(shop: Shop, service: Caller) -> None:
    shop.send({"batch": [BAD]})
    midnight = timezone.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    Intake.objects.update(received_at=midnight - timedelta(seconds=1))
    assert ("onym_records_total", "shop", "acknowledged") not in read(service)


def test_alarms_are_counted_while_they_hold(shop: Shop, service: Caller) -> None:
    now = timezone.now()
    for kind, field, ended_at in (
        ("completeness", "email", None),
        ("completeness", "phone", None),
        ("silent", "", None),
        ("silent", "", now),
    ):
        QualityAlarm.objects.create(
            id=new_id(),
            source=shop.source,
            kind=kind,
            field=field,
            cause="figures",
            began_at=now,
            last_seen_at=now,
            ended_at=ended_at,
        )
    told = read(service)
    assert told["onym_quality_alarms", "shop", "completeness"] == 2
    assert told["onym_quality_alarms", "shop", "silent"] == 1


def test_who_is_alive(service: Caller) -> None:
    beat("worker", now=timezone.now())
    told = read(service)
    assert (told["onym_process_alive", "worker"], told["onym_process_alive", "scheduler"]) == (1, 0)


def test_it_needs_a_key_with_the_scope() -> None:
    assert_problem(Caller("nobody").get("/metrics"), 401, "invalid_api_key")
    _, other = api_keys.add("other", scopes=["profiles:read"], purposes=["service"])
    assert_problem(Caller(other).get("/metrics"), 403, "missing_scope")
