"""New data keys: every sealed field is opened and sealed again, in small batches, while everything goes on.

For each batch, while those who seal wait: fields are sealed under the new keys, the key store takes these and keeps
the old ones beside them, the fields are committed. Whoever dies in between leaves fields that open under the key from
before, which readers try too. When all is done, and nobody can still hold what they read before, a second walk seals
what was left behind and the old keys are destroyed.

Which columns are sealed, and under whose key, the annotations say: a new table cannot be forgotten.
"""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection, transaction
from django.db.models import BinaryField, Model, Q, QuerySet

from consent.decide import decide_each
from identity import golden
from privacy.rotations import PURPOSE, STAGE, Progress
from records import store
from records.models import Attribute
from vault import keys, rotations
from vault.annotations import SEALED, Table, tables
from vault.crossing import again_when_crossed
from vault.models import DataKey
from vault.rotation_lock import hold_alone
from vault.sealing import Place, Sealed, Sealer, left_behind, open_what_opens

KIND = "data-keys"
AT_ONCE = 250
ROWS_AT_ONCE = 2_000
# As long may a reader stand between reading a sealed field and fetching its key.
GRACE = 60.0


class NoKeyNamed(LookupError):
    """A sealed column's annotation does not say whose key seals it: rotating would lose it."""


def rotate(
    *, now: datetime, at_once: int = AT_ONCE, grace: float = GRACE, wait: Callable[[float], None] = time.sleep
) -> Iterator[Progress]:
    """A new data key for everybody, or go on where it stopped; then the old ones are destroyed."""
    columns = list(sealed_columns())
    rotation = rotations.begin(KIND, now=now)
    everybody = DataKey.objects.filter(created_at__lt=rotation.started_at)
    waiting = everybody.filter(Q(renewed_at=None) | Q(renewed_at__lt=rotation.started_at))
    total = everybody.count()
    done = total - waiting.count()
    for ids in _batches(waiting, at_once):
        again_when_crossed(partial(_renew, ids, columns, rotation.started_at))
        done += len(ids)
        yield Progress(done, total)
    wait(grace)
    for ids in _batches(DataKey.objects.filter(previous__isnull=False), at_once):
        again_when_crossed(partial(_settle, ids, columns, rotation.started_at))
        keys.forget_previous(ids)
        yield Progress(done, total)
    rotations.end(rotation, done=done, now=now)


@dataclass(frozen=True)
class SealedColumn:
    """A column of sealed fields: under whose key, and the column of digests beside it."""

    model: type[Model]
    column: str
    under: str
    digest: str = ""
    digest_field: str = ""


def sealed_columns() -> Iterator[SealedColumn]:
    """Every column that is sealed under data keys. Raises `NoKeyNamed`.

    Data keys seal bytes; what is sealed inside a text is under a key that is kept, such as staff's second factors.
    """
    for table in tables():
        model = apps.get_model(table.model)
        for column, sensitivity in table.fields.items():
            if sensitivity == SEALED and isinstance(model._meta.get_field(column), BinaryField):
                digest, field = next(iter(table.digests.items()), ("", ""))
                yield SealedColumn(model, column, _under(table), digest, field)


def _under(table: Table) -> str:
    if table.sealed_under:
        return table.sealed_under
    if table.subject is None or table.via != "source_profile":
        raise NoKeyNamed(f"{table.model}: say in its annotation, as `sealed_under`, whose key seals it")
    return table.subject


def _batches(waiting: QuerySet[DataKey], at_once: int) -> Iterator[list[UUID]]:
    last = UUID(int=0)
    while ids := list(waiting.filter(id__gt=last).order_by("id").values_list("id", flat=True)[:at_once]):
        last = ids[-1]
        yield ids


def _renew(ids: Sequence[UUID], columns: Sequence[SealedColumn], started_at: datetime) -> None:
    """New keys for these; what does not open under the old one is damaged, and left as it is."""
    with transaction.atomic():
        hold_alone()
        fresh = {id: keys.new_key() for id in keys.fetch_present(ids)}
        for column in columns:
            for rows in _rows(column, fresh.keys()):
                _reseal(column, rows, Sealer(fresh), at=started_at)
        keys.renew(fresh, at=started_at)


