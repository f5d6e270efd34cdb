"""A PostgreSQL server of a test's own: to be stopped hard, or run out of disk, while the product works on it."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dj_database_url
import psycopg
import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connections

from cdp import embedded
from vault import blind

ALIASES = ("default", "keystore")
WHERE = ("NAME", "USER", "PASSWORD", "HOST", "PORT")


class OwnServer:
    """An embedded server with both databases, in a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.start()

    def start(self) -> None:
        """Start it, unless it runs; what a crash left behind is recovered first."""
        self.urls = {"default": embedded.ensure_running(self.home), "keystore": embedded.keystore_url(self.home)}

    def restart(self) -> None:
        """Shut down at once, as when the power fails, and start: connections end, what is not committed is gone."""
        self.quit()
        self.start()

    def quit(self) -> None:
        """An immediate shutdown: no checkpoint, nobody is asked to finish."""
        pid = int(self._lock_file.read_text().split()[0])
        os.kill(pid, signal.SIGQUIT)
        self._outlast(pid)

    def kill(self) -> None:
        """kill -9 of the whole server, as when the machine dies."""
        pid = int(self._lock_file.read_text().split()[0])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for each in (pid, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        for each in (pid, *map(int, children)):
            self._outlast(each)

    def fails_for_space(self) -> None:
        """Let it write until it finds no space: without room for its write-ahead log it gives up.

        One statement may find no space before the server does.
        """
        for _ in range(100):
            try:
                with psycopg.connect(self.urls["default"], autocommit=True) as other:
                    while True:
                        other.execute("SELECT pg_logical_emit_message(true, 'ballast', 'one')")
                        other.execute("SELECT pg_switch_wal()")
            except psycopg.errors.DiskFull:
                continue
            except psycopg.OperationalError:
                return
        raise AssertionError("the server works on without space")

    def recover(self) -> None:
        """Start it after its disk was full: it may be down, or be trying still, or give up at this moment."""
        with suppress(FileNotFoundError, ProcessLookupError):
            self.quit()
        self.start()

    @property
    def _lock_file(self) -> Path:
        return self.home / f"postgres{embedded.DEFAULT_VERSION}" / "postmaster.pid"

    @staticmethod
    def _outlast(pid: int) -> None:
        """Wait until this process is gone."""
        until = time.monotonic() + 60
        while Path(f"/proc/{pid}").exists():
            assert time.monotonic() < until, "the server does not stop"
            time.sleep(0.02)


@contextmanager
def working_on(server: OwnServer) -> Iterator[None]:
    """The product works on this server's databases, migrated, until the block ends."""
    before: dict[str, dict[str, Any]] = {alias: dict(connections[alias].settings_dict) for alias in ALIASES}
    _point({alias: dj_database_url.parse(url) for alias, url in server.urls.items()})
    try:
        for alias in ALIASES:
            call_command("migrate", database=alias, verbosity=0)
        yield
    finally:
        _point(before)


def _point(places: dict[str, Any]) -> None:
    connections.close_all()
    for alias, place in places.items():
        known = connections[alias].settings_dict
        options = {name: value for name, value in known["OPTIONS"].items() if name not in ("host", "port")}
        known.update({name: place[name] for name in WHERE}, OPTIONS={**options, **place.get("OPTIONS", {})})
    blind.forget()
    ContentType.objects.clear_cache()


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """A file system of this size, mounted in memory."""
    if os.geteuid() != 0:
        pytest.skip("a full disk is made by mounting a small one, which takes root")
    folder = Path("/dev/shm") / f"onym-disk-{os.getpid()}"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        _unmount(folder)


def _unmount(folder: Path) -> None:
    """Unmount it as soon as the last process has let go of it: the server's guard looks once more when it stops."""
    until = time.monotonic() + 60
    while subprocess.run(["umount", folder], check=False, capture_output=True).returncode:
        assert time.monotonic() < until, f"{folder} stays busy"
        time.sleep(0.1)
    folder.rmdir()
