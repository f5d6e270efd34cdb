"""Compare birth dates: one wrong digit, two digits or day and month swapped, two of three parts, the same year."""

import numpy as np
from numpy.typing import NDArray

from identity.matching.column import Codes, Column
from identity.matching.levels import BIRTH_DATE, leave_out, most_alike

Digits = NDArray[np.uint64]

# The highest bit of each digit of YYYYMMDD, a byte each, and of those of a part.
_EVERY_DIGIT = np.uint64(0x80808080_80808080)
_YEAR, _MONTH, _DAY = np.uint64(0x80808080_00000000), np.uint64(0x80800000), np.uint64(0x8080)

# Two dates at least this many years apart, and no typo, belong to two generations.
GENERATION_YEARS = 12


def compare_birth_dates(column: Column, a: Codes, b: Codes) -> NDArray[np.int8]:
    """Return the levels of the birth dates of rows `a` and `b`, shape (pairs,)."""
    one, other = column.codes.take(a), column.codes.take(b)
    levels = np.full(len(a), BIRTH_DATE["exact"], dtype=np.int8)
    unequal = np.flatnonzero(one != other)
    digits = column.once(_digits)
    levels[unequal] = _judge(digits.take(one.take(unequal)), digits.take(other.take(unequal)))
    leave_out(levels, one | other < 0)
    return levels


def generations_apart(column: Column, a: Codes, b: Codes) -> NDArray[np.bool_]:
    """Return, shape (pairs,), whose birth dates no slip explains: a dozen years or more apart, on other days."""
    apart = years_apart(column, a, b)
    doubtful = np.flatnonzero(apart)
    apart[doubtful] = compare_birth_dates(column, a.take(doubtful), b.take(doubtful)) == BIRTH_DATE["different"]
    return apart


def years_apart(column: Column, a: Codes, b: Codes) -> NDArray[np.bool_]:
    """Return, shape (pairs,), whose birth dates are a dozen years or more apart, be it by a slip."""
    years = column.once(_years)
    one, other = years.take(column.codes.take(a)), years.take(column.codes.take(b))
    apart: NDArray[np.bool_] = np.abs(one - other) >= GENERATION_YEARS
    return apart


def _years(column: Column) -> NDArray[np.int64]:
    """Return the year of each distinct value, shape (distinct values + 1,); the last stands for missing."""
    return np.array([*(int(value[:4]) for value in column.values), 0], dtype=np.int64)


def _digits(column: Column) -> NDArray[np.uint64]:
    """Return YYYYMMDD, a byte for each digit, shape (distinct values + 1,); the last stands for missing."""
    numbers = np.array([*(int(value[:4] + value[5:7] + value[8:]) for value in column.values), 0], dtype=np.uint64)
    digits = np.zeros(len(numbers), dtype=np.uint64)
    for place in range(8):
        digits |= numbers // np.uint64(10**place) % np.uint64(10) << np.uint64(8 * place)
    return digits


def _judge(x: Digits, y: Digits) -> NDArray[np.int8]:
    # Two bytes of which none is above 9 differ where their difference, added to this, reaches the highest bit.
    unlike = (x ^ y) + np.uint64(0x7F7F7F7F_7F7F7F7F) & _EVERY_DIGIT
    year_same, month_same, day_same = (unlike & part == 0 for part in (_YEAR, _MONTH, _DAY))
    near = year_same | (month_same & day_same)
    two_parts = near & (month_same | day_same)
    digits_unlike = np.bitwise_count(unlike)
    typo = (digits_unlike == 1) | (year_same & (_day_first(x) == y))
    two = np.flatnonzero(digits_unlike == 2)
    typo[two] |= _neighbors_swapped(x.take(two), y.take(two), unlike.take(two))
    return most_alike(BIRTH_DATE, near=near, two_parts=two_parts, typo=typo)


def _day_first(digits: Digits) -> Digits:
    """Return the digits with day and month in each other's place."""
    month, day = digits >> np.uint64(16) & np.uint64(0xFFFF), digits & np.uint64(0xFFFF)
    day_first: Digits = digits >> np.uint64(32) << np.uint64(32) | day << np.uint64(16) | month
    return day_first


def _neighbors_swapped(x: Digits, y: Digits, unlike: Digits) -> NDArray[np.bool_]:
    """Return whether the two digits that are unlike stand side by side, each where the other stands in the other."""
    place = np.bitwise_count((unlike & -unlike) - np.uint64(1)) // 8 * 8
    place = place.astype(np.uint64)
    byte, next_one = np.uint64(0xFF), place + np.uint64(8)
    crossed = (x >> place & byte == y >> next_one & byte) & (y >> place & byte == x >> next_one & byte)
    swapped: NDArray[np.bool_] = crossed & (unlike >> next_one & np.uint64(0x80) != 0)
    return swapped
