"""Identifiers that sort by the time of their making."""

import os
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from operator import attrgetter
from uuid import UUID

MILLISECOND = 1_000_000


def new_id() -> UUID:
    """A version 7 UUID (RFC 9562, section 5.7): Unix milliseconds, 12 bits of their fraction, 62 random bits.

    The fraction (section 6.2, method 3) keeps ids in order that one process makes within a millisecond.
    """
    milliseconds, rest = divmod(time.time_ns(), MILLISECOND)
    fraction = rest * 4096 // MILLISECOND
    random = int.from_bytes(os.urandom(8)) >> 2
    return UUID(int=(milliseconds & 0xFFFFFFFFFFFF) << 80 | 0x7 << 76 | fraction << 64 | 0x2 << 62 | random)


def made_at(id: UUID) -> datetime:
    """When an id was made that `new_id` has made, to the millisecond."""
    return datetime.fromtimestamp((id.int >> 80) / 1_000, UTC)


def in_order(ids: Iterable[UUID]) -> list[UUID]:
    """These ids in the order in which PostgreSQL has them. They compare by Python code, their numbers do not."""
    return sorted(ids, key=attrgetter("int"))
