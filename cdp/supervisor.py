"""Run several programs as one: start them, start again what crashes, stop them in order, leave no orphan."""

import ctypes
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

STOP_WITHIN = 9.0  # seconds for all children together; what is left then is killed
FIRST_STOP_WITHIN = 4.0  # of these, the first child's alone: it takes requests, the others finish what they led to
LONGEST_PAUSE = 30.0
STEADY_AFTER = 60.0  # a child that ran this long starts over with the shortest pause
LARGEST_LOG = 10_000_000
SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Program:
    """What to run, under which name."""

    name: str
    command: Sequence[str]


@dataclass
class _Child:
    program: Program
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    pause: float = 1.0
    start_at: float = 0.0


@dataclass
class Supervisor:
    """Keeps the programs running until a signal says stop.

    `say` gets one line per start, crash and stop; all else that a program prints goes to `logs/<name>.log`.
    `check` is called about five times a second while nothing needs doing.
    """

    programs: Sequence[Program]
    logs: Path
    say: Callable[[str], None]
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    directory: Path = field(default_factory=Path.cwd)
    check: Callable[[], None] = lambda: None

    def run(self) -> None:
        """Start all, watch them, and return once SIGINT, SIGTERM or SIGHUP came and all are gone."""
        self.logs.mkdir(parents=True, exist_ok=True, mode=0o700)
        children = [_Child(program) for program in self.programs]
        asked = threading.Event()
        kept = {
            number: signal.signal(number, _setter(asked)) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        try:
            while not asked.is_set():
                for child in children:
                    self._tend(child)
                self.check()
                asked.wait(0.2)
            asked.clear()
            self._stop(children, hurry=asked)
        finally:
            for child in children:
                _kill_group(child)
            for number, handler in kept.items():
                signal.signal(number, handler)

    def _tend(self, child: _Child) -> None:
        """Start the child when it is due; note when it has crashed."""
        now = time.monotonic()
        if child.process is None:
            if now >= child.start_at:
                self._start(child)
        elif child.process.poll() is not None:
            _kill_group(child)
            lasted = now - child.started_at
            child.pause = 1.0 if lasted >= STEADY_AFTER else min(child.pause * 2, LONGEST_PAUSE)
            child.start_at = now + child.pause
            self.say(
                f"{child.program.name} {_ending(child.process.returncode)} after {lasted:.0f} s; "
                f"starting it again in {child.pause:.0f} s; see {self._log(child)}"
            )
            child.process = None

    def _start(self, child: _Child) -> None:
        log = self._log(child)
        if log.exists() and log.stat().st_size > LARGEST_LOG:
            log.replace(log.with_suffix(".log.1"))
        with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as output:
            child.process = subprocess.Popen(
                child.program.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self.environment,
                cwd=self.directory,
                start_new_session=True,  # Ctrl-C reaches us alone, so that we choose the order
                preexec_fn=_follow_parent(os.getpid()),
            )
        child.started_at = time.monotonic()
        self.say(f"{child.program.name} started (process {child.process.pid}), logging to {log}")

    def _log(self, child: _Child) -> Path:
        return self.logs / f"{child.program.name}.log"

    def _stop(self, children: list[_Child], *, hurry: threading.Event) -> None:
        """Ask the first child, then the others, to finish; kill what does not, or all at a second signal."""
        deadline = time.monotonic() + STOP_WITHIN
        self._ask_and_wait(children[:1], min(deadline, time.monotonic() + FIRST_STOP_WITHIN), hurry)
        self._ask_and_wait(children[1:], deadline, hurry)

    def _ask_and_wait(self, children: list[_Child], deadline: float, hurry: threading.Event) -> None:
        waiting = [child for child in children if child.process is not None]
        for child in waiting:
            assert child.process is not None
            child.process.terminate()
        while waiting and time.monotonic() < deadline and not hurry.is_set():
            for child in [child for child in waiting if child.process and child.process.poll() is not None]:
                waiting.remove(child)
                self.say(f"{child.program.name} stopped")
            hurry.wait(0.05)
        why = "was killed at the second signal" if hurry.is_set() else "did not stop in time and was killed"
        for child in waiting:
            _kill_group(child)
            self.say(f"{child.program.name} {why}")


def _setter(event: threading.Event) -> Callable[[int, FrameType | None], None]:
    def note(number: int, frame: FrameType | None) -> None:
        event.set()

    return note


def _follow_parent(parent: int) -> Callable[[], None]:
    """What a child does first: ask the kernel for SIGTERM when the supervisor dies, however it dies."""

    def follow() -> None:
        _libc.prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(0)

    return follow


def _kill_group(child: _Child) -> None:
    """Kill the child and whatever it started: each child leads a process group of its own."""
    if child.process is not None:
        with suppress(ProcessLookupError):
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()


def _ending(code: int) -> str:
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
