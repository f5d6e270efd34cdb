"""The erasure ledger: a signed, hash-chained, append-only file outside both databases, of every erasure done.

A backup of the database that is older than an erasure knows nothing of it; this file does. It holds ids, keyed hashes
and never a value of a person. One JSON object a line: each names the hash of the line before and is signed with the
installation's Ed25519 key, so an edited, deleted or reordered line is found; a line missing at the end is found by the
database, which remembers the head (`privacy.epoch`).
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from outbox import signing
from privacy.suppression_hashes import Hash

# An act lifts what bars its person, or of somebody else's erasure no more than the address that they share.
ERASED, LIFTED, ADDRESS_LIFTED = "erased", "lifted", "address lifted"
GENESIS = bytes(32)


class LedgerBroken(RuntimeError):
    """The ledger is not what was written; the message says where, and what to do."""


@dataclass(frozen=True)
class News:
    """What goes on the ledger: an erasure with all that repeats it, or the lifting of a suppression."""

    kind: str
    request: UUID
    profiles: tuple[UUID, ...] = ()
    source_profiles: tuple[UUID, ...] = ()
    hashes: tuple[Hash, ...] = ()
    # Namespace and blind index of what was this person's alone: finds what a backup knew of them and we no longer did.
    pairs: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True)
class Head:
    """How many entries there are, and the hash of the last."""

    sequence: int
    hash: bytes


@dataclass(frozen=True)
class Entry:
    """One line of the ledger."""

    head: Head
    at: datetime
    news: News
    signed: bytes = field(repr=False, default=b"")
    signature: bytes = field(repr=False, default=b"")


def append(news: News, *, now: datetime) -> Entry:
    """Write this to the ledger and to the disk. One process at a time; a write that fails leaves no trace."""
    with _opened() as file:
        text = _whole_lines(file)
        before = _head_of(text)
        content = _content(news, before, now)
        signed = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
        line = json.dumps({"entry": content, "signature": signing.sign(signed).hex()}, separators=(",", ":"))
        _write(file, len(text), line.encode() + b"\n")
        return _entry(line.encode())


def head() -> Head:
    """The head of the ledger; zero and no hash while nobody was erased. Reads the last line only."""
    try:
        with path().open("rb") as file:
            return _head_of(_tail(file))
    except FileNotFoundError:
        return Head(0, GENESIS)


def entries(*, after: int = 0) -> list[Entry]:
    """The entries after that number, once the whole ledger has been verified. Raises `LedgerBroken`."""
    try:
        lines = path().read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return []
    found, before = [], Head(0, GENESIS)
    for number, line in enumerate(lines, 1):
        entry = _verified(line, number, before)
        before = entry.head
        if number > after:
            found.append(entry)
    return found


def hash_at(sequence: int) -> bytes | None:
    """The hash of that entry; None when the ledger is shorter. Raises `LedgerBroken`."""
    if sequence == 0:
        return GENESIS
    following = entries(after=sequence - 1)
    return following[0].head.hash if following else None


def path() -> Path:
    """Where the ledger lies."""
    return Path(settings.ERASURE_LEDGER)


@contextmanager
def _opened() -> Iterator[int]:
    """The ledger, locked for this process alone; made when it is not there."""
    path().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = not path().exists()
    file = os.open(path(), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        if new:
            _sync_folder()
        yield file
    finally:
        os.close(file)


def _sync_folder() -> None:
    folder = os.open(path().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _whole_lines(file: int) -> bytes:
    """What the ledger holds, without half a line that a crash left at its end: nobody relied on it."""
    text = os.pread(file, os.fstat(file).st_size, 0)
    return text[: text.rfind(b"\n") + 1]


def _write(file: int, at: int, line: bytes) -> None:
    try:
        written = os.pwrite(file, line, at)
        if written != len(line):
            raise OSError("the disk is full: the erasure ledger could not be written")
        os.ftruncate(file, at + len(line))
        os.fsync(file)
    except BaseException:
        os.ftruncate(file, at)
        raise


def _tail(file: Any) -> bytes:
    """The last whole line, read from the end."""
    size, reach = file.seek(0, os.SEEK_END), 4096
    while True:
        start = max(0, size - reach)
        file.seek(start)
        text: bytes = file.read(size - start)
        text = text[: text.rfind(b"\n") + 1]
        if start == 0 or text[:-1].count(b"\n") > 0:
            return text
        reach *= 8


def _head_of(text: bytes) -> Head:
    if not text:
        return Head(0, GENESIS)
    return _entry(text[:-1].rpartition(b"\n")[2]).head


def _content(news: News, before: Head, now: datetime) -> dict[str, Any]:
    return {
        "sequence": before.sequence + 1,
        "before": before.hash.hex(),
        "at": now.isoformat(),
        "kind": news.kind,
        "request": str(news.request),
        "profiles": [str(id) for id in news.profiles],
        "source_profiles": [str(id) for id in news.source_profiles],
        "hashes": [[one.version, one.kind, one.hash.hex()] for one in news.hashes],
        "pairs": [[namespace, index.hex()] for namespace, index in news.pairs],
    }


def _entry(line: bytes) -> Entry:
    try:
        read = json.loads(line)
        content = read["entry"]
        return Entry(
            head=Head(int(content["sequence"]), hashlib.sha256(line).digest()),
            at=datetime.fromisoformat(content["at"]),
            news=News(
                kind=content["kind"],
                request=UUID(content["request"]),
                profiles=tuple(UUID(id) for id in content["profiles"]),
                source_profiles=tuple(UUID(id) for id in content["source_profiles"]),
                hashes=tuple(Hash(version, kind, bytes.fromhex(hex)) for version, kind, hex in content["hashes"]),
                pairs=tuple((namespace, bytes.fromhex(hex)) for namespace, hex in content["pairs"]),
            ),
            signed=json.dumps(content, sort_keys=True, separators=(",", ":")).encode(),
            signature=bytes.fromhex(read["signature"]),
        )
    except (ValueError, KeyError, TypeError):
        raise LedgerBroken(f"a line of {path()} cannot be read; put back its last sound copy") from None


def _verified(line: bytes, number: int, before: Head) -> Entry:
    """The entry, if it is the next and this installation signed it."""
    entry = _entry(line)
    if entry.head.sequence != number or json.loads(line)["entry"]["before"] != before.hash.hex():
        raise LedgerBroken(f"entry {number} of {path()} does not follow the one before; put back its last sound copy")
    if not signing.verify(entry.signed, entry.signature):
        raise LedgerBroken(f"this installation did not sign entry {number} of {path()}; put back its own ledger")
    return entry
