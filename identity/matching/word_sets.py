"""The words of each value of a column as numbers, so that many pairs of values are held against each other at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from identity.matching.column import MISSING, Bulk, Codes, Column, derive, encode

# Values of more words are looked at one by one.
_MOST_WORDS = 4

Marks = NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class WordSets:
    """Words of the values of one column.

    numbers: shape (values, 4), the number of each word, -1 where there are fewer. first: shape (values,), that of the
    first one. joined: shape (values,), the number of the value written as one word. several, many: shape (values,),
    which values have more than one word, and which more than four.
    """

    values: Sequence[str]
    numbers: NDArray[np.int32]
    first: NDArray[np.int32]
    joined: NDArray[np.int32]
    several: Marks
    many: Marks

    def within(self, x: Codes, y: Codes) -> Marks:
        """Return, shape (pairs,), whether all words of one of the two values stand in the other."""
        found: Marks = self.first.take(x) == self.first.take(y)
        several = np.flatnonzero(self.several.take(x) | self.several.take(y))
        ones, others = self.numbers.take(x.take(several), axis=0), self.numbers.take(y.take(several), axis=0)
        found[several] = _all_in(ones, others) | _all_in(others, ones)
        for i in np.flatnonzero(self.many.take(x) | self.many.take(y)).tolist():
            left, right = set(self.values[x[i]].split()), set(self.values[y[i]].split())
            found[i] = left <= right or right <= left
        return found

    def run_together(self, x: Codes, y: Codes) -> Marks:
        """Return, shape (pairs,), whether the two values are the same without their spaces."""
        same: Marks = self.joined.take(x) == self.joined.take(y)
        return same


def word_sets(column: Column) -> WordSets:
    """Return the words of the column's values, which are set apart by one space each."""
    words, counts = _words(column.values)
    places = np.repeat(np.arange(len(counts)), counts)
    positions = np.arange(len(words)) - np.repeat(np.cumsum(counts) - counts, counts)
    numbers = np.full((len(counts), _MOST_WORDS), MISSING, dtype=np.int32)
    first_ones = positions < _MOST_WORDS
    numbers[places[first_ones], positions[first_ones]] = words[first_ones]
    joined = derive(Column(np.arange(len(counts), dtype=np.int32), column.values), run_together)
    return WordSets(column.values, numbers, numbers[:, 0].copy(), joined.codes, counts > 1, counts > _MOST_WORDS)


def _words(values: Sequence[str]) -> tuple[Codes, NDArray[np.int64]]:
    if isinstance(values, Bulk):
        return values.words()
    split = [value.split(" ") for value in values]
    return encode(word for words in split for word in words).codes, np.array([len(w) for w in split], dtype=np.int64)


def run_together(value: str) -> str:
    """Return the value as one word."""
    return value.replace(" ", "")


def _all_in(ones: NDArray[np.int32], others: NDArray[np.int32]) -> Marks:
    every = np.ones(len(ones), dtype=np.bool_)
    for position in range(_MOST_WORDS):
        word = ones[:, position]
        there = word == MISSING
        for other in range(_MOST_WORDS):
            there |= word == others[:, other]
        every &= there
    return every
