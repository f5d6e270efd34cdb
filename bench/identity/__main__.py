"""python -m bench.identity [ROWS]: who is who in a file, ours beside Splink; `make bench-identity`: a million rows.

Each side is a process of its own that reads a CSV file and writes one of clusters: `manage.py dedupe` with nothing set,
and Splink 5 on DuckDB as its documentation sets it up. First labelled sets, on which Splink must reach its known
figures or the run fails; then a customer file with households, of 100,000 rows and of ROWS. The last line is one JSON
object.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.identity import known, sides
from bench.identity.data_set import DataSet
from bench.identity.datasets import customer_file, labelled
from bench.identity.measure import Cost, Failed, run
from bench.identity.quality import quality
from bench.identity.sides import clusters_at
from bench.identity.table import GROWTH_FROM, Result, Side, figures, lines

ROWS = 1_000_000


def main(rows: int) -> None:
    """Measure, and print. Ends with a sentence where there is nothing to compare with."""
    with tempfile.TemporaryDirectory(prefix="onym-bench-") as name:
        folder = Path(name)
        kept = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "KEYSTORE_URL")}
        environment = kept | {"ONYM_HOME": str(folder / "home"), "ONYM_LOG_LEVEL": "ERROR"}
        results, absent = [], []
        try:
            for data in labelled(folder):
                if data.path is None:
                    absent.append(data.name)
                else:
                    results.append(compare(data, folder, environment))
            for size in sorted({min(rows, GROWTH_FROM), rows}):
                _tell(f"customers_{size}: writing {size:,} rows")
                results.append(compare(customer_file(folder, size), folder, environment, rows=size))
        except (known.NotReproduced, Failed) as error:
            raise SystemExit(str(error)) from None
    print("\n".join(lines(results, absent)))  # noqa: T201
    print(json.dumps(figures(results, absent)))  # noqa: T201


def compare(data: DataSet, folder: Path, environment: Mapping[str, str], *, rows: int = 0) -> Result:
    """Return what both sides reach on a data set, one after the other. Raises NotReproduced and Failed."""
    clusters = folder / f"{data.name}-clusters.csv"
    cost = _measured("Onym", data, sides.ours(data, clusters), environment, folder)
    ours = Side(*quality(data, clusters), cost)
    cost = _measured("Splink", data, sides.splink(data, folder), environment, folder)
    thresholds = known.THRESHOLDS[data.setup]
    reached = {threshold: quality(data, clusters_at(folder, threshold)) for threshold in thresholds}
    known.hold_against(data.setup, reached)
    return Result(data.name, ours, Side(*reached[thresholds[0]], cost), rows)


def _measured(side: str, data: DataSet, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> Cost:
    cost = run(command, environment=environment, log=folder / f"{data.name}-{side}.log")
    _tell(f"{data.name}: {side} {cost.seconds:.1f} s ({cost.cpu_seconds:.1f} s of processors), {cost.megabytes:.0f} MB")
    return cost


def _tell(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
