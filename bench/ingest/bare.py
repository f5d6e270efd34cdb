"""The least that taking in a message can cost: a script that parses, hashes, seals, drops duplicates and copies.

No HTTP, no consent, no keys of people, no identifiers, no queue: what the front door costs beside these is the rest.
"""

import hmac
import os
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection, transaction
from django.utils import timezone
from psycopg.types.json import Jsonb

from records.store import RECORD_COLUMNS
from vault.cursors import copy_rows
from vault.ids import new_id

NONCE_BYTES = 12
NEW = """
INSERT INTO records_seenmessage (source_id, message_hash, received_at)
SELECT %s, hash, %s FROM unnest(%s::bytea[]) AS hash ON CONFLICT DO NOTHING RETURNING message_hash
"""


def take_in(bodies: Sequence[bytes], source: UUID, source_profile: UUID) -> float:
    """Take in these batches, a transaction for each, all for one person. Returns the seconds."""
    key, cipher = os.urandom(32), AESGCM(os.urandom(32))
    began = time.perf_counter()
    for body in bodies:
        now = timezone.now()
        rows = {row[4]: row for row in _rows(orjson.loads(body)["batch"], key, cipher, source, source_profile, now)}
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(NEW, [source, now, [*rows]])
                fresh = [rows[bytes(hash)] for (hash,) in cursor.fetchall()]
            copy_rows("records_record", RECORD_COLUMNS, fresh)
    return time.perf_counter() - began


def _rows(
    messages: Sequence[dict[str, Any]], key: bytes, cipher: AESGCM, source: UUID, source_profile: UUID, now: datetime
) -> Iterator[tuple[Any, ...]]:
    for message in messages:
        nonce, person = os.urandom(NONCE_BYTES), hmac.digest(key, message["userId"].encode(), "sha256")
        told = orjson.dumps([message.get("traits"), message["context"]])
        yield (
            new_id(),
            now,
            source,
            source_profile,
            hmac.digest(key, message["messageId"].encode(), "sha256"),
            message["type"],
            message.get("event", ""),
            datetime.fromisoformat(message["timestamp"]),
            Jsonb(message.get("properties", {}), dumps=orjson.dumps),
            nonce + cipher.encrypt(nonce, told, person),
            [],
            None,
            1,
        )
