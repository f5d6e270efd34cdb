"""Duplicates: each message of a source counts once."""

from collections.abc import Collection, Iterable
from datetime import datetime

from records.models import SeenMessage, Source
from vault.arrays import ByteArray
from vault.blind import blind_index, blind_indexes
from vault.cursors import planned_cursor

SEE = """
INSERT INTO records_seenmessage (source_id, message_hash, received_at)
SELECT %b, message_hash, %b FROM unnest(%b::bytea[]) AS message_hash
ON CONFLICT DO NOTHING
RETURNING message_hash
"""


def keyed(content_hash: bytes) -> bytes:
    """The hash under which a message is remembered: keyed, so that nobody can guess message ids against it."""
    return blind_index("message", content_hash.hex())


def keyed_each(content_hashes: Iterable[bytes]) -> list[bytes]:
    """The same of each of these, in order."""
    return blind_indexes("message", (hash.hex() for hash in content_hashes))


def first_seen(source: Source, message_hashes: Collection[bytes], *, now: datetime) -> set[bytes]:
    """Those of these messages that this source has not sent before; from now on it has.

    Runs inside the caller's transaction: when that fails, the messages count as not yet seen.
    """
    with planned_cursor() as cursor:
        cursor.execute(SEE, [source.id, now, ByteArray(sorted(set(message_hashes)))])
        return {hash for (hash,) in cursor.fetchall()}


def known(source: Source, message_hashes: Collection[bytes]) -> set[bytes]:
    """Those of these messages that this source has sent before. Changes nothing."""
    found = SeenMessage.objects.filter(source=source, message_hash__in=set(message_hashes))
    return {bytes(hash) for hash in found.values_list("message_hash", flat=True)}
