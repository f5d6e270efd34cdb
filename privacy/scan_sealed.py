"""Every sealed field, opened: the annotations say which they are, and under whose key each stands."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import Model

from privacy.scans import SEALED_FIELD, Scanned
from privacy.search import Search
from privacy.upload_texts import texts_of
from records import uploads
from vault.annotations import SEALED, Table, tables
from vault.grants import Grant
from vault.sealing import Place, Sealed, open_what_opens

KEYS_AT_A_TIME = 2_000
# A file is searched by its text: its pieces break words, and it may be packed or in another encoding.
PIECES = "records.UploadChunk"
# What is searched for stands sealed in the cases of erasures: to open it would find nothing but itself.
CASES = "privacy.ErasureCase"


def scan_sealed(search: Search, *, leave: Callable[[Collection[UUID]], Grant]) -> Iterator[Scanned]:
    """Open and search every sealed column, people by people, under the leave that the caller gives for each batch."""
    for table in (one for one in tables() if one.model not in (CASES, PIECES)):
        for column in (name for name, sensitivity in table.fields.items() if sensitivity == SEALED):
            yield _scan(search, table, column, leave)
    yield _scan_uploads(search, leave)


def _scan_uploads(search: Search, leave: Callable[[Collection[UUID]], Grant]) -> Scanned:
    parts, size, bearing = 0, 0, 0
    loads = uploads.lying()
    for load in loads:
        of_this = 0
        for texts in texts_of(load, leave=partial(leave, [load.pk])):
            parts += len(texts)
            size += sum(map(len, texts))
            of_this += len(search.bearing(texts))
        bearing += of_this
    return Scanned(SEALED_FIELD, "records_uploadchunk.sealed, by its text", parts=parts, bytes=size, values=bearing)


def _scan(search: Search, table: Table, column: str, leave: Callable[[Collection[UUID]], Grant]) -> Scanned:
    model: type[Model] = apps.get_model(table.model)
    values, parts, size, unopened = 0, 0, 0, 0
    for batch in _batches(model, key=key_path(table), column=column):
        opened = open_what_opens(batch, leave({item.key_id for item in batch}), action="prove an erasure")
        of_one: dict[UUID, list[bytes]] = defaultdict(list)
        for item, text in zip(batch, opened, strict=True):
            if text is None:
                unopened += 1
            else:
                of_one[item.key_id].append(text)
        # Names and addresses count together, so what stands under one key is searched as one.
        texts = [b"\n".join(fields) for fields in of_one.values()]
        values += len(search.bearing(texts))
        parts += len(batch)
        size += sum(map(len, texts))
    return Scanned(
        SEALED_FIELD,
        f"{model._meta.db_table}.{column}",
        parts=parts,
        bytes=size,
        values=values,
        unopened=unopened,
        kept=table.kept_because,
    )


def key_path(table: Table) -> str:
    """The path to the id under whose key sealed fields stand: as annotated, else the source profile or the row."""
    if table.sealed_under:
        return table.sealed_under
    if table.subject and table.via == "source_profile":
        return table.subject
    return "pk"


def _batches(model: type[Model], *, key: str, column: str) -> Iterator[list[Sealed]]:
    """The sealed values of a column, all of one key in one batch, in the order of the keys."""
    rows: Any = model._default_manager.filter(**{f"{column}__isnull": False, f"{key}__isnull": False})
    row_id = "id" if any(field.name == "id" for field in model._meta.concrete_fields) else "pk"
    last = UUID(int=0)
    while keys := list(
        rows.filter(**{f"{key}__gt": last}).order_by(key).values_list(key, flat=True).distinct()[:KEYS_AT_A_TIME]
    ):
        last = keys[-1]
        found = rows.filter(**{f"{key}__in": keys}).order_by(key).values_list(key, row_id, column)
        yield [
            Sealed(key_id, Place(model._meta.db_table, column, row), sealed)
            for key_id, row, sealed in found.iterator(chunk_size=10_000)
        ]
