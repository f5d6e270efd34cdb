"""How good clusters are, computed in one way for both sides."""

import csv
from pathlib import Path

from bench.identity.data_set import DataSet
from identity.matching.metrics import b_cubed, pairwise_metrics


def quality(data: DataSet, clusters: Path) -> tuple[float, float]:
    """Return F1 over the pairs within clusters, and B-cubed F1. The clusters' file holds record_id and cluster_id."""
    if data.path is None:
        raise ValueError(f"{data.name} is absent")
    truth = _column(data.path, data.id, data.truth)
    found = _column(clusters, "record_id", "cluster_id")
    if found.keys() != truth.keys():
        raise ValueError(f"{clusters} holds {len(found):,} records, and {data.path} {len(truth):,}")
    number: dict[str, int] = {}
    labels = [number.setdefault(found[record], len(number)) for record in truth]
    people = list(truth.values())
    return pairwise_metrics(labels, people).f1, b_cubed(labels, people).f1


def _column(path: Path, key: str, value: str) -> dict[str, str]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row[key]: row[value] for row in csv.DictReader(file)}
