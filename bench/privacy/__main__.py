"""python -m bench.privacy [PEOPLE]: what privacy costs, in one run; `make bench-privacy` runs it for a million people.

The last line printed is one JSON object. The machine's noise is in the single times; the ratios compare both sides turn
by turn.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.privacy.twins import Cost, compare

PEOPLE = 1_000_000


def main(people: int) -> None:
    """Measure on throw-away installations, and print."""
    with tempfile.TemporaryDirectory(prefix="onym-bench-") as folder:
        figures = _large(people, Path(folder) / "large")
        ingest, look_up = compare(Path(folder) / "twins")
    figures |= {"people": people, "ingest_ratio": _ratio("ingest", ingest), "lookup_ratio": _ratio("look-up", look_up)}
    for name, value in figures.items():
        print(f"{name:<28} {value}")  # noqa: T201
    print(json.dumps(figures))  # noqa: T201


def _large(people: int, home: Path) -> dict[str, Any]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "KEYSTORE_URL")}
    command = [sys.executable, "-m", "bench.privacy.large", str(people)]
    environment = kept | {"ONYM_HOME": str(home), "ONYM_LOG_LEVEL": "ERROR"}
    run = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    *told, last = run.stdout.splitlines()
    print("\n".join(told))  # noqa: T201
    figures: dict[str, Any] = json.loads(last)
    return figures


def _ratio(what: str, cost: Cost) -> float:
    rounds = ", ".join(f"{one:.2f}" for one in cost.rounds)
    print(f"{what}: encrypted over plaintext {cost.ratio:.2f} (rounds {rounds})")  # noqa: T201
    return round(cost.ratio, 3)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE)
