"""`manage.py serve`: the whole product in the foreground, until Ctrl-C."""

import fcntl
import http.client
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser, call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from cdp import embedded
from cdp.routers import KEYSTORE
from cdp.supervisor import Program, Supervisor

# Of each web process: batches of a source that wait for one another share a transaction.
THREADS = 8


class Command(BaseCommand):
    help = "Serve the admin and the API, with processor, worker and scheduler, until Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=1, help="web processes")

    def handle(self, *args: Any, host: str, port: int, workers: int, **options: Any) -> None:
        home = Path(settings.ONYM_HOME)
        lock = _claim(home)
        _check_port(host, port)
        _migrate()
        connections.close_all()
        supervisor = Supervisor(
            programs=_programs(host=host, port=port, workers=workers, home=home),
            logs=home / "logs",
            say=self._say,
            environment=_environment(home, host, port),
            directory=settings.BASE_DIR,
            check=_check(host, port, home, self._say),
        )
        try:
            supervisor.run()
        finally:
            os.close(lock)

    def _say(self, line: str) -> None:
        self.stdout.write(f"{time.strftime('%H:%M:%S')} {line}")
        self.stdout.flush()


def _programs(*, host: str, port: int, workers: int, home: Path) -> list[Program]:
    """The children, in the order in which they are asked to stop."""
    python = sys.executable
    web = [python, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)]
    web += ["--blocking-threads", str(THREADS)]
    celery = [python, "-m", "celery", "-A", "cdp"]
    consumers = [
        Program(name, [python, "manage.py", f"consume_{name}"])
        for name, needs in (("mqtt", "ONYM_MQTT_URL"), ("kafka", "ONYM_KAFKA_SERVERS"))
        if settings.STREAMS.get(needs)
    ]
    return [
        Program("web", [*web, "--workers", str(workers), "--workers-kill-timeout", "3", "cdp.wsgi:application"]),
        Program("processor", [python, "manage.py", "process", "--listen"]),
        Program("worker", [*celery, "worker", "--concurrency", "2", "--loglevel", "INFO", "--without-mingle"]),
        Program("scheduler", [*celery, "beat", "-s", str(home / "celerybeat-schedule"), "--pidfile="]),
        *consumers,
    ]


def _environment(home: Path, host: str, port: int) -> dict[str, str]:
    """Ours, with the databases spelled out: the children use the server that this process keeps running.

    Links in mails lead here, unless it is said where the public reaches this installation.
    """
    databases = {"DATABASE_URL": settings.DATABASE_URL, "KEYSTORE_URL": settings.KEYSTORE_URL}
    here = {"ONYM_PUBLIC_URL": f"http://{host}:{port}"}
    return {**here, **os.environ, **databases, "ONYM_HOME": str(home), "PYTHONUNBUFFERED": "1"}


def _claim(home: Path) -> int:
    """Take the home's serve lock: two schedulers on one home would do everything twice."""
    home.mkdir(parents=True, exist_ok=True)
    lock = os.open(home / "serve.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise CommandError(
            f"Onym is already being served from {home}. Stop it first, or set another ONYM_HOME."
        ) from error
    return lock


def _check_port(host: str, port: int) -> None:
    """Say it plainly when the address cannot be had, before anything is started."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise CommandError(
            f"Cannot listen on {host}:{port}: {error.strerror}. Choose another: make serve PORT=8001"
        ) from error


def _migrate() -> None:
    """Apply what is missing, to the database and to the key store."""
    for alias, rooms in (("default", ()), (KEYSTORE, ("vault",))):
        executor = MigrationExecutor(connections[alias])
        if executor.migration_plan(executor.loader.graph.leaf_nodes(*rooms)):
            call_command("migrate", *rooms, database=alias, interactive=False, verbosity=1)


def _check(host: str, port: int, home: Path, say: Callable[[str], None]) -> Callable[[], None]:
    """A check for the supervisor: bring a crashed embedded server back, and say when `/readyz` first answers 200."""
    ready = False

    def check() -> None:
        nonlocal ready
        if settings.EMBEDDED:
            embedded.ensure_running(home)
        if not ready and _answers(host, port):
            ready = True
            say(f"Onym is ready at http://{host}:{port}/ (Ctrl-C stops it)")

    return check


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=1)
    try:
        connection.request("GET", "/readyz", headers={"Host": "127.0.0.1"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
