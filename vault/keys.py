"""Data keys: made and committed before what they seal, fetched to seal, destroyed to erase."""

from collections.abc import Collection, Iterable, Mapping, Set
from datetime import datetime
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connections, router

from vault.arrays import ByteArray, Uuids
from vault.cursors import planned_cursor
from vault.ids import in_order
from vault.key_encryption import key_encryption_key
from vault.models import DataKey
from vault.rotation_lock import hold_off


class KeyMissing(LookupError):
    """A data key is not in the key store: it was destroyed, or it was never made."""


def new_key() -> bytes:
    """256 random bits."""
    return AESGCM.generate_key(256)


def make(ids: Iterable[UUID]) -> dict[UUID, bytes]:
    """New data keys, committed to the key store before anything is sealed with them.

    Safe to repeat: an id that has a key keeps it, and that key is returned.
    """
    hold_off()
    return _make(ids)


def _make(ids: Iterable[UUID]) -> dict[UUID, bytes]:
    fresh = {id: new_key() for id in in_order(ids)}
    if not fresh:
        return {}
    made = _insert(fresh)
    return made if len(made) == len(fresh) else fetch(fresh)


INSERT = """
INSERT INTO vault_datakey (id, wrapped, kek_version, created_at)
SELECT id, wrapped, %b, now() FROM unnest(%b::uuid[], %b::bytea[]) AS new (id, wrapped)
ON CONFLICT DO NOTHING RETURNING id
"""


def _insert(fresh: Mapping[UUID, bytes]) -> dict[UUID, bytes]:
    """Those of these keys that are kept from now on: where there is one already, it stays."""
    kek = key_encryption_key()
    wrapped = [kek.wrap(key, context=id.bytes) for id, key in fresh.items()]
    with planned_cursor(router.db_for_write(DataKey)) as cursor:
        cursor.execute(INSERT, [kek.version, Uuids(fresh), ByteArray(wrapped)])
        return {id: fresh[id] for (id,) in cursor.fetchall()}


def fetch_or_make(ids: Collection[UUID], *, new: Set[UUID] = frozenset()) -> dict[UUID, bytes]:
    """The data keys of these ids to seal with; one that has none yet (nothing was sealed for it so far) gets one.

    For those that are `new` none is looked for.
    """
    hold_off()
    asked = [id for id in ids if id not in new]
    found = _read(asked) if asked else {}
    return found | _make([id for id in ids if id not in found])


def fetch_to_seal(ids: Collection[UUID]) -> dict[UUID, bytes]:
    """The same as `fetch`, for sealing: no rotation changes these keys before the caller's transaction ends."""
    hold_off()
    return fetch(ids)


def fetch(ids: Collection[UUID]) -> dict[UUID, bytes]:
    """The data keys of these ids, unwrapped; raises `KeyMissing` when one has none."""
    found = _read(ids)
    if len(found) < len(set(ids)):
        raise KeyMissing(f"{len(set(ids)) - len(found)} of {len(set(ids))} data keys are not in the key store")
    return found


def fetch_present(ids: Collection[UUID]) -> dict[UUID, bytes]:
    """The data keys that there are, unwrapped; those that are gone or damaged are left out.

    Raises `cryptography.exceptions.InvalidTag` when there are some and not one of them can be unwrapped: then it is
    the key-encryption key that is wrong.
    """
    kek, found, damaged = key_encryption_key(), {}, False
    for id, wrapped, version in _wrapped(ids):
        try:
            found[id] = kek.unwrap(wrapped, context=id.bytes, version=version)
        except InvalidTag:
            damaged = True
    if damaged and not found:
        raise InvalidTag
    return found


def renew(fresh: Mapping[UUID, bytes], *, at: datetime) -> None:
    """Give these ids these keys; the ones that they had stay beside them until `forget_previous`."""
    kek, before = key_encryption_key(), _read(fresh.keys())
    rows = [(id, kek.wrap(fresh[id], context=id.bytes), kek.wrap(old, context=id.bytes)) for id, old in before.items()]
    if rows:
        with connections[router.db_for_write(DataKey)].cursor() as cursor:
            cursor.execute(RENEW, [kek.version, at, *(list(column) for column in zip(*rows, strict=True))])


RENEW = """
UPDATE vault_datakey AS known SET wrapped = new.wrapped, previous = new.previous, kek_version = %b, renewed_at = %b
FROM unnest(%b::uuid[], %b::bytea[], %b::bytea[]) AS new (id, wrapped, previous) WHERE known.id = new.id
"""


def forget_previous(ids: Collection[UUID]) -> None:
    """Destroy the keys that these ids had before; what was sealed under them alone can never be opened again."""
    DataKey.objects.filter(id__in=ids).update(previous=None)


def destroy(ids: Collection[UUID]) -> int:
    """Delete these data keys; what they sealed can never be opened again. Returns how many there were."""
    with connections[router.db_for_write(DataKey)].cursor() as cursor:
        cursor.execute("DELETE FROM vault_datakey WHERE id = ANY(%s)", [list(ids)])
        return int(cursor.rowcount)


def fetch_previous(ids: Collection[UUID]) -> dict[UUID, bytes]:
    """The keys that these ids had before, as far as their rotation has not ended: what it has not reached yet."""
    kek = key_encryption_key()
    rows = _wrapped(ids, PREVIOUS)
    return {id: kek.unwrap(wrapped, context=id.bytes, version=version) for id, wrapped, version in rows}


def _read(ids: Collection[UUID]) -> dict[UUID, bytes]:
    kek = key_encryption_key()
    return {id: kek.unwrap(wrapped, context=id.bytes, version=version) for id, wrapped, version in _wrapped(ids)}


CURRENT = "SELECT id, wrapped, kek_version FROM vault_datakey WHERE id = ANY(%b::uuid[])"
PREVIOUS = "SELECT id, previous, kek_version FROM vault_datakey WHERE id = ANY(%b::uuid[]) AND previous IS NOT NULL"


def _wrapped(ids: Collection[UUID], statement: str = CURRENT) -> list[tuple[UUID, bytes, int]]:
    with planned_cursor(router.db_for_read(DataKey)) as cursor:
        cursor.execute(statement, [Uuids(ids)])
        return [(id, bytes(wrapped), version) for id, wrapped, version in cursor.fetchall()]
