"""RFM: recency, frequency and monetary value of each buyer, each as a fifth of all buyers from 1 (low) to 5 (high).

After Hughes, Strategic Database Marketing (1994). Equal values share a fifth, that of their middle rank, so a fifth
need not hold a fifth of the buyers: where most bought once, they all score alike in frequency.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from segments.consented import ask
from segments.features.purchases import YEAR, measure

FIFTHS = 5


@dataclass(frozen=True)
class Rfm:
    """The fifths of one buyer; 555 is the best."""

    recency: int
    frequency: int
    monetary: int

    def __str__(self) -> str:
        return f"{self.recency}{self.frequency}{self.monetary}"


def quintiles(values: Sequence[float] | NDArray[np.float64], *, less_is_better: bool = False) -> NDArray[np.int64]:
    """The fifth (1 to 5) of each value among all of them; 5 holds the greatest, or the least when less is better."""
    numbers = np.asarray(values, dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise ValueError("quintiles need finite values: leave out what is missing")
    _, place, counts = np.unique(-numbers if less_is_better else numbers, return_inverse=True, return_counts=True)
    below = np.cumsum(counts) - counts
    twice_middle = 2 * below + counts
    return (FIFTHS * twice_middle // (2 * max(numbers.size, 1)))[place].astype(np.int64) + 1


def score(recency_days: Sequence[float], *, frequency: Sequence[float], monetary: Sequence[float]) -> list[Rfm]:
    """The fifths of each buyer, in the order of the three sequences. Fewer days since the last purchase are better."""
    columns = (
        quintiles(recency_days, less_is_better=True),
        quintiles(frequency),
        quintiles(monetary),
    )
    return [Rfm(int(r), int(f), int(m)) for r, f, m in zip(*columns, strict=True)]


def score_profiles(
    profile_ids: Collection[UUID], *, as_of: date, window: timedelta | None = YEAR, now: datetime
) -> dict[UUID, Rfm]:
    """The fifths of those of these profiles that bought within the window up to that day, scored among themselves.

    Without a window all purchases up to that day count. Only profiles for which consent to analytics stands at `now`.
    """
    bought = {
        profile: purchases
        for profile, purchases in measure(ask(profile_ids, now=now).owned, as_of=as_of, window=window).items()
        if purchases.orders
    }
    fifths = score(
        [purchases.recency_days for purchases in bought.values()],
        frequency=[purchases.orders for purchases in bought.values()],
        monetary=[purchases.spent for purchases in bought.values()],
    )
    return dict(zip(bought, fifths, strict=True))
