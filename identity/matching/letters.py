"""Tell by their letters and lengths alone which words cannot be alike, before any two are held against each other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from identity.matching.column import Codes, Column

# Words one or two slips apart (optimal string alignment) are similar when long enough.
LETTERS_PER_SLIP = 4
MOST_SLIPS = 2
_KINDS = np.uint32(64)

Marks = NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class Letters:
    """Of the values of a column, shape (values,): which letters each has, one bit for each kind, and how many."""

    kinds: NDArray[np.uint64]
    lengths: NDArray[np.int16]


def letters(column: Column) -> Letters:
    """Return the letters of the column's values. Two letters of one kind count as the same."""
    lengths = column.lengths
    signs = np.frombuffer("".join(column.values).encode("utf-32-le", "surrogatepass"), dtype="<u4")
    bits = np.left_shift(np.uint64(1), signs % _KINDS, dtype=np.uint64)
    kinds = np.bitwise_or.reduceat(bits, np.cumsum(lengths) - lengths) if len(lengths) else np.empty(0, np.uint64)
    return Letters(kinds, lengths.astype(np.int16))


def may_be_alike(one: Letters, x: Codes, other: Letters, y: Codes) -> Marks:
    """Return, shape (pairs,), of which words `distinct.similar_words` must be asked: the others are not alike.

    No more letters can match than stand in both words. So many are needed for a Jaro-Winkler similarity of 0.9, were
    the beginnings the same and nothing swapped: Jaro's is at least 5/6 then, which is two thirds of both words on
    average. And each slip, which must be few, costs the longer word one match at most.
    """
    kinds, other_kinds = one.kinds.take(x), other.kinds.take(y)
    length, other_length = one.lengths.take(x).astype(np.int32), other.lengths.take(y).astype(np.int32)
    lacking = np.bitwise_count(kinds & ~other_kinds).astype(np.int32)
    other_lacking = np.bitwise_count(other_kinds & ~kinds).astype(np.int32)
    common = np.minimum(length - lacking, other_length - other_lacking)
    shared, product = common * (length + other_length), length * other_length
    close = 2 * shared >= 3 * product
    slips = np.maximum(length, other_length) - common
    none_changed = np.where(length <= other_length, lacking, other_lacking) == 0
    few = (slips <= np.minimum(length, other_length) // LETTERS_PER_SLIP) | none_changed
    worth_a_look = (slips <= MOST_SLIPS) & (10 * shared >= 11 * product)
    may: Marks = close | (few & worth_a_look)
    return may
