"""Widen blocking for a file: agreement on rarer things alone, as far as a budget of pairs goes."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from identity.matching.column import MISSING, Codes, combine
from identity.matching.levels import FREE
from identity.matching.pairs import Pairs, Runs, distinct, in_one, in_rows, pairs_within
from identity.matching.people import FIELDS, People
from identity.matching.threads import each

# So few people are compared all with all.
ALL_WITH_ALL = 1_500
# So many pairs are taken up, or so many a person where that is more.
_BUDGET = 2_000_000
_BUDGET_A_PERSON = 5
# A value of one field, or of two, that more people share says too little alone.
_MOST_SHARING = 60
_ENOUGH_FOR_TWO = 200_000
# In files larger than that a field must be worth its pairs: this share of those whom it brings agree on more.
_LEAST_CONFIRMED = 0.3
_SAMPLE = 20_000

Marks = NDArray[np.bool_]

_FIELDS = (
    "given_name", "given_class", "family_name", "family_sound", "both_sounds", "birth_date", "birth_year", "birth_day",
    "email_local", "phone", "street", "dwelling_sound", "postcode", "city", *(comparison.name for comparison in FREE),
)  # fmt: skip
_SAME = frozenset({
    ("given_name", "both_sounds"), ("given_class", "both_sounds"),
    ("family_name", "both_sounds"), ("family_sound", "both_sounds"),
    ("given_name", "given_class"), ("family_name", "family_sound"), ("birth_date", "birth_year"),
    ("birth_date", "birth_day"), ("street", "dwelling_sound"),
})  # fmt: skip


def widened(people: People, pairs: NDArray[np.int64]) -> tuple[Pairs, NDArray[np.bool_]]:
    """Return `pairs`, as `together` gives them, and those who agree on one or two fields that few others share, in
    order, shape (pairs, 2); and which among them `pairs` are.

    Keys that bring few pairs come first. In a large file only such fields count of which those who agree mostly agree
    on more, as with a phone number. They matter where a file lacks the fields that the fixed keys are made of, and
    where it is so dirty that two slips in one record are common.
    """
    n = len(people)
    if n <= ALL_WITH_ALL:
        everyone = in_one(*np.triu_indices(n, k=1))
        return in_rows(everyone), np.isin(everyone, pairs, assume_unique=True)
    budget = max(_BUDGET, _BUDGET_A_PERSON * n)
    taken = []
    for size, codes, few in sorted(_keys(people), key=lambda key: key[0]):
        budget -= size
        if budget < 0:
            break
        taken.append((codes, few))

    def more(key: tuple[Codes, Marks]) -> NDArray[np.int64]:
        codes, few = key
        brought = pairs_within(np.where(np.append(few, False).take(codes), codes, MISSING))
        worth_it = n <= _ENOUGH_FOR_TWO or _confirmed(brought, pairs) >= _LEAST_CONFIRMED
        return brought if worth_it else brought[:0]

    wide, narrow = _with_others(pairs, distinct(np.concatenate([_twins(people), *each(more, taken, rows=n)])))
    return in_rows(wide), narrow


def _with_others(pairs: NDArray[np.int64], others: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return both together, each in order and without twofold ones, in order; and which among them the pairs are."""
    before = np.searchsorted(pairs, others)
    there = before < len(pairs)
    there[there] = pairs.take(before.compress(there)) == others.compress(there)
    others, before = others.compress(~there), before.compress(~there)
    is_old = np.ones(len(pairs) + len(others), dtype=np.bool_)
    is_old[before + np.arange(len(others))] = False
    together = np.empty(len(is_old), dtype=np.int64)
    together[is_old], together[~is_old] = pairs, others
    return together, is_old


def _twins(people: People) -> NDArray[np.int64]:
    """Return each row with the next one that agrees with it in all there is, as `in_rows` takes them.

    However many they are, these few pairs hold them together.
    """
    columns = [column for name in FIELDS if not (column := people.free(name)).is_empty]
    # Who has a value that nobody else has is nobody's twin.
    rows = np.flatnonzero(np.logical_and.reduce([column.shared | ~column.known for column in columns]))
    same = np.zeros(len(rows), dtype=np.int64)
    for column in columns:
        runs = Runs.of(same * (len(column.values) + 1) + column.codes.take(rows) + 1, alone=False)
        rows, same = rows.take(runs.rows), np.repeat(np.arange(len(runs.sizes)), runs.sizes)
    again = np.flatnonzero(same[1:] == same[:-1])
    one, other = rows[again], rows[again + 1]
    known = np.zeros(len(one), dtype=np.bool_)
    for column in columns:
        known |= column.known[one]
    return in_one(one[known], other[known])


def _confirmed(pairs: NDArray[np.int64], known: NDArray[np.int64]) -> float:
    """Return the share of these pairs that is among the known ones, which are in order: by a sample."""
    if not len(pairs) or not len(known):
        return 0.0
    # In order they are looked up faster.
    sample = np.sort(pairs[:: max(1, len(pairs) // _SAMPLE)])
    places = np.minimum(np.searchsorted(known, sample), len(known) - 1)
    return float((known[places] == sample).mean())


def _keys(people: People) -> Iterator[tuple[int, Codes, Marks]]:
    """Yield, for each field and each two, how many pairs it makes, its codes, shape (n,), and which of these, shape
    (codes,), few enough share."""
    known = {name: column for name in _FIELDS if not (column := people.free(name)).is_empty}
    for column in known.values():
        yield _bounded(column.codes, column.counts())
    if len(people) <= _ENOUGH_FOR_TWO:
        for one, other in combinations(known, 2):
            if (one, other) not in _SAME:
                codes = combine(known[one].codes, known[other].codes)
                yield _bounded(codes, np.bincount(codes + 1)[1:])


def _bounded(codes: Codes, counts: NDArray[np.int64]) -> tuple[int, Codes, Marks]:
    few = counts <= _MOST_SHARING
    kept = counts.compress(few)
    return int((kept * (kept - 1)).sum()) // 2, codes, few
