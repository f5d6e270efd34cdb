"""Compare what a file holds beside the known fields: identifiers that one person bears, and traits."""

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA
from rapidfuzz.process import cpdist

from identity.matching.column import Codes, Column
from identity.matching.distinct import levels_of, similar
from identity.matching.levels import IDENTIFIERS, TRAITS
from identity.matching.word_sets import word_sets

_IDENTIFIER, _TRAIT = IDENTIFIERS[0], TRAITS[0]
# One slip makes another number of a short one.
_LONG_ENOUGH = 5


def compare_identifiers(column: Column, a: Codes, b: Codes) -> NDArray[np.int8]:
    """Return the levels of the identifiers of rows `a` and `b`, shape (pairs,).

    A typo is one sign added, lost, changed, or swapped with its neighbor (optimal string alignment).
    """
    return levels_of(column, a, b, _IDENTIFIER["exact"], _judge_identifiers)


def compare_traits(column: Column, a: Codes, b: Codes) -> NDArray[np.int8]:
    """Return the levels of the traits of rows `a` and `b`, shape (pairs,); part of the words is similar."""
    return levels_of(column, a, b, _TRAIT["exact"], _judge_traits)


def _judge_identifiers(column: Column, x: Codes, y: Codes) -> NDArray[np.int8]:
    left, right = column.texts(x), column.texts(y)
    slips = cpdist(left, right, scorer=OSA.distance, score_cutoff=1, dtype=np.int32)
    lengths = column.lengths
    typo = (slips <= 1) & (np.minimum(lengths[x], lengths[y]) >= _LONG_ENOUGH)
    return np.where(typo, _IDENTIFIER["typo"], _IDENTIFIER["different"]).astype(np.int8)


def _judge_traits(column: Column, x: Codes, y: Codes) -> NDArray[np.int8]:
    alike = similar(column, x, y)
    alike |= column.once(word_sets).within(x, y)
    return np.where(alike, _TRAIT["similar"], _TRAIT["different"]).astype(np.int8)
