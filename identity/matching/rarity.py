"""How much more an agreement tells because what agrees is rare: in a file, of which all people are at hand."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from identity.matching.column import Column
from identity.matching.levels import ADDRESS, COLUMN, FAMILY_NAME, GIVEN_NAME, TRAITS, Comparison
from identity.matching.patterns import Patterns
from identity.matching.people import People

# How much of a value's rarity counts; names of one family or region are rarer together than frequencies say.
RARITY_WORTH = 0.5
MOST_RARITY_BITS = 4.0

# The comparison, the level at which it agrees, and the field that agrees there.
_AGREEMENTS: tuple[tuple[Comparison, str, str], ...] = (
    (GIVEN_NAME, "similar", "given_name"),
    (FAMILY_NAME, "similar", "family_name"),
    (ADDRESS, "same_city", "city"),
    (ADDRESS, "same_postcode", "postcode"),
    *((trait, level, trait.name) for trait in TRAITS for level in ("similar", "exact")),
)

Floats = NDArray[np.float64]


def rarity_of_all(
    patterns: Patterns, people: People, pairs: NDArray[np.int32]
) -> Iterator[tuple[int, NDArray[np.int64], Floats]]:
    """Yield the bits by which similar names, places and traits are rarer than the average: the place of a comparison,
    the pairs that agree on it, and their bits.

    Of two similar values the commoner counts: it is what the other was meant to be. An exact name has its bits already.
    """
    for comparison, level, field in _AGREEMENTS:
        column = people.free(field)
        place = COLUMN[comparison.name]
        agreeing = patterns.showing(place, comparison[level])
        if not len(agreeing):
            continue
        bits = column.once(_rarity_bits)
        one, other = (bits.take(column.codes.take(pairs[:, side].take(agreeing))) for side in (0, 1))
        yield place, agreeing, np.minimum(one, other)


def _rarity_bits(column: Column) -> Floats:
    """Return the bits by which each distinct value is rarer than the average; the last stands for missing."""
    shares, average = shares_of(column)
    bits: Floats = np.clip(RARITY_WORTH * (np.log2(average) - np.log2(shares)), -MOST_RARITY_BITS, MOST_RARITY_BITS)
    return bits


def shares_of(column: Column) -> tuple[Floats, float]:
    """Return the share of bearers per distinct value, and the chance that two people bear the same."""
    counts = column.counts().astype(np.float64)
    known = max(counts.sum(), 2.0)
    equal = (counts * (counts - 1)).sum() / (known * (known - 1))
    shares = np.append(np.maximum(counts, 1.0) / known, 1.0)
    return shares, float(max(equal, 1.0 / known**2))
