"""Compare addresses: the same dwelling, the same postcode, the same city."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from identity.matching.column import Codes, Column
from identity.matching.distinct import on_distinct, similar, similar_places
from identity.matching.levels import ADDRESS, leave_out, most_alike
from identity.matching.people import People


def compare_addresses(people: People, a: Codes, b: Codes) -> NDArray[np.int8]:
    """Return the levels of the addresses of rows `a` and `b`, shape (pairs,).

    A street counts only within one postcode or city, since many towns have a Main Street 1. Two countries are two
    places, whatever their postcodes.
    """
    same_postcode, know_postcode = _same(people.postcode, a, b)
    same_country, know_country = _same(people.country, a, b)
    same_city, know_city = _alike(people.city, a, b, similar_places)
    near = same_postcode | same_city | ~(know_postcode | know_city)
    same_street, know_street = _same_street(people, a, b, near)
    one_country = same_country | ~know_country
    levels = most_alike(
        ADDRESS,
        same_city=same_city & one_country,
        same_postcode=same_postcode & one_country,
        same_address=same_street & near & one_country,
    )
    leave_out(levels, ~(know_postcode | know_city | know_street))
    return levels


def _same(column: Column, a: Codes, b: Codes) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which pairs have the same value, and which have a value on both sides."""
    one, other = column.codes.take(a), column.codes.take(b)
    known = one | other >= 0
    return (one == other) & known, known


def _alike(
    column: Column, a: Codes, b: Codes, judge: Callable[[Column, Codes, Codes], NDArray[np.bool_]]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which pairs have the same value or, as `judge` says, one up to slips of the pen, and which have a value on
    both sides."""
    same, known = _same(column, a, b)
    unequal = np.flatnonzero(known & ~same)
    one, other = column.codes.take(a.take(unequal)), column.codes.take(b.take(unequal))
    same[unequal] = on_distinct(one, other, lambda x, y: judge(column, x, y).astype(np.int8)) > 0
    return same, known


def _same_street(
    people: People, a: Codes, b: Codes, near: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which pairs live in the same street and number (one may be missing), looking closely only where `near`."""
    same, known = _same(people.street, a, b)
    one, other = people.street_number.codes.take(a), people.street_number.codes.take(b)
    doubtful = np.flatnonzero(near & known & ~same & ((one == other) | (one < 0) | (other < 0)))
    same[doubtful] = _alike(people.street_name, a.take(doubtful), b.take(doubtful), similar)[0]
    return same, known
