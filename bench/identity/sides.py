"""The two sides: each a command from a CSV file to a CSV file of clusters."""

import sys
from pathlib import Path

from bench.identity.data_set import DataSet


def ours(data: DataSet, clusters: Path) -> list[str]:
    """Return the command that a user gives, with the truth named so that it is left out."""
    return [
        *(sys.executable, "manage.py", "dedupe", str(data.path), "--out", str(clusters)),
        *("--truth", data.truth, "--json"),
    ]


def splink(data: DataSet, folder: Path) -> list[str]:
    """Return the command that runs Splink with its set-up for this data; clusters by threshold go into the folder."""
    return [sys.executable, "-m", "bench.identity.splink_side", data.setup, str(data.path), str(folder)]


def clusters_at(folder: Path, threshold: float) -> Path:
    """Return where Splink's clusters at a threshold are written."""
    return folder / f"clusters-{threshold}.csv"
