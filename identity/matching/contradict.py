"""Tell which pairs contradict themselves: no strength of other evidence makes them one person."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Indel
from rapidfuzz.process import cpdist

from identity.matching.column import Codes, Column
from identity.matching.compare_birth import generations_apart
from identity.matching.compare_names import compare_given_names, half_swapped
from identity.matching.distinct import on_distinct
from identity.matching.levels import GIVEN_NAME
from identity.matching.model import Model
from identity.matching.nicknames import are_lookalikes
from identity.matching.people import People

# Names that share this much of their letters, and of their order, may be one name badly typed.
SAME_LETTERS = 0.75
SAME_ORDER = 0.6


def contradicts(people: People, model: Model, pairs: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return, shape (pairs,), which pairs have clearly different given names or birth dates a generation apart.

    Such are twins, spouses, father and son, who may share all else. A garbled name ("Gegrgoe" for George) or one that
    stands in the other's family name is not clearly different. Where the file was found to hold no housemates
    (`Model.housemates`), another name or date at the same address is a slip, and nothing contradicts.
    """
    if not model.housemates or not len(pairs):
        return np.zeros(len(pairs), dtype=np.bool_)
    a, b = np.ascontiguousarray(pairs.T, dtype=np.intp)
    given, family = people.given_name, people.family_name
    differ = np.flatnonzero(compare_given_names(given, a, b) == GIVEN_NAME["different"])
    unlike = differ.compress(_unlike(given, given.codes.take(a.take(differ)), given.codes.take(b.take(differ))))
    clearly = np.zeros(len(pairs), dtype=np.bool_)
    # Names that are swapped are half swapped, too.
    clearly[unlike] = ~half_swapped(given, family, a.take(unlike), b.take(unlike))
    apart: NDArray[np.bool_] = generations_apart(people.birth_date, a, b)
    return clearly | apart


def _unlike(column: Column, one: Codes, other: Codes) -> NDArray[np.bool_]:
    """Return, shape (pairs,), which of the different names are not one name with its letters jumbled."""
    return on_distinct(one, other, lambda x, y: _judge(column, x, y)) > 0


def _judge(column: Column, x: Codes, y: Codes) -> NDArray[np.int8]:
    left, right = column.texts(x), column.texts(y)
    order = cpdist(left, right, scorer=Indel.normalized_similarity, dtype=np.float32)
    unlike = np.ones(len(x), dtype=np.int8)
    for i in np.flatnonzero(order >= SAME_ORDER).tolist():
        common = (Counter(left[i]) & Counter(right[i])).total()
        same_letters = 2 * common >= SAME_LETTERS * (len(left[i]) + len(right[i]))
        unlike[i] = not same_letters or are_lookalikes(left[i], right[i])
    return unlike
