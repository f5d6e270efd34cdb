"""Signs of life: each long-running process says now and then that it is alive."""

from datetime import datetime, timedelta

from pipeline.models import Heartbeat

PROCESSES = ("processor", "scheduler", "worker")
FRESH_FOR = timedelta(seconds=30)


def beat(process: str, *, now: datetime) -> None:
    """Note that this process is alive."""
    Heartbeat.objects.update_or_create(process=process, defaults={"at": now})


def missing(*, now: datetime) -> list[str]:
    """The processes that have not been heard of lately."""
    alive = set(Heartbeat.objects.filter(at__gt=now - FRESH_FOR).values_list("process", flat=True))
    return [process for process in PROCESSES if process not in alive]
