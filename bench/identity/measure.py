"""One process, from its start to its end: seconds, and the most memory that it and its children held."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

EVERY_S = 0.02


class Failed(RuntimeError):
    """A measured process failed; the message ends with what it said."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds on the clock, seconds of processors, and megabytes of memory at the peak."""

    seconds: float
    cpu_seconds: float
    megabytes: float


def run(command: Sequence[str], *, environment: Mapping[str, str], log: Path) -> Cost:
    """Run the command, and return what it cost, its own start and all imports included. What it prints goes to `log`.

    Memory is the kernel's own high-water mark of each process (VmHWM in /proc), added up over parent and children.
    """
    peaks: dict[int, int] = {}
    with log.open("w", encoding="utf-8") as output:
        began = time.perf_counter()
        process = subprocess.Popen(command, env=dict(environment), stdout=output, stderr=output)
        while True:
            for pid in _tree(process.pid):
                peaks[pid] = max(peaks.get(pid, 0), _peak(pid))
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            time.sleep(EVERY_S)
        seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        said = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
        raise Failed(f"{' '.join(command)} ended with {process.returncode}:\n{said}")
    return Cost(seconds, usage.ru_utime + usage.ru_stime, sum(peaks.values()) / 1e6)


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found = children.read_text().split()
        except OSError:
            continue
        for child in found:
            yield from _tree(int(child))


def _peak(pid: int) -> int:
    """Return the most bytes that the process has held; 0 where it has just ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)
