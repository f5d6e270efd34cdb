"""A real server, a real worker: files sent over HTTP, the worker killed in the middle, and every row counted once."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from django.conf import settings
from django.utils import timezone

from access import api_keys
from pipeline import tasks, uploads
from records import sources
from records.models import FAILED, LOADED, FileLoad, Intake, Record, Source, UploadChunk
from tests.pipeline.test_worker import Worker, url_of, within_patience
from vault.models import DataKey

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True, databases=["default", "keystore"])]

ROWS = 30_000


class Installation:
    """A web server and, when asked for, workers, on this test's databases."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._environment = {
            **os.environ,
            "ONYM_HOME": str(home),
            "ONYM_KEK_FILE": str(settings.KEK_FILE),
            "DATABASE_URL": url_of("default"),
            "KEYSTORE_URL": url_of("keystore"),
        }
        self._environment.pop("CELERY_BROKER_URL", None)
        self._running: list[subprocess.Popen[bytes]] = []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.web = self._start(
            "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port), "cdp.wsgi:application"
        )
        assert within_patience(lambda: self._answers())

    def worker(self) -> Worker:
        """Another worker."""
        command = ("celery", "-A", "cdp", "worker", "--pool", "solo", "--without-mingle")
        return Worker(self._start(*command), self._home / "spool", self._home / "celery.log")

    def stop(self) -> None:
        for process in self._running:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _start(self, *module: str) -> "subprocess.Popen[bytes]":
        with (self._home / f"{module[0]}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *module],
                cwd=settings.BASE_DIR,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._running.append(process)
        return process

    def _answers(self) -> bool:
        with suppress(requests.ConnectionError):
            return requests.get(f"http://127.0.0.1:{self.port}/livez", timeout=5).ok
        return False

    def highest_memory_of_web(self) -> int:
        """Of all its processes, the most that one has ever held, in kilobytes."""
        ids = [path.name for path in Path("/proc").iterdir() if path.name.isdigit()]
        return max(_high_water(id) for id in ids if _group_of(id) == self.web.pid)


def _group_of(id: str) -> int:
    with suppress(ProcessLookupError, PermissionError):
        return os.getpgid(int(id))
    return 0


def _high_water(id: str) -> int:
    with suppress(OSError):
        lines = Path("/proc", id, "status").read_text().splitlines()
        return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)
    return 0


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    running = Installation(tmp_path)
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def till(db: None) -> Source:
    return sources.add("till", kind="offline", stable_key="loyalty_number")[0]


@pytest.fixture
def key(db: None) -> str:
    return api_keys.add("exports", purposes=["service"], scopes=["sources:read", "sources:write"])[1]


def test_a_killed_worker_is_followed_by_another_and_every_row_counts_once(
    installation: Installation, till: Source, key: str, tmp_path: Path
) -> None:
    path = tmp_path / "sales.csv"
    with path.open("w") as file:
        file.write("loyalty_card,date,total\n")
        file.writelines(f"L-{number % 50},2026-11-20,{number // 3}.00\n" for number in range(ROWS))
    address, headers = f"http://127.0.0.1:{installation.port}", {"Authorization": f"Bearer {key}"}
    worker = installation.worker()
    with path.open("rb") as file:
        answer = requests.post(f"{address}/api/sources/till/files/", data=file, headers=headers, timeout=60)
    assert answer.status_code == 202, answer.text
    where = address + answer.headers["Location"]
    assert within_patience(lambda: requests.get(where, headers=headers, timeout=5).json()["line"] > 4_000)
    os.killpg(worker.process.pid, signal.SIGKILL)
    worker.process.wait()
    stopped = requests.get(where, headers=headers, timeout=5).json()
    assert stopped["state"] == "loading"
    assert 4_000 < stopped["line"] < ROWS
    # Two minutes have passed, and the scheduler looks after it.
    FileLoad.objects.update(noted_at=timezone.now() - uploads.PATIENCE)
    other = installation.worker()
    with other.broker as broker:
        tasks.attend_to_files.apply_async(connection=broker)
    assert within_patience(lambda: requests.get(where, headers=headers, timeout=5).json()["state"] == "loaded")
    told = requests.get(where, headers=headers, timeout=5).json()
    assert told["counts"] == {"acknowledged": ROWS, "stored": ROWS, "duplicate": 0, "quarantined": 0, "refused": 0}
    totals = sorted(row["amount"] for row in Record.objects.values_list("properties", flat=True))
    assert totals == sorted(number // 3 for number in range(ROWS))
    assert sum(Intake.objects.values_list("acknowledged", flat=True)) == ROWS
    assert within_patience(lambda: not UploadChunk.objects.exists())
    with path.open("rb") as file:
        again = requests.post(f"{address}/api/sources/till/files/", files={"file": file}, headers=headers, timeout=60)
    where = address + again.headers["Location"]
    assert within_patience(lambda: requests.get(where, headers=headers, timeout=5).json()["state"] == "loaded")
    assert requests.get(where, headers=headers, timeout=5).json()["repeats"] == told["id"]
    assert Record.objects.count() == ROWS


def test_the_web_server_holds_no_file_in_memory(installation: Installation, till: Source, key: str) -> None:
    address = f"http://127.0.0.1:{installation.port}/api/sources/till/files/?dry_run=true"
    headers = {"Authorization": f"Bearer {key}"}

    def send(pieces: int) -> None:
        content = b"loyalty_card,total\n" + b"L-1,5.00\n" * (pieces * 100_000)
        answer = requests.post(address, data=content, headers=headers, timeout=120)
        assert (answer.status_code, answer.json()["size"]) == (202, len(content))

    send(3)
    before = installation.highest_memory_of_web()
    send(150)
    assert installation.highest_memory_of_web() - before < 40_000


def test_a_connection_that_breaks_leaves_nothing(installation: Installation, till: Source, key: str) -> None:
    with socket.create_connection(("127.0.0.1", installation.port)) as line:
        head = (
            f"POST /api/sources/till/files/ HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
            "Content-Type: text/csv\r\nContent-Length: 9000000\r\n\r\n"
        )
        line.sendall(head.encode() + b"loyalty_card,total\n" + b"L-1,5.00\n" * 400_000)
        assert within_patience(lambda: UploadChunk.objects.exists())
    assert within_patience(lambda: FileLoad.objects.get().state == FAILED)
    load = FileLoad.objects.get()
    assert load.fault == "the upload broke off; send it again"
    assert not UploadChunk.objects.exists()
    assert not DataKey.objects.filter(pk=load.pk).exists()
    assert load.state != LOADED
