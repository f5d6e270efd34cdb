"""python -m bench.ingest [EVENTS]: what the front door takes in, durably; `make bench-ingest` sends 200,000 events.

A throw-away installation on the embedded PostgreSQL, fsync on. Half of the people are known before the clock starts.
Then clients of Segment's format send batches of 100 to the real web server, over HTTP, with dedupe, consent, sealing
and audit as in production; the load generator has part of the machine, too. In turns with it, into the same partitions
and indexes, a bare binary COPY of the very rows that were stored, 100 a transaction, and a bare script without server,
consent or people (`bench.ingest.bare`). Last, rows of a CSV file.
Processing (who is who, segments) comes after the answer and does not run here. The last line is one JSON object.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

EVENTS = 200_000


def main(events: int) -> None:
    """Measure, and print."""
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "KEYSTORE_URL")}
    with tempfile.TemporaryDirectory(prefix="onym-bench-") as folder:
        environment = kept | {"ONYM_HOME": str(Path(folder) / "home"), "ONYM_LOG_LEVEL": "ERROR"}
        command = [sys.executable, "-m", "bench.ingest.run", str(events)]
        run = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    *told, last = run.stdout.splitlines()
    figures: dict[str, Any] = json.loads(last)
    print("\n".join(told))  # noqa: T201
    for name, value in figures.items():
        print(f"{name:<28} {value:,}")  # noqa: T201
    print(json.dumps(figures))  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS)
