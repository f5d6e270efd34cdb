"""Compare given and family names: short forms, initials, part names, slips of the pen, names in each other's field."""

import numpy as np
from numpy.typing import NDArray

from identity.matching.column import Codes, Column
from identity.matching.distinct import on_distinct, similar, similar_words
from identity.matching.levels import FAMILY_NAME, GIVEN_NAME, NO_EVIDENCE
from identity.matching.nicknames import are_lookalikes, are_nicknames, nickname_class


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
    swapped = strangers[_swapped(given_names, family_names, a[strangers], b[strangers])]
    given[swapped] = NO_EVIDENCE
    family[swapped] = FAMILY_NAME["swapped"]
    half_known = np.flatnonzero((given == GIVEN_NAME["different"]) & (family == NO_EVIDENCE))
    given[half_known[half_swapped(given_names, family_names, a[half_known], b[half_known])]] = NO_EVIDENCE
    return given, family


def compare_given_names(column: Column, a: Codes, b: Codes) -> NDArray[np.int8]:
    """Return the levels of the given names alone, shape (pairs,)."""
    one, other = column.codes[a], column.codes[b]
    levels = np.full(len(a), GIVEN_NAME["exact"], dtype=np.int8)
    unequal = one != other
    levels[unequal] = on_distinct(one[unequal], other[unequal], lambda x, y: _judge_given_names(column, x, y))
    levels[(one < 0) | (other < 0)] = NO_EVIDENCE
    return levels


def compare_family_names(column: Column, a: Codes, b: Codes) -> NDArray[np.int8]:
    """Return the levels of the family names alone, shape (pairs,); part of a double name is similar to the whole."""
    one, other = column.codes[a], column.codes[b]
    levels = np.full(len(a), FAMILY_NAME["exact"], dtype=np.int8)
    unequal = one != other
    levels[unequal] = on_distinct(one[unequal], other[unequal], lambda x, y: _judge_family_names(column, x, y))
    levels[(one < 0) | (other < 0)] = NO_EVIDENCE
    return levels


def _judge_given_names(column: Column, x: Codes, y: Codes) -> NDArray[np.int8]:
    levels = np.where(similar(column, x, y), GIVEN_NAME["similar"], GIVEN_NAME["different"]).astype(np.int8)
    short, words, same_class = column.once(_traits)
    initials = short[x] | short[y]
    related = (same_class[x] == same_class[y]) | initials | words[x] | words[y] | (levels == GIVEN_NAME["similar"])
    for i in np.flatnonzero(related).tolist():
        levels[i] = _judge_related(column.values[x[i]], column.values[y[i]], int(levels[i]))
    return levels


def _judge_related(one: str, other: str, level: int) -> int:
    ones, others = one.split(), other.split()
    if are_nicknames(ones[0], others[0]) or _is_initial(ones[0], others[0]):
        return GIVEN_NAME["variant"]
    if set(ones) <= set(others) or set(others) <= set(ones) or one.replace(" ", "") == other.replace(" ", ""):
        return GIVEN_NAME["variant"]
    return GIVEN_NAME["different"] if are_lookalikes(ones[0], others[0]) else level


def _is_initial(one: str, other: str) -> bool:
    return min(len(one), len(other)) == 1 and one[0] == other[0]


def _traits(column: Column) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]]:
    """Return per distinct value whether it starts with an initial, whether it has several words, and its class."""
    firsts = [value.split(" ", 1)[0] for value in column.values]
    class_of: dict[str, int] = {}
    classes = [class_of.setdefault(nickname_class(first), len(class_of)) for first in firsts]
    return (
        np.array([len(first) == 1 for first in firsts], dtype=np.bool_),
        np.array([" " in value for value in column.values], dtype=np.bool_),
        np.array(classes, dtype=np.int64),
    )


def _judge_family_names(column: Column, x: Codes, y: Codes) -> NDArray[np.int8]:
    alike = similar(column, x, y)
    several = column.with_several_words
    for i in np.flatnonzero((several[x] | several[y]) & ~alike).tolist():
        ones, others = set(column.values[x[i]].split()), set(column.values[y[i]].split())
        alike[i] = ones <= others or others <= ones
    return np.where(alike, FAMILY_NAME["similar"], FAMILY_NAME["different"]).astype(np.int8)


def _swapped(given: Column, family: Column, a: Codes, b: Codes) -> NDArray[np.bool_]:
    """Return, shape (pairs,), whose given name is like the other's family name and the other way around."""
    swapped = np.zeros(len(a), dtype=np.bool_)
    given_letter, family_letter = given.first_letters, family.first_letters
    crossing = np.flatnonzero((given_letter[a] == family_letter[b]) & (family_letter[a] == given_letter[b]))
    if len(crossing):
        x, y = a[crossing], b[crossing]
        swapped[crossing] = _similar_across(given, family, x, y) & _similar_across(given, family, y, x)
    return swapped


def half_swapped(given: Column, family: Column, a: Codes, b: Codes) -> NDArray[np.bool_]:
    """Return, shape (pairs,), where one's given name is like the other's family name."""
    half = np.zeros(len(a), dtype=np.bool_)
    for x, y in ((a, b), (b, a)):
        crossing = np.flatnonzero((given.first_letters[x] == family.first_letters[y]) & (family.codes[y] >= 0))
        half[crossing] |= _similar_across(given, family, x[crossing], y[crossing])
    return half


def _similar_across(given: Column, family: Column, x: Codes, y: Codes) -> NDArray[np.bool_]:
    """Return, shape (pairs,), which given names of rows `x` are like the family names of rows `y`."""
    return similar_words(given.texts(given.codes[x]), family.texts(family.codes[y]))
