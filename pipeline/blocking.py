"""Blocking a value, by hand or because many families share it, with what follows: whoever bears it is resolved anew."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction

from identity import blocking_values
from identity.models import BlockedValue
from identity.shared_by_many import STAGE, shared_by_many
from pipeline import queue

log = structlog.get_logger()


def set_blocked(namespace: str, value: str, *, is_blocked: bool, by: str, now: datetime) -> int:
    """Block this value, or let it count again. Returns how many source profiles bear it.

    Raises `identity.blocking_values.NotAValue`.
    """
    return _resolved_anew(
        lambda: blocking_values.set_blocked(namespace, value, is_blocked=is_blocked, by=by, now=now), now
    )


def let_count_again(row: BlockedValue, *, by: str, now: datetime) -> int:
    """Let a value count again of which only the row is known."""
    return _resolved_anew(lambda: blocking_values.let_count_again(row, by=by, now=now), now)


def block_what_many_share(*, now: datetime) -> int:
    """Block the e-mail addresses and phones that many families share, but for those that somebody has spoken of.
    Returns how many these are."""
    found = shared_by_many(now=now)
    if found:
        bearers = _resolved_anew(lambda: blocking_values.block_found(found, by=STAGE.id, now=now), now)
        log.info("blocked what many families share", values=len(found), bearers=bearers)
    return len(found)


def _resolved_anew(act: Callable[[], set[UUID]], now: datetime) -> int:
    with transaction.atomic():
        bearers = act()
        queue.enqueue(bearers, now=now)
    return len(bearers)
