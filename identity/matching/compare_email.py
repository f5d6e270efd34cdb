"""Compare e-mail addresses: the same mailbox, the same local part elsewhere, a slip of the pen."""

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA
from rapidfuzz.process import cpdist

from identity.matching import normalize
from identity.matching.column import Codes, Column, derive
from identity.matching.distinct import on_distinct
from identity.matching.levels import EMAIL, NO_EVIDENCE
from identity.matching.local_parts import say_only_the_name
from identity.matching.people import People

MOST_SLIPS = 3
LETTERS_PER_SLIP = 6


def compare_emails(people: People, a: Codes, b: Codes) -> NDArray[np.int8]:
    """Return the levels of the e-mail addresses of rows `a` and `b`, shape (pairs,).

    The same mailbox under another spelling (+tag, dots, a renamed provider) ranks with the same local part. One that
    says only the name of both is no evidence elsewhere: names are compared by themselves.
    """
    column = people.email
    one, other = column.codes[a], column.codes[b]
    local, other_local = people.email_local.codes[a], people.email_local.codes[b]
    levels = np.full(len(a), EMAIL["different"], dtype=np.int8)
    one_mailbox = people.mailbox.codes[a] == people.mailbox.codes[b]
    same = one_mailbox | ((local == other_local) & (local >= 0))
    unknown = one | other < 0
    unlike = np.flatnonzero(~(same | unknown))
    levels[unlike] = on_distinct(one[unlike], other[unlike], lambda x, y: _judge(column, x, y))
    np.copyto(levels, EMAIL["same_local_part"], where=same)
    np.copyto(levels, EMAIL["exact"], where=one == other)
    elsewhere = np.flatnonzero(same & ~one_mailbox)
    for side in (a, b):
        elsewhere = elsewhere[say_only_the_name(people, side[elsewhere])]
    levels[elsewhere] = NO_EVIDENCE
    np.copyto(levels, NO_EVIDENCE, where=unknown)
    return levels


def _numbers(column: Column) -> Codes:
    """Return a code for the digits of each address, shape (values,)."""
    return derive(Column(np.arange(len(column.values), dtype=np.int32), column.values), normalize.digits).codes


def _judge(column: Column, x: Codes, y: Codes) -> NDArray[np.int8]:
    lengths = column.lengths
    allowed = np.minimum(np.minimum(lengths[x], lengths[y]) // LETTERS_PER_SLIP, MOST_SLIPS)
    levels = np.full(len(x), EMAIL["different"], dtype=np.int8)
    # Namesakes choose one address but for its number, so another number is no slip. Each slip makes an address one
    # letter longer or shorter at most.
    numbers = column.once(_numbers)
    possible = (numbers[x] == numbers[y]) & (np.abs(lengths[x] - lengths[y]) <= allowed)
    doubtful = np.flatnonzero(possible & (allowed > 0))
    left, right = column.texts(x[doubtful]), column.texts(y[doubtful])
    slips = cpdist(left, right, scorer=OSA.distance, score_cutoff=MOST_SLIPS, dtype=np.int32)
    levels[doubtful[slips <= allowed[doubtful]]] = EMAIL["similar"]
    return levels
