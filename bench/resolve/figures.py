"""What was measured, as figures: middle and tail of single records, and records a second of many."""

from collections.abc import Sequence
from typing import Any


def figures_of(
    profiles: int,
    each_s: Sequence[float],
    known: float,
    many: int,
    assigned_s: float,
    followed_s: float,
    filled_s: int,
) -> dict[str, Any]:
    """The figures of the last line. `each_s` are the seconds of each single record, `known` a share.

    As for single records, `records_per_s` counts until the assignment is committed; `followed_per_s` takes in what
    follows, golden record, features and segments.
    """
    return {
        "profiles": profiles,
        "records_one_by_one": len(each_s),
        "p50_ms": round(percentile(each_s, 50) * 1_000, 2),
        "p99_ms": round(percentile(each_s, 99) * 1_000, 2),
        "records_in_micro_batches": many,
        "records_per_s": round(many / assigned_s),
        "followed_per_s": round(many / (assigned_s + followed_s)),
        "found_share": round(known, 3),
        "filled_s": filled_s,
    }


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest of these values that so many percent do not exceed."""
    return sorted(values)[max(-(-len(values) * percent // 100), 1) - 1]
