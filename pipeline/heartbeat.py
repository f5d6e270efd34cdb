"""Signs of life: each long-running process says now and then that it is alive."""

from datetime import datetime, timedelta

from pipeline.models import Heartbeat

PROCESSES = ("processor", "scheduler", "worker")
CONSUMERS = ("mqtt", "kafka")  # those that an installation has started
FRESH_FOR = timedelta(seconds=30)
MISSED_FOR = timedelta(days=1)


def beat(process: str, *, now: datetime) -> None:
    """Note that this process is alive."""
    Heartbeat.objects.update_or_create(process=process, defaults={"at": now})


def end(process: str) -> None:
    """Note that this process has ended as it should: it is not missed."""
    Heartbeat.objects.filter(process=process).delete()


def missing(*, now: datetime) -> list[str]:
    """The processes that have not been heard of lately."""
    alive = set(Heartbeat.objects.filter(at__gt=now - FRESH_FOR).values_list("process", flat=True))
    return [process for process in PROCESSES if process not in alive]


def consumers(*, now: datetime) -> dict[str, bool]:
    """The consumers that run, or did within a day, and whether each has been heard of lately."""
    heard = Heartbeat.objects.filter(process__in=CONSUMERS, at__gt=now - MISSED_FOR).values_list("process", "at")
    return {process: at > now - FRESH_FOR for process, at in sorted(heard)}
