"""Widen blocking for a file: agreement on rarer things alone, as far as a budget of pairs goes."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from identity.matching.block import Pairs, distinct, pairs_within
from identity.matching.column import MISSING, Codes, combine, dense, in_order
from identity.matching.levels import FREE
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

_FIELDS = (
    "given_name", "given_class", "family_name", "family_sound", "birth_date", "birth_year", "birth_day", "email_local",
    "phone", "street", "dwelling_sound", "postcode", "city", *(comparison.name for comparison in FREE),
)  # fmt: skip
_SAME = frozenset({
    ("given_name", "given_class"), ("family_name", "family_sound"), ("birth_date", "birth_year"),
    ("birth_date", "birth_day"), ("street", "dwelling_sound"),
})  # fmt: skip


def widened(people: People, pairs: Pairs) -> tuple[Pairs, NDArray[np.int64]]:
    """Return `pairs`, shape (pairs, 2), and those who agree on one or two fields that few others share, in order; and
    where among them `pairs` stand.

    Keys that bring few pairs come first. In a large file only such fields count of which those who agree mostly agree
    on more, as with a phone number. They matter where a file lacks the fields that the fixed keys are made of, and
    where it is so dirty that two slips in one record are common.
    """
    n = len(people)
    flat = pairs[:, 0].astype(np.int64) * n + pairs[:, 1]
    if n <= ALL_WITH_ALL:
        low, high = np.triu_indices(n, k=1)
        return np.stack((low, high), axis=1).astype(np.int32), np.searchsorted(low * n + high, flat)
    budget = max(_BUDGET, _BUDGET_A_PERSON * n)
    taken = []
    for size, blocks in sorted(_keys(people), key=lambda key: key[0]):
        budget -= size
        if budget < 0:
            break
        taken.append(blocks)

    def more(blocks: Codes) -> NDArray[np.int64]:
        brought = pairs_within(blocks, n)
        worth_it = n <= _ENOUGH_FOR_TWO or _confirmed(brought, flat) >= _LEAST_CONFIRMED
        return brought if worth_it else brought[:0]

    wide = distinct(np.concatenate([flat, _twins(people), *each(more, taken, rows=n)]))
    places = np.searchsorted(wide, flat)
    return np.stack((wide // n, wide % n), axis=1, dtype=np.int32, casting="unsafe"), places


def _twins(people: People) -> NDArray[np.int64]:
    """Return each row with the next one that agrees with it in all there is, as `low * n + high`.

    However many they are, these few pairs hold them together.
    """
    n = len(people)
    columns = [people.free(name) for name in FIELDS]
    same = np.zeros(n, dtype=np.int64)
    for column in columns:
        if not column.is_empty:
            same = dense(same * (len(column.values) + 1) + column.codes + 1).astype(np.int64)
    known = np.logical_or.reduce([column.known for column in columns])
    ordered, places = in_order(np.where(known, same, n + np.arange(n)))
    again = ordered[1:] == ordered[:-1]
    twins: NDArray[np.int64] = places[:-1][again] * n + places[1:][again]
    return twins


def _confirmed(pairs: NDArray[np.int64], known: NDArray[np.int64]) -> float:
    """Return the share of these pairs that is among the known ones, which are in order: by a sample."""
    if not len(pairs) or not len(known):
        return 0.0
    sample = pairs[:: max(1, len(pairs) // _SAMPLE)]
    places = np.minimum(np.searchsorted(known, sample), len(known) - 1)
    return float((known[places] == sample).mean())


def _keys(people: People) -> Iterator[tuple[int, Codes]]:
    """Yield, for each field and each two, how many pairs it makes and the blocks, shape (n,)."""
    columns = {name: people.free(name).codes for name in _FIELDS}
    known = {name: codes for name, codes in columns.items() if (codes != MISSING).any()}
    for codes in known.values():
        yield _bounded(codes)
    if len(people) <= _ENOUGH_FOR_TWO:
        for one, other in combinations(known, 2):
            if (one, other) not in _SAME:
                yield _bounded(combine(known[one], known[other]))


def _bounded(codes: Codes) -> tuple[int, Codes]:
    counts = np.bincount(codes[codes != MISSING]).astype(np.int64)
    few = np.append(counts <= _MOST_SHARING, False)
    blocks = np.where(few[codes], codes, MISSING).astype(np.int32)
    kept: NDArray[np.int64] = counts[counts <= _MOST_SHARING]
    return int((kept * (kept - 1) // 2).sum()), blocks
