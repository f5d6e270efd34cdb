"""A new version of the key-encryption key: every wrapped key is wrapped anew in small batches, while all goes on."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connections, router, transaction
from django.db.models import Model

from privacy.rotations import Progress
from vault import blind, kept_keys, rotations
from vault.key_encryption import KeyEncryptionKey, key_encryption_key, key_ring
from vault.models import DataKey, IndexKey, KeptKey

KIND = "key-encryption-key"
AT_ONCE = 2_000
# Until then a process may still wrap under the version before: it learns of a new one within seconds.
RETIRE_AFTER = timedelta(minutes=5)


class StillInUse(RuntimeError):
    """A version of the key-encryption key cannot be retired yet."""


def rotate(*, now: datetime, at_once: int = AT_ONCE) -> Iterator[Progress]:
    """Make a new version, or go on with the rotation that was interrupted, and wrap every key under it."""
    rotation = rotations.unfinished(KIND) or rotations.begin(KIND, now=now, version=key_ring().make())
    done, total = 0, _stale(key_encryption_key())
    for batch in _rewrap_all(at_once):
        done += batch
        yield Progress(done, max(total, done))
    rotations.end(rotation, done=done, now=now)


def retire(*, now: datetime) -> list[int]:
    """Delete every earlier version for good, and return their numbers. Raises `StillInUse`.

    What another process wrapped under an earlier one, before it knew of the newest, is wrapped anew first.
    """
    ring, current = key_ring(), key_encryption_key()
    earlier = sorted(version for version in ring.numbers() if version < current.version)
    began = rotations.last_began(KIND)
    if earlier and (began is None or rotations.unfinished(KIND)):
        raise StillInUse("its last rotation has not ended: run `manage.py rotate key-encryption-key` first")
    if earlier and began and now - began < RETIRE_AFTER:
        raise StillInUse(f"the new version is younger than {RETIRE_AFTER}: other processes may not know it yet; wait")
    for _ in _rewrap_all(AT_ONCE):
        pass
    for version in earlier:
        ring.retire(version)
    return earlier


def _rewrap_all(at_once: int) -> Iterator[int]:
    """Wrap everything under the newest version: again from the start, until nothing is left from before."""
    current = key_encryption_key()
    while _stale(current):
        for model in CONTEXTS:
            last: Any = None
            while rows := _rewrap(model, current, after=last, at_once=at_once):
                last = rows[-1].pk
                yield len(rows)


def _stale(current: KeyEncryptionKey) -> int:
    return sum(model._default_manager.exclude(kek_version=current.version).count() for model in CONTEXTS)


def _rewrap(model: type[Model], current: KeyEncryptionKey, *, after: Any, at_once: int) -> list[Any]:
    """Wrap the next batch of one table's keys anew. Returns the rows."""
    context, columns = CONTEXTS[model]
    with transaction.atomic(using=router.db_for_write(model)):
        stale = model._default_manager.exclude(kek_version=current.version).order_by("pk")
        rows: list[Any] = list((stale.filter(pk__gt=after) if after else stale).select_for_update()[:at_once])
        for row in rows:
            for column in columns:
                if (wrapped := getattr(row, column)) is not None:
                    key = current.unwrap(bytes(wrapped), context=context(row), version=row.kek_version)
                    setattr(row, column, current.wrap(key, context=context(row)))
            row.kek_version = current.version
        _write(model, rows, columns)
    return rows


def _write(model: type[Model], rows: Sequence[Any], columns: Sequence[str]) -> None:
    assignments = ", ".join(f"{column} = new.{column}" for column in columns)
    arrays = ", ".join("%s::bytea[]" for _ in columns)
    type_of_pk = model._meta.pk.db_type(connections[router.db_for_write(model)])
    with connections[router.db_for_write(model)].cursor() as cursor:
        cursor.execute(
            f"UPDATE {model._meta.db_table} AS known SET {assignments}, kek_version = %s "
            f"FROM unnest(%s::{'uuid' if type_of_pk == 'uuid' else 'bigint'}[], {arrays}) "
            f"AS new (id, {', '.join(columns)}) WHERE known.id = new.id",
            [
                rows[0].kek_version if rows else 0,
                [row.pk for row in rows],
                *([getattr(row, column) for row in rows] for column in columns),
            ],
        )


# What the wrapping of each table's keys is bound to, and the columns that hold wrapped keys.
CONTEXTS: dict[type[Model], tuple[Callable[[Any], bytes], tuple[str, ...]]] = {
    DataKey: (lambda row: row.id.bytes, ("wrapped", "previous")),
    IndexKey: (lambda row: blind.context(row.name, row.version), ("wrapped",)),
    KeptKey: (lambda row: kept_keys.context(row.name, row.version), ("wrapped",)),
}
