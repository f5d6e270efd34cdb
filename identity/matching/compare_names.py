"""Compare given and family names: short forms, initials, part names, slips of the pen, names in each other's field."""

import numpy as np
from numpy.typing import NDArray

from identity.matching.column import Codes, Column
from identity.matching.distinct import levels_of, similar, similar_across
from identity.matching.levels import FAMILY_NAME, GIVEN_NAME, NO_EVIDENCE, most_alike
from identity.matching.nicknames import are_lookalikes_of, are_nicknames_of, listed_places
from identity.matching.word_sets import word_sets


def compare_names(
    given_names: Column, family_names: Column, a: Codes, b: Codes
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Return the levels of the given names and of the family names of rows `a` and `b`, each of shape (pairs,).

    Where the names stand in each other's field, the family name is "swapped" and carries the evidence of both, and
    the given name has none. Where a family name is missing and a given name stands in the other's family name, nothing
    is known: neither name has evidence.
    """
    given = compare_given_names(given_names, a, b)
    family = compare_family_names(family_names, a, b)
    strangers = np.flatnonzero((given == GIVEN_NAME["different"]) & (family == FAMILY_NAME["different"]))
    swapped = strangers.compress(_swapped(given_names, family_names, a.take(strangers), b.take(strangers)))
    given[swapped] = NO_EVIDENCE
    family[swapped] = FAMILY_NAME["swapped"]
    half_known = np.flatnonzero((given == GIVEN_NAME["different"]) & (family == NO_EVIDENCE))
    half = half_known.compress(half_swapped(given_names, family_names, a.take(half_known), b.take(half_known)))
    given[half] = NO_EVIDENCE
    return given, family


def compare_given_names(column: Column, a: Codes, b: Codes) -> NDArray[np.int8]:
    """Return the levels of the given names alone, shape (pairs,)."""
    return levels_of(column, a, b, GIVEN_NAME["exact"], _judge_given_names)


def compare_family_names(column: Column, a: Codes, b: Codes) -> NDArray[np.int8]:
    """Return the levels of the family names alone, shape (pairs,); part of a double name is similar to the whole."""
    return levels_of(column, a, b, FAMILY_NAME["exact"], _judge_family_names)


def _judge_given_names(column: Column, x: Codes, y: Codes) -> NDArray[np.int8]:
    alike = similar(column, x, y)
    listed = column.once(_listed)
    one, other = listed.take(x), listed.take(y)
    words = column.once(word_sets)
    short, letter = column.once(_initials)
    initials = (short.take(x) | short.take(y)) & (letter.take(x) == letter.take(y))
    variant = are_nicknames_of(one, other) | initials | words.within(x, y) | words.run_together(x, y)
    alike &= ~are_lookalikes_of(one, other)
    return most_alike(GIVEN_NAME, similar=alike, variant=variant)


def _listed(column: Column) -> NDArray[np.int32]:
    """Return where the first word of each value stands in the list of given names, shape (values,)."""
    return listed_places(value.split(" ", 1)[0] for value in column.values)


def _initials(column: Column) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return whether each value begins with an initial, and its first letter, both of shape (values,)."""
    short = [len(value) == 1 or value[1] == " " for value in column.values]
    letters = [ord(value[0]) for value in column.values]
    return np.array(short, dtype=np.bool_), np.array(letters, dtype=np.int64)


def _judge_family_names(column: Column, x: Codes, y: Codes) -> NDArray[np.int8]:
    alike = similar(column, x, y) | column.once(word_sets).within(x, y)
    return most_alike(FAMILY_NAME, similar=alike)


def _swapped(given: Column, family: Column, a: Codes, b: Codes) -> NDArray[np.bool_]:
    """Return, shape (pairs,), whose given name is like the other's family name and the other way around."""
    swapped = np.zeros(len(a), dtype=np.bool_)
    given_letter, family_letter = given.first_letters, family.first_letters
    crossing = np.flatnonzero(given_letter.take(a) == family_letter.take(b))
    crossing = crossing.compress(family_letter.take(a.take(crossing)) == given_letter.take(b.take(crossing)))
    if len(crossing):
        x, y = a.take(crossing), b.take(crossing)
        swapped[crossing] = _similar_across(given, family, x, y) & _similar_across(given, family, y, x)
    return swapped


def half_swapped(given: Column, family: Column, a: Codes, b: Codes) -> NDArray[np.bool_]:
    """Return, shape (pairs,), where one's given name is like the other's family name."""
    half = np.zeros(len(a), dtype=np.bool_)
    for x, y in ((a, b), (b, a)):
        crossing = np.flatnonzero(given.first_letters.take(x) == family.first_letters.take(y))
        crossing = crossing.compress(family.codes.take(y.take(crossing)) >= 0)
        half[crossing] |= _similar_across(given, family, x.take(crossing), y.take(crossing))
    return half


def _similar_across(given: Column, family: Column, x: Codes, y: Codes) -> NDArray[np.bool_]:
    """Return, shape (pairs,), which given names of rows `x` are like the family names of rows `y`."""
    return similar_across(given, given.codes.take(x), family, family.codes.take(y))
