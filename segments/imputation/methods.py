"""Methods of imputation: what a feature that is not known of a person may be taken to be.

A statistic is made of what is known of others, so it speaks of twenty of them or is not made: a mean is the mean of
twenty or more, a value is seen of twenty or more. Where fewer have the middle value exactly, the median is the mean of
the twenty in the middle (of twenty-one, where their number is odd), so that it repeats nobody's value. Means have two
digits that count, and their number of profiles is kept in tens: else two of them in a row, with and without somebody,
would tell the value of that one.
"""

from collections.abc import Mapping
from math import fsum

from segments.rules.definition import BOOLEAN, NUMBER, TEXT, Value

MISSING, CONSTANT, MEDIAN, MEAN, MOST_FREQUENT = METHODS = ("missing", "constant", "median", "mean", "most_frequent")
STATISTICS = (MEDIAN, MEAN, MOST_FREQUENT)
OF_TYPE = {
    NUMBER: (MISSING, CONSTANT, MEDIAN, MEAN),
    TEXT: (MISSING, CONSTANT, MOST_FREQUENT),
    BOOLEAN: (MISSING, CONSTANT, MOST_FREQUENT),
}
LEAST = 20
DIGITS = 2

# How many profiles have each value.
Counts = Mapping[Value, int]


def statistic(method: str, counts: Counts) -> Value | None:
    """The median, mean or most frequent of these values; None where it would speak of fewer than 20 profiles.

    Of values that are equally frequent the first in order counts. Means are rounded to two digits that count.
    """
    if sum(counts.values()) < LEAST:
        return None
    if method == MOST_FREQUENT:
        return _most_frequent(counts)
    return _median(counts) if method == MEDIAN else _mean(counts)


def _most_frequent(counts: Counts) -> Value | None:
    value, count = min(counts.items(), key=lambda item: (-item[1], item[0]))
    return value if count >= LEAST else None


def _mean(counts: Counts) -> float:
    total = fsum(float(value) * count for value, count in counts.items())
    return float(f"{total / sum(counts.values()):.{DIGITS}g}")


def in_tens(profiles: int) -> int:
    """How many profiles a statistic is of, as it is kept and shown."""
    return profiles - profiles % 10 if profiles >= LEAST else profiles


def _median(counts: Counts) -> Value:
    size = sum(counts.values())
    middle = _slice(counts, (size - 1) // 2, size // 2 + 1)
    if len(middle) == 1:
        (value,) = middle
        if counts[value] >= LEAST:
            return value
    start = (size - LEAST) // 2
    return _mean(_slice(counts, start, size - start))


def _slice(counts: Counts, start: int, end: int) -> dict[Value, int]:
    """The values from one place to before another, in ascending order of all, with how often each is among them."""
    found, place = {}, 0
    for value in sorted(counts):
        inside = min(place + counts[value], end) - max(place, start)
        if inside > 0:
            found[value] = inside
        place += counts[value]
    return found
