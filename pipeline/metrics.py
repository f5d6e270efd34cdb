"""Metrics in the words of Prometheus: what came in today and what became of it, what waits, and who is alive.

The database says it, so it holds for all processes together. Counts begin anew at midnight UTC, as a counter of
Prometheus may. Source: Prometheus text exposition format 0.0.4.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from django.db import connection
from django.db.models import Count, Min
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from outbox.models import Delivery
from pipeline import heartbeat
from pipeline.models import Following, Work
from records import alarms
from records.models import QUARANTINE, QuarantinedRecord

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OUTCOMES = ("acknowledged", "stored", "duplicate", "quarantined", "refused")
# What came today, by source. What came out of quarantine stands apart: no counter may fall.
TODAY = """
SELECT source.name, intake.door = %(quarantine)s AS let_go, sum(acknowledged), sum(stored), sum(duplicate),
    sum(quarantined), sum(refused)
FROM records_source source JOIN records_intake intake ON intake.source_id = source.id
WHERE intake.received_at >= %(midnight)s GROUP BY 1, 2 ORDER BY 1, 2
"""


def exposition(*, now: datetime) -> bytes:
    """All metrics as Prometheus reads them."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Metrics(now))
    return generate_latest(registry)


class _Metrics(Collector):
    """Asks the database at each collection."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def collect(self) -> Iterator[Metric]:
        yield from self._records()
        yield self._quarantine()
        yield self._alarms()
        yield from self._work()
        yield self._deliveries()
        yield self._alive()

    def _records(self) -> Iterator[Metric]:
        came = CounterMetricFamily(
            "onym_records",
            "Records since midnight UTC: acknowledged = stored + duplicate + quarantined + refused.",
            labels=("source", "outcome"),
        )
        let_go = CounterMetricFamily(
            "onym_records_out_of_quarantine",
            "Records that came since midnight UTC and have left the quarantine by replay, by what became of them.",
            labels=("source", "outcome"),
        )
        midnight = self._now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        with connection.cursor() as cursor:
            cursor.execute(TODAY, {"quarantine": QUARANTINE, "midnight": midnight})
            for source, out, *counts in cursor.fetchall():
                for outcome, count in zip(OUTCOMES, counts, strict=True):
                    if not out:
                        came.add_metric((source, outcome), int(count))
                    elif outcome in ("stored", "duplicate", "refused"):
                        let_go.add_metric((source, outcome), int(count))
        yield came
        yield let_go

    def _quarantine(self) -> Metric:
        metric = GaugeMetricFamily("onym_quarantine", "Records in quarantine now.", labels=("source", "reason"))
        counted = QuarantinedRecord.objects.values_list("source__name", "reason").annotate(count=Count("id"))
        for source, reason, count in counted.order_by("source__name", "reason"):
            metric.add_metric((source, reason), count)
        return metric

    def _alarms(self) -> Metric:
        metric = GaugeMetricFamily(
            "onym_quality_alarms", "Alarms about what sources send that hold now.", labels=("source", "kind")
        )
        counted = alarms.standing().order_by("source__name", "kind").values_list("source__name", "kind")
        for source, kind, count in counted.annotate(count=Count("id")):
            metric.add_metric((source, kind), count)
        return metric

    def _work(self) -> Iterator[Metric]:
        waiting = Work.objects.aggregate(count=Count("id"), oldest=Min("enqueued_at"))
        yield GaugeMetricFamily(
            "onym_work_waiting", "Source profiles with news that wait to be processed.", value=waiting["count"]
        )
        age = (self._now - waiting["oldest"]).total_seconds() if waiting["oldest"] else 0.0
        yield GaugeMetricFamily(
            "onym_work_oldest_seconds", "How long the oldest of them has waited.", value=max(age, 0.0)
        )
        following = Following.objects.aggregate(count=Count("id"), failed=Count("turn_at"))
        yield GaugeMetricFamily(
            "onym_following_waiting",
            "Entries of whom golden record, features and segments wait to be computed.",
            value=following["count"],
        )
        yield GaugeMetricFamily(
            "onym_following_failed", "Those of them that failed and wait for another turn.", value=following["failed"]
        )

    def _deliveries(self) -> Metric:
        metric = GaugeMetricFamily("onym_deliveries", "Messages to recipients, by state.", labels=("state",))
        for state, count in Delivery.objects.values_list("state").annotate(count=Count("id")).order_by("state"):
            metric.add_metric((state,), count)
        return metric

    def _alive(self) -> Metric:
        metric = GaugeMetricFamily(
            "onym_process_alive", "1 where a process gave a sign of life lately, else 0.", labels=("process",)
        )
        silent = heartbeat.missing(now=self._now)
        for process in heartbeat.PROCESSES:
            metric.add_metric((process,), process not in silent)
        for process, alive in heartbeat.consumers(now=self._now).items():
            metric.add_metric((process,), alive)
        return metric
