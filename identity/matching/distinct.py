"""Compare each distinct pair of values once, however many pairs of people share it."""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA, DamerauLevenshtein, JaroWinkler
from rapidfuzz.process import cpdist

from identity.matching.column import Codes, Column, side_by_side
from identity.matching.letters import LETTERS_PER_SLIP, MOST_SLIPS, letters, may_be_alike
from identity.matching.levels import leave_out

# Winkler, "String comparator metrics and enhanced decision rules in the Fellegi-Sunter model of record linkage" (1990).
SIMILAR = 0.9
# Below SIMILAR, words one or two slips apart (optimal string alignment) are still similar when long enough.
WORTH_A_SECOND_LOOK = 0.7
MOST_SLIPS_IN_A_TOWN = 3


def on_distinct(a: Codes, b: Codes, judge: Callable[[Codes, Codes], NDArray[np.int8]]) -> NDArray[np.int8]:
    """Return `judge` of each pair of codes, shape (pairs,), asking it once per distinct unordered pair."""
    if not len(a):
        return np.empty(0, dtype=np.int8)
    high = np.maximum(a, b)
    low = np.minimum(a, b)
    places, begins = side_by_side(low.astype(np.int64) * (int(high.max()) + 1) + high)
    once = places.compress(begins)
    judged = judge(low.take(once), high.take(once))
    found = np.empty(len(a), dtype=np.int8)
    found[places] = np.repeat(judged, np.diff(np.flatnonzero(begins), append=len(places)))
    return found


def levels_of(
    column: Column, a: Codes, b: Codes, exact: int, judge: Callable[[Column, Codes, Codes], NDArray[np.int8]]
) -> NDArray[np.int8]:
    """Return the levels of a column's values in rows `a` and `b`, shape (pairs,): `exact` where they are equal, else
    what `judge` says of the two values; no evidence where one is missing."""
    one, other = column.codes.take(a), column.codes.take(b)
    levels = np.full(len(a), exact, dtype=np.int8)
    unknown = one | other < 0
    unequal = np.flatnonzero((one != other) & ~unknown)
    levels[unequal] = on_distinct(one.take(unequal), other.take(unequal), lambda x, y: judge(column, x, y))
    leave_out(levels, unknown)
    return levels


def similar(column: Column, a: Codes, b: Codes) -> NDArray[np.bool_]:
    """Return, shape (pairs,), which values of one column are alike up to a slip of the pen."""
    return similar_across(column, a, column, b)


def similar_across(column: Column, a: Codes, another: Column, b: Codes) -> NDArray[np.bool_]:
    """Return, shape (pairs,), which values of one column are like those of another."""
    alike = np.zeros(len(a), dtype=np.bool_)
    asked = np.flatnonzero(may_be_alike(column.once(letters), a, another.once(letters), b))
    alike[asked] = similar_words(column.texts(a.take(asked)), another.texts(b.take(asked)))
    return alike


def similar_places(column: Column, a: Codes, b: Codes) -> NDArray[np.bool_]:
    """Return, shape (pairs,), which names of towns in one column are alike: as words are, and three slips apart at
    most, since many towns begin alike: "Northfield" and "Northgate" are two."""
    alike = similar(column, a, b)
    asked = np.flatnonzero(alike)
    left, right = column.texts(a.take(asked)), column.texts(b.take(asked))
    slips = cpdist(left, right, scorer=DamerauLevenshtein.distance, dtype=np.int32)
    alike[asked] = slips <= MOST_SLIPS_IN_A_TOWN
    return alike


def similar_words(one: Sequence[str], other: Sequence[str]) -> NDArray[np.bool_]:
    """Return which words are alike: Jaro-Winkler of 0.9 or more, or few slips.

    A slip is a letter added, lost, changed, or swapped with its neighbor. One is allowed for every four letters, two in
    all; two also in a short word when no letter was changed, since typing loses and doubles letters, but a changed
    letter in a short name makes another name.
    """
    if not len(one):
        return np.empty(0, dtype=np.bool_)
    closeness = cpdist(one, other, scorer=JaroWinkler.similarity, dtype=np.float32)
    alike: NDArray[np.bool_] = closeness >= SIMILAR
    doubtful = np.flatnonzero(~alike & (closeness >= WORTH_A_SECOND_LOOK)).tolist()
    if doubtful:
        left, right = [one[i] for i in doubtful], [other[i] for i in doubtful]
        slips = cpdist(left, right, scorer=OSA.distance, score_cutoff=MOST_SLIPS, dtype=np.int32)
        few = np.flatnonzero(slips <= MOST_SLIPS)
        asked = zip(few.tolist(), slips.take(few).tolist(), strict=True)
        alike[np.take(doubtful, few)] = [few_slips(left[i], right[i], slip) for i, slip in asked]
    return alike


def few_slips(one: str, other: str, slips: int) -> bool:
    """Return whether so many slips leave two words alike."""
    if slips > MOST_SLIPS:
        return False
    shorter, longer = sorted((one, other), key=len)
    return slips <= len(shorter) // LETTERS_PER_SLIP or not Counter(shorter) - Counter(longer)
