"""python -m bench.resolve [PROFILES]: one new record against so many profiles; `make bench-resolve`: against a million.

A throw-away installation on the embedded PostgreSQL, fsync on, filled with as many customers: sealed, with data keys,
blind indexes, blocking tokens and assignments, in households, and a match model learned from them. Then records of
another source come in through the product's own door, half of them of people whom nobody knows, and are processed: many
in micro-batches, to get the server warm, then one by one, timed from the commit of the accepted row to the commit of
the assignment, then as many again by two workers in micro-batches: `records_per_s` until all assignments are committed,
`followed_per_s` with the golden records, features and segments that follow. The last line is one JSON object.

With ONYM_BENCH_HOME the installation is kept there and used again: filling it takes longest.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PROFILES = 1_000_000


def main(profiles: int) -> None:
    """Measure, and print."""
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "KEYSTORE_URL")}
    with tempfile.TemporaryDirectory(prefix="onym-bench-") as folder:
        home = os.environ.get("ONYM_BENCH_HOME") or str(Path(folder) / "home")
        environment = kept | {"ONYM_HOME": home, "ONYM_LOG_LEVEL": "ERROR"}
        command = [sys.executable, "-m", "bench.resolve.run", str(profiles)]
        run = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    for name, value in figures.items():
        print(f"{name:<28} {value:,}")  # noqa: T201
    print(json.dumps(figures))  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PROFILES)
