"""Taking: what a consumer has fetched becomes durable, each source's messages in a transaction of their own.

Whoever fetched may acknowledge once `take` has returned. Messages of no known source, or of one that is switched off,
leave nothing but their number.
"""

import itertools
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog
from django.db import DataError

from pipeline.accept import Acceptance, accept
from records.envelope import Envelope, Reject, Unreadable, message_hash
from records.envelopes.streamed import Reader
from records.models import Source

log = structlog.get_logger()

# What says that a message itself cannot be stored, whatever is tried; all else may pass.
HOPELESS = (DataError, ValueError, TypeError, ArithmeticError, KeyError, IndexError, RecursionError)
# How many rows share a transaction at most.
MOST = 2_000


class Readable(Protocol):
    """A fetched message, which knows how to become envelopes, or the reject that says why it cannot."""

    def read(self, reader: Reader) -> list[Envelope | Reject]: ...

    def refused(self, error: Unreadable) -> Reject: ...


@dataclass(frozen=True, slots=True)
class Fetched:
    """A message and the name of the source that it came for; empty when it names none."""

    source: str
    message: Readable


@dataclass(frozen=True)
class Taken:
    """What became of fetched messages; those of no enabled source are counted and gone."""

    acceptance: Acceptance = field(default_factory=Acceptance)
    homeless: int = 0

    def __add__(self, other: "Taken") -> "Taken":
        return Taken(self.acceptance + other.acceptance, self.homeless + other.homeless)


def take(fetched: Sequence[Fetched], *, door: str, now: datetime, before: Callable[[], None] = lambda: None) -> Taken:
    """Make these messages durable; safe to repeat. Raises what the database raises while it is away.

    `before` is called when some of a source have been read, before they are taken in.
    """
    by_source: dict[str, list[Readable]] = defaultdict(list)
    for one in fetched:
        by_source[one.source].append(one.message)
    sources = {source.name: source for source in Source.objects.filter(name__in=sorted(by_source), enabled=True)}
    taken = Taken()
    for name in sorted(by_source):
        if name in sources:
            taken += Taken(_take_in(sources[name], by_source[name], door, now, before))
        else:
            taken += Taken(homeless=len(by_source[name]))
    return taken


def _take_in(
    source: Source, messages: Sequence[Readable], door: str, now: datetime, before: Callable[[], None]
) -> Acceptance:
    reader, taken = Reader(source, now), Acceptance()
    items = itertools.chain.from_iterable(_read(message, reader) for message in messages)
    while batch := list(itertools.islice(items, MOST)):
        before()
        taken += _take_batch(source, batch, door, now)
    return taken


def _read(message: Readable, reader: Reader) -> list[Envelope | Reject]:
    """What the message says; of one that nobody foresaw, that it cannot be read, so that it holds up no other."""
    try:
        return message.read(reader)
    except HOPELESS as error:
        name = type(error).__name__
        log.error("a message cannot be read and is quarantined", error=name)
        return [message.refused(Unreadable("unreadable", "", f"The message could not be read: {name}."))]


def _take_batch(source: Source, items: Sequence[Envelope | Reject], door: str, now: datetime) -> Acceptance:
    try:
        return _counted(accept(source, items, door=door, now=now))
    except HOPELESS as error:
        log.warning("a batch cannot be stored; its records are tried one by one", error=type(error).__name__)
        return sum((_take_one(source, item, door, now) for item in items), Acceptance())


def _take_one(source: Source, item: Envelope | Reject, door: str, now: datetime) -> Acceptance:
    """Take in one record; one that cannot be stored is quarantined without its body, which is what could not be."""
    try:
        return _counted(accept(source, [item], door=door, now=now))
    except HOPELESS as error:
        log.error("a record cannot be stored and is quarantined", error=type(error).__name__)
        reject = Reject(
            position=item.position,
            code="unstorable",
            field="",
            message=f"The record could not be stored: {type(error).__name__}.",
            body=None,
            size=0,
            message_hash=message_hash(b"unstorable" + item.message_hash),
        )
        return _counted(accept(source, [reject], door=door, now=now))


def _counted(acceptance: Acceptance) -> Acceptance:
    """The numbers alone: nobody waits for the rejects, which are in the quarantine."""
    return Acceptance(acceptance.stored, acceptance.duplicate, acceptance.quarantined, acceptance.refused)
