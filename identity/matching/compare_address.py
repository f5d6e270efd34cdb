"""Compare addresses: the same dwelling, the same postcode, the same city."""

import numpy as np
from numpy.typing import NDArray

from identity.matching.column import Codes, Column
from identity.matching.distinct import on_distinct, similar
from identity.matching.levels import ADDRESS, NO_EVIDENCE
from identity.matching.people import People


def compare_addresses(people: People, a: Codes, b: Codes) -> NDArray[np.int8]:
    """Return the levels of the addresses of rows `a` and `b`, shape (pairs,).

    A street counts only within one postcode or city, since many towns have a Main Street 1. Two countries are two
    places, whatever their postcodes.
    """
    same_postcode, know_postcode = _same(people.postcode, a, b)
    same_country, know_country = _same(people.country, a, b)
    same_city, know_city = _alike(people.city, a, b)
    near = same_postcode | same_city | ~(know_postcode | know_city)
    same_street, know_street = _same_street(people, a, b, near)
    levels = np.full(len(a), ADDRESS["different"], dtype=np.int8)
    levels[same_city] = ADDRESS["same_city"]
    levels[same_postcode] = ADDRESS["same_postcode"]
    levels[same_street & near] = ADDRESS["same_address"]
    levels[know_country & ~same_country] = ADDRESS["different"]
    levels[~(know_postcode | know_city | know_street)] = NO_EVIDENCE
    return levels


def _same(column: Column, a: Codes, b: Codes) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which pairs have the same value, and which have a value on both sides."""
    one, other = column.codes[a], column.codes[b]
    known = one | other >= 0
    return (one == other) & known, known


def _alike(column: Column, a: Codes, b: Codes) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which pairs have the same value up to a slip of the pen, and which have a value on both sides."""
    same, known = _same(column, a, b)
    unequal = np.flatnonzero(known & ~same)
    one, other = column.codes[a[unequal]], column.codes[b[unequal]]
    same[unequal] = on_distinct(one, other, lambda x, y: similar(column, x, y).astype(np.int8)) > 0
    return same, known


def _same_street(
    people: People, a: Codes, b: Codes, near: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which pairs live in the same street and number (one may be missing), looking closely only where `near`."""
    same, known = _same(people.street, a, b)
    one, other = people.street_number.codes[a], people.street_number.codes[b]
    doubtful = np.flatnonzero(near & known & ~same & ((one == other) | (one < 0) | (other < 0)))
    same[doubtful] = _alike(people.street_name, a[doubtful], b[doubtful])[0]
    return same, known
