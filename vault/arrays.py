"""Long arrays for PostgreSQL, written in its binary format in one go: psycopg asks an encoder for each element.

As parameters where `%b` stands. An array of anything else is best left to psycopg.
"""

from collections.abc import Iterable
from struct import Struct
from typing import Any
from uuid import UUID

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

HEAD = Struct("!iiIii").pack
LENGTH = Struct("!i").pack
UUID_OID, BYTES_OID, TEXT_OID = 2950, 17, 25
UUIDS_OID, BYTE_ARRAY_OID, TEXTS_OID = 2951, 1001, 1009
SIXTEEN = LENGTH(16)


class Uuids(list[UUID]):
    """An array of UUIDs, none of them null."""


class ByteArray(list[bytes]):
    """An array of byte strings, none of them null."""


class Texts(list[str]):
    """An array of texts, none of them null."""


class _Dumper(Dumper):
    format = Format.BINARY
    element_oid: int

    def dump(self, obj: Any) -> bytes:
        if not obj:
            return HEAD(0, 0, self.element_oid, 0, 1)[:12]
        return HEAD(1, 0, self.element_oid, len(obj), 1) + b"".join(self.parts(obj))

    def parts(self, obj: Any) -> Iterable[bytes]:
        """Each element with its length before it."""
        raise NotImplementedError


class _Uuids(_Dumper):
    oid, element_oid = UUIDS_OID, UUID_OID

    def parts(self, obj: Uuids) -> Iterable[bytes]:
        return [SIXTEEN + one.int.to_bytes(16) for one in obj]


class _ByteArray(_Dumper):
    oid, element_oid = BYTE_ARRAY_OID, BYTES_OID

    def parts(self, obj: ByteArray) -> Iterable[bytes]:
        return [LENGTH(len(one)) + one for one in obj]


class _Texts(_Dumper):
    oid, element_oid = TEXTS_OID, TEXT_OID

    def parts(self, obj: Texts) -> Iterable[bytes]:
        # The same few names come again and again.
        written = {one: encoded(one) for one in set(obj)}
        return [written[one] for one in obj]


def encoded(text: str) -> bytes:
    """A text with its length before it."""
    content = text.encode()
    return LENGTH(len(content)) + content


for kind, dumper in ((Uuids, _Uuids), (ByteArray, _ByteArray), (Texts, _Texts)):
    psycopg.adapters.register_dumper(kind, dumper)
