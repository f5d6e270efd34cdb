"""Compare birth dates: one wrong digit, two digits or day and month swapped, two of three parts, the same year."""

import numpy as np
from numpy.typing import NDArray

from identity.matching.column import Codes, Column
from identity.matching.distinct import on_distinct
from identity.matching.levels import BIRTH_DATE, NO_EVIDENCE

# Two dates at least this many years apart, and no typo, belong to two generations.
GENERATION_YEARS = 12


def compare_birth_dates(column: Column, a: Codes, b: Codes) -> NDArray[np.int8]:
    """Return the levels of the birth dates of rows `a` and `b`, shape (pairs,)."""
    one, other = column.codes[a], column.codes[b]
    levels = np.full(len(a), BIRTH_DATE["exact"], dtype=np.int8)
    unequal = one != other
    digits = column.once(_digits)
    levels[unequal] = on_distinct(one[unequal], other[unequal], lambda x, y: _judge(digits[x], digits[y]))
    levels[(one < 0) | (other < 0)] = NO_EVIDENCE
    return levels


def generations_apart(column: Column, a: Codes, b: Codes) -> NDArray[np.bool_]:
    """Return, shape (pairs,), whose birth dates no slip explains: a dozen years or more apart, on other days."""
    years = column.once(_years)
    one, other = column.codes[a], column.codes[b]
    apart: NDArray[np.bool_] = np.abs(years[one] - years[other]) >= GENERATION_YEARS
    doubtful = np.flatnonzero(apart)
    apart[doubtful] = compare_birth_dates(column, a[doubtful], b[doubtful]) == BIRTH_DATE["different"]
    return apart


def _years(column: Column) -> NDArray[np.int64]:
    """Return the year of each distinct value, shape (distinct values + 1,); the last stands for missing."""
    return np.array([*(int(value[:4]) for value in column.values), 0], dtype=np.int64)


def _digits(column: Column) -> NDArray[np.int8]:
    """Return YYYYMMDD as digits, shape (distinct values + 1, 8); the last row stands for missing."""
    numbers = np.array([*(int(value[:4] + value[5:7] + value[8:]) for value in column.values), 0], dtype=np.int64)
    return (numbers[:, None] // 10 ** np.arange(7, -1, -1) % 10).astype(np.int8)


def _judge(x: NDArray[np.int8], y: NDArray[np.int8]) -> NDArray[np.int8]:
    unlike = x != y
    year_same, day_same = ~unlike[:, :4].any(axis=1), ~unlike[:, 4:].any(axis=1)
    one_digit = unlike.sum(axis=1) == 1
    swapped_fields = year_same & (x[:, [4, 5]] == y[:, [6, 7]]).all(axis=1) & (x[:, [6, 7]] == y[:, [4, 5]]).all(axis=1)
    crossed = (x[:, :-1] == y[:, 1:]) & (x[:, 1:] == y[:, :-1])
    swapped_neighbors = (unlike.sum(axis=1) == 2) & (crossed & unlike[:, :-1] & unlike[:, 1:]).any(axis=1)
    levels = np.where(year_same | day_same, BIRTH_DATE["near"], BIRTH_DATE["different"])
    year, month, day = (~unlike[:, part].any(axis=1) for part in (slice(0, 4), slice(4, 6), slice(6, 8)))
    levels[year.astype(np.int8) + month + day == 2] = BIRTH_DATE["two_parts"]
    levels[one_digit | swapped_fields | swapped_neighbors] = BIRTH_DATE["typo"]
    return levels.astype(np.int8)
