"""A field of all people: every distinct value once, and an integer code for each person."""

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import RLock
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

MISSING = -1
T = TypeVar("T")

Codes = NDArray[np.int32]
Rule = Callable[[str], str | None]


@dataclass(frozen=True, eq=False)
class Column:
    """One field of all people. `codes` has shape (n,) and indexes the distinct `values`; -1 is missing."""

    codes: Codes
    values: Sequence[str]
    _made: dict[Callable[["Column"], Any], Any] = field(default_factory=dict, repr=False)
    # What makes something may ask for something else of the same column.
    _making: RLock = field(default_factory=RLock, repr=False)

    def once(self, make: Callable[["Column"], T]) -> T:
        """Return what `make` makes of this column, made when it is first asked for, by one of those who ask at once."""
        if make not in self._made:
            with self._making:
                if make not in self._made:
                    self._made[make] = make(self)
        made: T = self._made[make]
        return made

    @property
    def known(self) -> NDArray[np.bool_]:
        """Return, shape (n,), who has a value."""
        known: NDArray[np.bool_] = self.codes != MISSING
        return known

    @cached_property
    def is_empty(self) -> bool:
        """Return whether nobody has a value."""
        return not self.known.any()

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """Return how many letters each value has, shape (len(values),)."""
        if isinstance(self.values, Bulk):
            return self.values.lengths()
        return np.array([len(value) for value in self.values], dtype=np.int64)

    @cached_property
    def first_letters(self) -> NDArray[np.int64]:
        """Return the code point of each person's first letter, shape (n,); -1 where missing."""
        letters = np.array([*(ord(value[0]) for value in self.values), MISSING], dtype=np.int64)
        return letters.take(self.codes)

    def texts(self, codes: Codes) -> list[str]:
        """Return the values of these codes, none of which is missing."""
        values = self.values
        return values.chosen(codes) if isinstance(values, Bulk) else [values[code] for code in codes.tolist()]

    @cached_property
    def shared(self) -> NDArray[np.bool_]:
        """Return, shape (n,), who has a value that somebody else has, too."""
        return np.append(self.counts() > 1, False).take(self.codes)

    def counts(self) -> NDArray[np.int64]:
        """Return, shape (len(values),), how many people bear each value."""
        return self.once(_counts)

    def among(self, texts: Collection[str]) -> NDArray[np.bool_]:
        """Return, shape (len(values),), which of the values are among these."""
        if isinstance(self.values, Bulk):
            return self.values.among(texts)
        return np.array([value in texts for value in self.values], dtype=np.bool_)

    def without(self, unwanted: NDArray[np.bool_]) -> "Column":
        """Return the column with the values marked in `unwanted`, shape (len(values),), made missing."""
        return self.but_for(np.append(unwanted, False).take(self.codes)) if unwanted.any() else self

    def but_for(self, rows: NDArray[np.bool_]) -> "Column":
        """Return the column with the rows marked, shape (n,), made missing."""
        return Column(np.where(rows, MISSING, self.codes).astype(np.int32), self.values) if rows.any() else self


class Bulk(Sequence[str]):
    """Distinct values that are so many that rules are applied to all of them at once."""

    @abstractmethod
    def chosen(self, places: Codes) -> list[str]:
        """Return the values at these places."""

    @abstractmethod
    def lengths(self) -> NDArray[np.int64]:
        """Return how many letters each value has, shape (len(self),)."""

    @abstractmethod
    def among(self, texts: Collection[str]) -> NDArray[np.bool_]:
        """Return which of these values are among the texts, shape (len(self),)."""

    @abstractmethod
    def words(self) -> tuple[Codes, NDArray[np.int64]]:
        """Return a code for each word of all values, one behind the other, and how many each value has."""

    @abstractmethod
    def derived(self, rule: Rule) -> Column:
        """Return the column, shape (len(self),), of the rule's outcome for each of these values."""


def _counts(column: Column) -> NDArray[np.int64]:
    return np.bincount(column.codes + 1, minlength=len(column.values) + 1)[1:]


def encode(raw_values: Iterable[str | None]) -> Column:
    """Return the column of these values; an empty text is missing."""
    code_of: dict[str | None, int] = {None: MISSING, "": MISSING}
    # The two that stand for missing are counted, too.
    codes = [code_of.setdefault(value, len(code_of) - 2) for value in raw_values]
    return Column(np.array(codes, dtype=np.int32), tuple(value for value in code_of if value))


def empty(n: int) -> Column:
    """Return a column in which nobody has a value."""
    return Column(np.full(n, MISSING, dtype=np.int32), ())


def derive(column: Column, rule: Rule) -> Column:
    """Return the column of `rule` applied to each distinct value; `None` and "" become missing."""
    if not len(column.values):
        return column
    if isinstance(column.values, Bulk):
        derived = column.values.derived(rule)
        return Column(np.append(derived.codes, np.int32(MISSING)).take(column.codes), derived.values)
    code_of: dict[str, int] = {}
    code_of_value = []
    for value in column.values:
        outcome = rule(value)
        code_of_value.append(code_of.setdefault(outcome, len(code_of)) if outcome else MISSING)
    lookup = np.array([*code_of_value, MISSING], dtype=np.int32)
    return Column(lookup.take(column.codes), tuple(code_of))


def combine(one: Codes, other: Codes) -> Codes:
    """Return dense codes, shape (n,), of the pairs of values; missing where either is missing."""
    wide = one.astype(np.int64) * (int(other.max(initial=0)) + 1) + other
    # MISSING has every bit set.
    wide |= np.negative((one | other < 0).view(np.int8))
    return dense(wide)


def dense(numbers: NDArray[np.integer]) -> Codes:
    """Return codes from 0 on for numbers of 0 or more, shape (n,), by their order; what is negative is missing."""
    places, begins = side_by_side(numbers)
    codes = np.full(len(numbers), MISSING, dtype=np.int32)
    codes[places] = np.cumsum(begins, dtype=np.int32) - 1
    return codes


def side_by_side(numbers: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the places of all numbers of 0 or more, by their numbers, equal ones in their order; and at which of them
    another number begins."""
    bits = max(len(numbers) - 1, 1).bit_length()
    if numbers.min(initial=0) < 0:
        places = np.flatnonzero(numbers >= 0)
        numbers = numbers.take(places)
    else:
        places = np.arange(len(numbers))
    begins = np.ones(len(places), dtype=np.bool_)
    if int(numbers.max(initial=0)) >> (63 - bits):
        order = np.argsort(numbers, kind="stable")
        ordered = numbers.take(order)
        np.not_equal(ordered[1:], ordered[:-1], out=begins[1:])
        return places.take(order), begins
    packed = np.left_shift(numbers, bits, dtype=np.int64)
    packed |= places
    packed.sort()
    all_places = (1 << bits) - 1
    np.greater(packed[1:] ^ packed[:-1], all_places, out=begins[1:])
    packed &= all_places
    return packed, begins


def in_order(numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return numbers of 0 or more in order, and the place that each had, equal ones in the order of their places.

    Sorting plain numbers is several times faster than sorting places by them. So each number takes its place along in
    its lowest bits, where there is room for it.
    """
    bits = max(len(numbers) - 1, 1).bit_length()
    if int(numbers.max(initial=0)) >> (63 - bits):
        order = np.argsort(numbers, kind="stable")
        return numbers[order], order
    packed = (numbers << bits) | np.arange(len(numbers))
    packed.sort()
    return packed >> bits, packed & ((1 << bits) - 1)
