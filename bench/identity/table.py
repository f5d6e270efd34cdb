"""The figures of a run: as a table, and as the one JSON object."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.identity.measure import Cost

GROWTH_FROM = 100_000


@dataclass(frozen=True, slots=True)
class Side:
    """What one side reached on a data set, and what it cost."""

    cluster_f1: float
    b_cubed: float
    cost: Cost


@dataclass(frozen=True, slots=True)
class Result:
    """Both sides on a data set; `rows` is 0 where it was not generated."""

    name: str
    ours: Side
    splink: Side
    rows: int = 0


def lines(results: Sequence[Result], absent: Sequence[str]) -> Iterator[str]:
    """Yield the table, a line for each data set."""
    yield f"{'':<20}{'Onym':^34}{'Splink':^34}"
    yield f"{'':<20}" + f"{'F1':>8}{'B-cubed':>9}{'s':>9}{'MB':>8}" * 2
    for result in results:
        yield f"{result.name:<20}{_cells(result.ours)}{_cells(result.splink)}"
    for name in absent:
        yield f"{name:<20}absent: it is looked for at er/{name}.csv below ONYM_DATA"


def _cells(side: Side) -> str:
    return f"{side.cluster_f1:>8.4f}{side.b_cubed:>9.4f}{side.cost.seconds:>9.1f}{side.cost.megabytes:>8.0f}"


def figures(results: Sequence[Result], absent: Sequence[str]) -> dict[str, object]:
    """Return them for JSON: quality by data set, cost at the largest generated file.

    `growth` is our seconds there over those at 100,000 rows, None where both are the same file.
    """
    largest = max(results, key=lambda result: result.rows)
    first = next((result for result in results if result.rows == GROWTH_FROM), largest)
    ours, splink = largest.ours.cost, largest.splink.cost
    return {
        "cluster_f1": {result.name: round(result.ours.cluster_f1, 4) for result in results},
        "b_cubed": {result.name: round(result.ours.b_cubed, 4) for result in results},
        "splink_cluster_f1": {result.name: round(result.splink.cluster_f1, 4) for result in results},
        "splink_b_cubed": {result.name: round(result.splink.b_cubed, 4) for result in results},
        "absent": list(absent),
        "rows": largest.rows,
        "onym_s": round(ours.seconds, 2),
        "splink_s": round(splink.seconds, 2),
        "speedup": round(splink.seconds / ours.seconds, 2),
        "onym_mb": round(ours.megabytes),
        "splink_mb": round(splink.megabytes),
        "growth": None if first is largest else round(ours.seconds / first.ours.cost.seconds, 2),
    }