def _settle(ids: Sequence[UUID], columns: Sequence[SealedColumn], started_at: datetime) -> None:
    """Seal what a crash, or somebody who sealed without a transaction, left under the keys from before."""
    with transaction.atomic():
        hold_alone()
        current = keys.fetch_present(ids)
        for column in columns:
            for rows in _rows(column, current.keys()):
                behind = {id(item) for item in left_behind([row.sealed for row in rows])}
                _reseal(column, [row for row in rows if id(row.sealed) in behind], Sealer(current), at=started_at)


@dataclass(frozen=True)
class Row:
    """A row with a sealed field: its primary key, the field, and what its digest is of."""

    pk: tuple[Any, ...]
    sealed: Sealed
    digest_field: str


def _rows(column: SealedColumn, ids: Collection[UUID]) -> Iterator[list[Row]]:
    """The rows sealed under these ids' keys, some thousands at a time."""
    meta = column.model._meta
    pk = [field.attname for field in meta.pk_fields]
    row_id = "id" if any(field.name == "id" for field in meta.concrete_fields) else "pk"
    found = (
        column.model._default_manager.filter(**{f"{column.under}__in": list(ids)})
        .exclude(**{column.column: None})
        .values_list(*pk, row_id, column.under, column.column, *([column.digest_field] if column.digest else []))
        .iterator(chunk_size=ROWS_AT_ONCE)
    )
    while batch := list(islice(found, ROWS_AT_ONCE)):
        yield [_row(column, values, len(pk)) for values in batch]


def _row(column: SealedColumn, values: Sequence[Any], width: int) -> Row:
    row_id, under, ciphertext = values[width : width + 3]
    place = Place(column.model._meta.db_table, column.column, row_id)
    return Row(tuple(values[:width]), Sealed(under, place, bytes(ciphertext)), values[-1] if column.digest else "")


def _reseal(column: SealedColumn, rows: Sequence[Row], sealer: Sealer, *, at: datetime) -> None:
    """Open these, audited, under the law's obligation to protect them, and seal them under the sealer's keys."""
    if not rows:
        return
    grant = decide_each(
        {id: (id,) for id in {row.sealed.key_id for row in rows}},
        purpose=PURPOSE,
        at=at,
        actor=STAGE,
        reason="rotation of data keys",
    ).grant
    opened = open_what_opens([row.sealed for row in rows], grant, action="rotate data keys")
    whole = [(row, plaintext) for row, plaintext in zip(rows, opened, strict=True) if plaintext is not None]
    digests = [
        sealer.digest(row.sealed.key_id, row.digest_field, plaintext.decode()) if column.digest else b""
        for row, plaintext in whole
    ]
    if column.model is Attribute:
        _fold_twins(dict(zip((row.pk[0] for row, _ in whole), digests, strict=True)))
    _write(
        column,
        [row for row, _ in whole],
        [sealer.seal(row.sealed.key_id, row.sealed.place, plaintext) for row, plaintext in whole],
        digests,
    )


def _fold_twins(digests: dict[UUID, bytes]) -> None:
    if pairs := store.twins(digests):
        golden.repoint(pairs)
        store.fold(pairs)


def _write(column: SealedColumn, rows: Sequence[Row], sealed: Sequence[bytes], digests: Sequence[bytes]) -> None:
    meta = column.model._meta
    types = [f"%b::{field.db_type(connection)}[]" for field in meta.pk_fields]
    names = [f"pk_{number}" for number in range(len(types))]
    same = " AND ".join(
        f'known."{field.column}" = new.{name}' for field, name in zip(meta.pk_fields, names, strict=True)
    )
    digest = f', "{column.digest}" = new.digest' if column.digest else ""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL onym.minimizing = 'on'")
        cursor.execute(
            f'UPDATE "{meta.db_table}" AS known SET "{column.column}" = new.sealed{digest} '
            f"FROM unnest({', '.join(types)}, %b::bytea[], %b::bytea[]) AS new ({', '.join(names)}, sealed, digest) "
            f"WHERE {same}",
            [*(list(values) for values in zip(*(row.pk for row in rows), strict=True)), list(sealed), list(digests)]
            if rows
            else [*([] for _ in types), [], []],
        )
