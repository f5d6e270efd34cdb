"""Encryption's cost: the product beside its plaintext twin, turn by turn, so that both meet the same noise."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

SIDES = ("encrypted", "plaintext")


@dataclass(frozen=True)
class Cost:
    """Encrypted time over plaintext time: the median of the rounds, and the rounds."""

    ratio: float
    rounds: list[float]


class Side:
    """One side's process, on an embedded installation of its own."""

    def __init__(self, name: str, home: Path) -> None:
        kept = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "KEYSTORE_URL")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.privacy.side", name],
            env=kept | {"ONYM_HOME": str(home / name), "ONYM_LOG_LEVEL": "ERROR"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answer()

    def do(self, act: str, number: int = 0) -> float:
        """Seconds that it took."""
        if self._process.stdin is None:
            raise RuntimeError("the side has no pipe")
        self._process.stdin.write(json.dumps([act, number]) + "\n")
        self._process.stdin.flush()
        return float(self._answer())

    def end(self) -> None:
        self._process.communicate()

    def _answer(self) -> float:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise RuntimeError("a side of the benchmark ended early; its reason stands above")
        answer = json.loads(line)
        return 0.0 if answer == "ready" else answer


def compare(home: Path, *, batches: int = 9, rounds: int = 15) -> tuple[Cost, Cost]:
    """What encryption costs on ingest and on look-up."""
    sides = [Side(name, home) for name in SIDES]
    try:
        ingest = [_ratio(sides, "ingest", batch) for batch in range(batches)]
        for side in sides:
            side.do("check")
            side.do("resolve")
        _ratio(sides, "look up", batches)  # both warm
        look_up = [_ratio(sides, "look up", batches) for _ in range(rounds)]
    finally:
        for side in sides:
            side.end()
    # The first batch of each side pays for what is made once.
    return Cost(median(ingest[1:]), ingest[1:]), Cost(median(look_up), look_up)


def _ratio(sides: list[Side], act: str, number: int) -> float:
    encrypted, plaintext = (side.do(act, number) for side in sides)
    return encrypted / plaintext
