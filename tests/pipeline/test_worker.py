"""A real worker with the embedded transport: it does what is asked for, and what is not asked for is not lost."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from django.conf import settings
from django.db import connections
from django.utils import timezone
from kombu import Connection

from identity.models import Assignment
from pipeline import heartbeat, queue, tasks
from pipeline.process import process_batch
from records.models import Source
from tests.pipeline.cast import ordered, send

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True, databases=["default", "keystore"])]

PATIENCE = 60.0


@dataclass
class Worker:
    """A worker in a process of its own, and its broker: a folder."""

    process: "subprocess.Popen[bytes]"
    spool: Path
    log: Path

    @property
    def broker(self) -> Connection:
        folder = str(self.spool)
        options = {"data_folder_in": folder, "data_folder_out": folder, "control_folder": f"{folder}/control"}
        return Connection("filesystem://", transport_options=options)

    def messages(self) -> list[Path]:
        return list(self.spool.glob("*.msg"))


def url_of(alias: str) -> str:
    """The address of this test's database, for another process."""
    known = connections[alias].get_connection_params()
    credentials = ":".join(quote(str(known[name]), safe="") for name in ("user", "password") if known.get(name))
    options = {name: known[name] for name in ("host", "port") if known.get(name)}
    return f"postgresql://{credentials}@/{known['dbname']}?{urlencode(options)}"


def within_patience(holds: Callable[[], object]) -> bool:
    """Whether it comes to hold before long."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    environment = {
        **os.environ,
        "ONYM_HOME": str(tmp_path),
        "ONYM_KEK_FILE": str(settings.KEK_FILE),
        "DATABASE_URL": url_of("default"),
        "KEYSTORE_URL": url_of("keystore"),
    }
    environment.pop("CELERY_BROKER_URL", None)
    command = [sys.executable, "-m", "celery", "-A", "cdp", "worker", "--pool", "solo", "--without-mingle"]
    log = tmp_path / "worker.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=settings.BASE_DIR, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield Worker(process, tmp_path / "spool", log)
    finally:
        process.terminate()
        process.wait(PATIENCE)


def test_the_worker_beats_and_processes_when_asked_to(worker: Worker, shop: Source) -> None:
    send(shop, *(ordered(f"person{number}") for number in range(3)), now=timezone.now())
    assert within_patience(worker.spool.exists), worker.log.read_text()
    with worker.broker as broker:
        tasks.beat.apply_async(connection=broker)
        tasks.process.apply_async(connection=broker)
    assert within_patience(lambda: queue.waiting() == 0), worker.log.read_text()
    assert Assignment.objects.count() == 3
    assert within_patience(lambda: heartbeat.missing(now=timezone.now()) == ["processor"]), worker.log.read_text()
    assert worker.messages() == []
    assert worker.process.poll() is None


def test_work_of_which_the_broker_knows_nothing_is_not_lost(worker: Worker, shop: Source) -> None:
    send(shop, ordered("alice"), now=timezone.now())
    assert within_patience(worker.spool.exists), worker.log.read_text()
    with worker.broker as broker:
        tasks.beat.apply_async(connection=broker)
    assert within_patience(lambda: heartbeat.missing(now=timezone.now()) == ["processor"]), worker.log.read_text()
    # The message that asked for help was lost: the queue still knows, and whoever looks next does the work.
    assert queue.waiting() == 1
    assert process_batch(now=timezone.now()) == 1
    assert Assignment.objects.count() == 1
