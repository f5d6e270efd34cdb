"""Blocking a value, by hand or because many families share it, with what follows: whoever bears it is resolved anew."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction

from identity import blocking_values
from identity.blocking_values import Blocking
from identity.models import BlockedValue
from identity.shared_by_many import STAGE, shared_by_many
from pipeline import queue
from privacy import epoch

log = structlog.get_logger()


def set_blocked(namespace: str, value: str, *, is_blocked: bool, by: str, reason: str = "", now: datetime) -> int:
    """Block this value, or let it count again. Returns how many source profiles bear it.

    Raises `identity.blocking_values.NotAValue`.
    """
    return _resolved_anew(
        lambda: blocking_values.set_blocked(namespace, value, is_blocked=is_blocked, by=by, reason=reason, now=now),
        now,
    )


def let_count_again(row: BlockedValue, *, by: str, reason: str = "", now: datetime) -> int:
    """Let a value count again of which only the row is known."""
    return _resolved_anew(
        lambda: blocking_values.set_blocked_again(row, is_blocked=False, by=by, reason=reason, now=now), now
    )


def block_again(row: BlockedValue, *, by: str, reason: str, now: datetime) -> int:
    """Block such a value again."""
    return _resolved_anew(
        lambda: blocking_values.set_blocked_again(row, is_blocked=True, by=by, reason=reason, now=now), now
    )


def block_what_many_share(*, now: datetime) -> Blocking:
    """Block the e-mail addresses and phones that many families share, but for those that somebody has spoken of.

    Raises `privacy.epoch.Behind` while the database is a restored one that misses erasures.
    """
    epoch.must_be_current()
    found = shared_by_many(now=now)
    with transaction.atomic():
        values = {(namespace, value) for (namespace, _), value in found.items()}
        became = blocking_values.block_found(values, by=STAGE.id, now=now)
        queue.enqueue(became.bearers, now=now)
    if became.values:
        log.info("blocked what many families share", values=became.values, bearers=len(became.bearers))
    return became


def _resolved_anew(act: Callable[[], set[UUID]], now: datetime) -> int:
    with transaction.atomic():
        bearers = act()
        queue.enqueue(bearers, now=now)
    return len(bearers)
