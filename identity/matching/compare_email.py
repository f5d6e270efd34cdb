"""Compare e-mail addresses: the same mailbox, the same local part elsewhere, a slip of the pen."""

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA
from rapidfuzz.process import cpdist

from identity.matching import normalize
from identity.matching.column import Codes, Column, derive
from identity.matching.distinct import on_distinct
from identity.matching.levels import EMAIL, NO_EVIDENCE, leave_out, most_alike
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
    one, other = column.codes.take(a), column.codes.take(b)
    local, other_local = people.email_local.codes.take(a), people.email_local.codes.take(b)
    levels = np.full(len(a), EMAIL["different"], dtype=np.int8)
    one_mailbox = people.mailbox.codes.take(a) == people.mailbox.codes.take(b)
    same = one_mailbox | ((local == other_local) & (local >= 0))
    unknown = one | other < 0
    unlike = np.flatnonzero(~(same | unknown))
    doubtful = unlike.compress(_may_be_slips(column, one.take(unlike), other.take(unlike)))
    levels[doubtful] = on_distinct(one.take(doubtful), other.take(doubtful), lambda x, y: _judge(column, x, y))
    levels[np.flatnonzero(same)] = EMAIL["same_local_part"]
    levels[np.flatnonzero(one == other)] = EMAIL["exact"]
    elsewhere = np.flatnonzero(same & ~one_mailbox)
    for side in (a, b):
        elsewhere = elsewhere.compress(say_only_the_name(people, side.take(elsewhere)))
    levels[elsewhere] = NO_EVIDENCE
    leave_out(levels, unknown)
    return levels


def _numbers(column: Column) -> Codes:
    """Return a code for the digits of each address, shape (values,)."""
    return derive(Column(np.arange(len(column.values), dtype=np.int32), column.values), normalize.digits).codes


def _may_be_slips(column: Column, x: Codes, y: Codes) -> NDArray[np.bool_]:
    """Return which addresses must be held against each other, shape (pairs,): the others are not similar.

    Namesakes choose one address but for its number, so another number is no slip. Each slip makes an address one letter
    longer or shorter at most.
    """
    numbers = column.once(_numbers)
    may: NDArray[np.bool_] = numbers.take(x) == numbers.take(y)
    same_numbers = np.flatnonzero(may)
    lengths = [column.lengths.take(codes.take(same_numbers)) for codes in (x, y)]
    allowed = _allowed(*lengths)
    may[same_numbers] = (np.abs(lengths[0] - lengths[1]) <= allowed) & (allowed > 0)
    return may


def _allowed(length: NDArray[np.int64], other_length: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many slips addresses of these lengths may hold."""
    allowed: NDArray[np.int64] = np.minimum(np.minimum(length, other_length) // LETTERS_PER_SLIP, MOST_SLIPS)
    return allowed


def _judge(column: Column, x: Codes, y: Codes) -> NDArray[np.int8]:
    slips = cpdist(column.texts(x), column.texts(y), scorer=OSA.distance, score_cutoff=MOST_SLIPS, dtype=np.int32)
    return most_alike(EMAIL, similar=slips <= _allowed(column.lengths.take(x), column.lengths.take(y)))
