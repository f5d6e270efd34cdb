"""What Splink 5.0 is known to reach: a run whose Splink does worse or better is no comparison."""

from collections.abc import Iterator, Mapping

WITHIN = 0.005
# Cluster F1 and B-cubed by data set and threshold; the first threshold is the one that is shown beside ours.
THRESHOLDS: Mapping[str, tuple[float, ...]] = {
    "febrl3": (0.2,),
    "febrl4": (0.99,),
    "fake_1000": (0.5, 0.95),
    "rldata10000": (0.5,),
    "customers": (0.95,),
}
KNOWN: Mapping[tuple[str, float], tuple[float, float]] = {
    ("febrl3", 0.2): (0.997, 0.999),
    ("fake_1000", 0.95): (0.835, 0.876),
    ("fake_1000", 0.5): (0.917, 0.938),
}


class NotReproduced(RuntimeError):
    """Splink did not reach what it is known to reach."""


def hold_against(name: str, measured: Mapping[float, tuple[float, float]]) -> None:
    """Raise NotReproduced where a figure of this data set, by threshold, is off by more than WITHIN."""
    if off := list(_off(name, measured)):
        raise NotReproduced(
            f"Splink does not reproduce its figures on {name}, so nothing here is a comparison: {'; '.join(off)}"
        )


def _off(name: str, measured: Mapping[float, tuple[float, float]]) -> Iterator[str]:
    for threshold, found in measured.items():
        known = KNOWN.get((name, threshold))
        if known and any(abs(one - other) > WITHIN for one, other in zip(found, known, strict=True)):
            yield (
                f"cluster F1 {found[0]:.4f} and B-cubed {found[1]:.4f} at p ≥ {threshold}, "
                f"known are {known[0]:.3f} and {known[1]:.3f}"
            )
