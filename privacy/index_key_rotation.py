"""A new key for the blind indexes of a field: every index is hashed once more under it, in small batches.

No value is opened. A value moves as a whole, in every table at once, while those who write wait for milliseconds; so
equal values stay equal, unique constraints hold, and every look-up finds what it found before.
"""

import time
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from functools import partial

from django.db import transaction

from privacy.rotations import Progress
from records.dictionary import IDENTIFIERS
from vault import blind, rotations
from vault.blind import KNOWN_FOR, Chain
from vault.crossing import again_when_crossed
from vault.index_columns import IndexColumn, index_columns
from vault.models import IndexKey
from vault.rotation_lock import hold_alone

KIND = "index-keys"
AT_ONCE = 500
NEWEST_POSSIBLE = 255
ROTATABLE = frozenset(IDENTIFIERS) | {"blocking-token", "home"}


class CannotRotate(ValueError):
    """This key is outside rotation, or was never made."""


def rotate(
    fields: Collection[str] = (),
    *,
    now: datetime,
    at_once: int = AT_ONCE,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[Progress]:
    """New keys for these fields (all that have one, when none is named), or go on where it stopped."""
    names = _names(fields)
    for name in names:
        _begin(name, now)
    # Until every process that only reads looks under both.
    wait(KNOWN_FOR)
    columns = list(index_columns())
    done = 0
    for name in names:
        for moved in _move(name, columns, at_once):
            done += moved
            yield Progress(done, done)
        rotations.end(rotations.begin(KIND, now=now, name=name), done=done, now=now)


def _names(fields: Collection[str]) -> list[str]:
    made = set(IndexKey.objects.values_list("name", flat=True))
    if kept := set(fields) - ROTATABLE:
        raise CannotRotate(
            f"{', '.join(sorted(kept))}: not rotated. Only the keys of identifiers, blocking tokens and homes are; "
            "those of the suppression list, audit subjects, duplicate messages and pseudonyms are kept for good"
        )
    if missing := set(fields) - made:
        raise CannotRotate(f"{', '.join(sorted(missing))}: has no key yet, for no such value has come in")
    return sorted(made & (set(fields) or ROTATABLE))


def _begin(name: str, now: datetime) -> None:
    """A version that is not settled yet is an interrupted rotation: it goes on with that one."""
    with transaction.atomic():
        hold_alone()
        chain = blind.fresh_chains([name])[name]
        if chain.settled == chain.newest:
            if chain.newest == NEWEST_POSSIBLE:
                raise CannotRotate(f"{name}: has been rotated {NEWEST_POSSIBLE - 1} times; it goes no further")
            blind.make_version(name, chain.newest + 1)
        rotations.begin(KIND, now=now, name=name)
    blind.forget()


def _move(name: str, columns: Collection[IndexColumn], at_once: int) -> Iterator[int]:
    """Move every index of this field, column by column in their order, until none is left; then that is settled."""
    chain = blind.fresh_chains([name])[name]
    moved = True
    while moved:
        moved = False
        for column in columns:
            last = b""
            while batch := again_when_crossed(partial(_move_some, name, chain, column, columns, last, at_once)):
                last, moved = batch[-1], True
                yield len(batch)
    blind.settle(name, chain.newest)


def _move_some(
    name: str, chain: Chain, column: IndexColumn, columns: Collection[IndexColumn], after: bytes, at_once: int
) -> list[bytes]:
    with transaction.atomic():
        hold_alone()
        old = column.older_than(chain.newest, field=name, after=after, limit=at_once)
        new = [chain.carry(index, to=chain.newest) for index in old]
        for each in columns if old else ():
            each.replace(old, new, field=name)
    return old
