"""Compare: turn each candidate pair into one level of agreement per comparison."""

import numpy as np
from numpy.typing import NDArray

from identity.matching import compare_address, compare_birth, compare_email, compare_free, compare_names
from identity.matching.column import Codes
from identity.matching.levels import (
    COLUMN,
    COMPARISONS,
    IDENTIFIERS,
    NO_EVIDENCE,
    PHONE,
    TRAITS,
    Levels,
    leave_out,
    most_alike,
)
from identity.matching.patterns import Patterns, patterns_of
from identity.matching.people import People
from identity.matching.threads import each

# So many pairs are worked on at a time.
PORTION = 250_000


def compare_all(people: People, pairs: NDArray[np.int32]) -> Patterns:
    """Return the patterns of agreement of very many pairs, without holding the levels of all of them at a time."""
    portions = range(0, len(pairs), PORTION)
    return Patterns.together(
        each(lambda start: patterns_of(compare(people, pairs[start : start + PORTION])), portions, rows=len(pairs))
    )


def compare(people: People, pairs: NDArray[np.int32]) -> Levels:
    """Return the levels of `pairs` (shape (pairs, 2), rows of `people`), shape (pairs, comparisons), int8.

    -1 means no evidence: missing on either side. Each distinct pair of values is compared once.
    """
    # Rows as numpy looks them up, or it would make them so at each look.
    a, b = np.ascontiguousarray(pairs.T, dtype=np.intp)
    levels = np.full((len(pairs), len(COMPARISONS)), NO_EVIDENCE, dtype=np.int8, order="F")
    given, family = compare_names.compare_names(people.given_name, people.family_name, a, b)
    levels[:, COLUMN["given_name"]] = given
    levels[:, COLUMN["family_name"]] = family
    levels[:, COLUMN["birth_date"]] = compare_birth.compare_birth_dates(people.birth_date, a, b)
    levels[:, COLUMN["email"]] = compare_email.compare_emails(people, a, b)
    levels[:, COLUMN["phone"]] = _compare_phones(people, a, b)
    levels[:, COLUMN["address"]] = compare_address.compare_addresses(people, a, b)
    for comparisons, judge in (
        (IDENTIFIERS, compare_free.compare_identifiers),
        (TRAITS, compare_free.compare_traits),
    ):
        for comparison in comparisons:
            column = people.free(comparison.name)
            if not column.is_empty:
                levels[:, COLUMN[comparison.name]] = judge(column, a, b)
    return levels


def _compare_phones(people: People, a: Codes, b: Codes) -> NDArray[np.int8]:
    one, other = people.phone.codes.take(a), people.phone.codes.take(b)
    levels = most_alike(PHONE, exact=one == other)
    leave_out(levels, one | other < 0)
    return levels
