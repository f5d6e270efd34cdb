"""Tell which pairs contradict themselves: no strength of other evidence makes them one person."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Indel
from rapidfuzz.process import cpdist

from identity.matching.column import Codes, Column
from identity.matching.compare_birth import generations_apart, years_apart
from identity.matching.compare_names import compare_given_names, half_swapped
from identity.matching.distinct import on_distinct
from identity.matching.levels import BIRTH_DATE, COLUMN, GIVEN_NAME
from identity.matching.model import Model
from identity.matching.nicknames import are_lookalikes
from identity.matching.patterns import Patterns
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
    differ = np.flatnonzero(compare_given_names(people.given_name, a, b) == GIVEN_NAME["different"])
    contradict = generations_apart(people.birth_date, a, b)
    contradict[_clearly_named(people, a, b, differ)] = True
    return contradict


def compared_contradict(
    people: People, model: Model, pairs: NDArray[np.int32], patterns: Patterns, asked: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return which of the pairs asked for, by place, contradict themselves: the same, of pairs whose patterns are
    known."""
    if not model.housemates:
        return asked[:0]
    named = patterns.levels[:, COLUMN["given_name"]] == GIVEN_NAME["different"]
    born = patterns.levels[:, COLUMN["birth_date"]] == BIRTH_DATE["different"]
    of = patterns.of.take(asked)
    asked = asked.compress((named | born).take(of))
    of = patterns.of.take(asked)
    a, b = np.ascontiguousarray(pairs.take(asked, axis=0).T, dtype=np.intp)
    contradict = born.take(of) & years_apart(people.birth_date, a, b)
    contradict[_clearly_named(people, a, b, np.flatnonzero(named.take(of)))] = True
    return asked.compress(contradict)


def _clearly_named(people: People, a: Codes, b: Codes, differ: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return those places of differing given names where they are clearly different."""
    given = people.given_name
    unlike = differ.compress(_unlike(given, given.codes.take(a.take(differ)), given.codes.take(b.take(differ))))
    # Names that are swapped are half swapped, too.
    return unlike.compress(~half_swapped(given, people.family_name, a.take(unlike), b.take(unlike)))


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
