"""Processes that are not heard of are missing."""

from datetime import timedelta

import pytest
from django.utils import timezone

from pipeline import heartbeat
from pipeline.consumers.progress import Progress
from pipeline.models import Heartbeat
from tests.pipeline.cast import NOW

pytestmark = pytest.mark.django_db


def test_whoever_was_heard_of_lately_is_alive() -> None:
    assert heartbeat.missing(now=NOW) == ["processor", "scheduler", "worker"]
    heartbeat.beat("processor", now=NOW - timedelta(seconds=29))
    heartbeat.beat("worker", now=NOW - timedelta(seconds=30))
    assert heartbeat.missing(now=NOW) == ["scheduler", "worker"]


def test_a_process_has_one_heartbeat() -> None:
    for second in range(3):
        heartbeat.beat("worker", now=NOW + timedelta(seconds=second))
    assert Heartbeat.objects.get().at == NOW + timedelta(seconds=2)


def test_a_consumer_that_ended_as_it_should_is_not_missed() -> None:
    told: list[str] = []
    progress = Progress("mqtt", told.append, as_json=False)
    progress.beat()
    later = timezone.now() + timedelta(minutes=5)
    assert heartbeat.consumers(now=later) == {"mqtt": False}
    progress.end()
    assert heartbeat.consumers(now=later) == {}
    assert told[0].startswith("mqtt: stopped")
