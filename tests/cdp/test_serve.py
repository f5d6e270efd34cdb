"""Serving: the supervisor with small programs of its own, and what `serve` checks before it starts any."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from django.core.management import CommandError

from cdp import supervisor
from cdp.management.commands import serve

ROOT = Path(__file__).resolve().parent.parent.parent
SUPERVISE = """
import sys
from pathlib import Path
from cdp.supervisor import Program, Supervisor
programs = [Program(name, [sys.executable, "-u", "-c", code]) for name, code in zip(sys.argv[2::2], sys.argv[3::2])]
Supervisor(programs, logs=Path(sys.argv[1]), say=lambda line: print(line, flush=True)).run()
"""
POLITE = "import time; print('working'); time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('working'); time.sleep(600)"
FAMILY = "import subprocess, time; print(subprocess.Popen(['sleep', '600']).pid, flush=True); time.sleep(600)"


class Supervised:
    """A supervisor over the given programs (name, code), in a process of its own."""

    def __init__(self, logs: Path, *programs: str) -> None:
        self.logs = logs
        command = [sys.executable, "-c", SUPERVISE, str(logs), *programs]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)

    def wait_for(self, name: str, text: str = "working") -> None:
        assert eventually(lambda: text in self.log(name)), self.log(name)

    def log(self, name: str) -> str:
        with suppress(FileNotFoundError):
            return (self.logs / f"{name}.log").read_text()
        return ""

    def stop(self, number: signal.Signals = signal.SIGTERM) -> list[str]:
        """Send the signal; the lines it has said, without times and processes."""
        self.process.send_signal(number)
        said, _ = self.process.communicate(timeout=20)
        return [line for line in said.splitlines() if " started " not in line]


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., Supervised]]:
    started: list[Supervised] = []

    def start(*programs: str) -> Supervised:
        started.append(Supervised(tmp_path / "logs", *programs))
        return started[-1]

    yield start
    for supervised in started:
        supervised.process.kill()
        supervised.process.wait()


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def lives(process: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_all_in_order(supervise: Callable[..., Supervised], number: signal.Signals) -> None:
    supervised = supervise("web", POLITE, "worker", POLITE)
    supervised.wait_for("web")
    supervised.wait_for("worker")
    assert supervised.stop(number) == ["web stopped", "worker stopped"]
    assert supervised.process.returncode == 0


def test_a_crash_is_said_and_mended(supervise: Callable[..., Supervised]) -> None:
    supervised = supervise("web", POLITE, "worker", "import sys; print('working'); sys.exit(3)")
    assert eventually(lambda: supervised.log("worker").count("working") == 2)
    said = supervised.stop()
    assert said[0].startswith("worker ended with 3 after 0 s; starting it again in 2 s; see ")
    assert "web stopped" in said


def test_a_second_signal_kills(supervise: Callable[..., Supervised]) -> None:
    supervised = supervise("web", STUBBORN, "worker", STUBBORN)
    supervised.wait_for("web")
    supervised.wait_for("worker")
    supervised.process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert supervised.stop(signal.SIGINT) == [
        "web was killed at the second signal",
        "worker was killed at the second signal",
    ]


@pytest.mark.slow
def test_the_stubborn_are_killed_within_ten_seconds(supervise: Callable[..., Supervised]) -> None:
    supervised = supervise("web", STUBBORN, "worker", STUBBORN)
    supervised.wait_for("web")
    supervised.wait_for("worker")
    assert supervised.stop() == [
        "web did not stop in time and was killed",
        "worker did not stop in time and was killed",
    ]
    assert supervisor.STOP_WITHIN < 10
    assert supervised.process.returncode == 0


def test_grandchildren_go_too(supervise: Callable[..., Supervised]) -> None:
    supervised = supervise("web", FAMILY)
    supervised.wait_for("web", "\n")
    grandchild = int(supervised.log("web"))
    assert lives(grandchild)
    supervised.stop()
    assert eventually(lambda: not lives(grandchild))


def test_children_follow_a_killed_supervisor(supervise: Callable[..., Supervised]) -> None:
    supervised = supervise("web", "import os, time; print(os.getpid(), flush=True); time.sleep(600)")
    supervised.wait_for("web", "\n")
    child = int(supervised.log("web"))
    supervised.process.kill()
    assert eventually(lambda: not lives(child))


def test_a_taken_port_is_said_plainly() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=f"Cannot listen on 127.0.0.1:{port}: Address already in use"):
            serve._check_port("127.0.0.1", port)


def test_one_home_is_served_once(tmp_path: Path) -> None:
    lock = serve._claim(tmp_path)
    with pytest.raises(CommandError, match="already being served"):
        serve._claim(tmp_path)
    os.close(lock)
    os.close(serve._claim(tmp_path))


def test_the_web_stops_first(tmp_path: Path) -> None:
    programs = serve._programs(host="127.0.0.1", port=8000, workers=1, home=tmp_path)
    assert [program.name for program in programs] == ["web", "processor", "worker", "scheduler"]
