"""Trying another way to read a source: what would become of real rows, beside what becomes of them as it stands.

Nothing is stored. Real rows are those of a file that is read once, or what lies in the source's quarantine, opened
under a grant and noted in the audit log.
"""

import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO
from uuid import UUID

import orjson

from consent.decide import Refusal, decide
from pipeline.dry_run import EXAMPLES, Report, dry_run, dry_run_of
from pipeline.replay import read_held
from records import json_schema, mapping, quarantine
from records.envelope import Unreadable
from records.envelopes import cloudevents
from records.envelopes import rows as row_envelopes
from records.envelopes.again import believed
from records.models import QuarantinedRecord, Source
from records.quarantine import Held
from records.readers import NDJSON, Nature, examine
from vault.grants import Actor, Grant

PURPOSE = "security"
MOST_OF_QUARANTINE = 500
MOST_ROWS = 1_000
# Kept in memory, and only while it is read.
LARGEST_FILE = 2_621_440


class NotTriable(ValueError):
    """There is nothing to try it with, or it cannot be used; the message says why."""


@dataclass(frozen=True)
class Candidate:
    """Another mapping, and another contract where one is given."""

    mapping: Mapping[str, Any]
    mode: str | None = None
    schema: str | None = None

    def faults(self) -> list[str]:
        """What is wrong with it, a sentence each."""
        return [*mapping.faults(dict(self.mapping)), *(json_schema.faults(self.schema) if self.schema else [])]

    def of(self, source: Source) -> Source:
        """The source read by it; nothing of that is kept."""
        other = Source.objects.get(pk=source.pk)
        other.mapping = dict(self.mapping)
        other.contract_mode = other.contract_mode if self.mode is None else self.mode
        other.contract_schema = other.contract_schema if self.schema is None else self.schema
        return other


@dataclass(frozen=True)
class Comparison:
    """What becomes of the rows as the source stands, and what would become of them."""

    now: Report
    then: Report

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {"now": self.now.as_json(), "then": self.then.as_json()}


def with_file(source: Source, candidate: Candidate, file: BinaryIO, *, examples: int = EXAMPLES) -> Comparison:
    """Read this file in both ways. Raises `NotTriable`, and `records.readers.NotReadable`."""
    _must_be_usable(candidate)
    nature = examine(file, region=source.region)
    return _compare(source, candidate, file, nature, examples)


def with_rows(source: Source, candidate: Candidate, rows: Sequence[object], *, examples: int = EXAMPLES) -> Comparison:
    """Read these rows or messages in both ways. Raises `NotTriable`."""
    _must_be_usable(candidate)
    if not rows:
        raise NotTriable("give at least one row")
    if len(rows) > MOST_ROWS:
        raise NotTriable(f"give at most {MOST_ROWS:,} rows")
    try:
        lines = [orjson.dumps(row) for row in rows]
    except TypeError:
        raise NotTriable("a row holds text that is not Unicode, or a number beyond 64 bits") from None
    return _of_lines(source, candidate, lines, examples)


def with_quarantine(
    source: Source, candidate: Candidate, *, actor: Actor, now: datetime, examples: int = EXAMPLES
) -> Comparison:
    """Read what lies in the source's quarantine, the latest first, in both ways; each read is audited.

    Raises `NotTriable`.
    """
    _must_be_usable(candidate)
    found = quarantine.latest_of(
        source, most=MOST_OF_QUARANTINE, leave=lambda ids: _leave(source, ids, actor=actor, now=now)
    )
    if not found:
        raise NotTriable("nothing of this source lies in quarantine; choose a file")
    present, other = Source.objects.get(pk=source.pk), candidate.of(source)
    return Comparison(now=_read_all(found, present, examples), then=_read_all(found, other, examples))


def _read_all(found: Sequence[tuple[QuarantinedRecord, Held]], source: Source, examples: int) -> Report:
    """What becomes of these, each read as its door reads it and as a replay would."""
    read = [read_held(row, held, believed(source, held.way)) for row, held in found]
    return dry_run_of(source, read, [_columns(held) for _, held in found], examples=examples)


def _columns(held: Held) -> dict[str, object]:
    """What a mapping may name of it: of an event its data with its attributes beside them."""
    try:
        told = orjson.loads(held.body)
        if held.way.reader == cloudevents.READER and isinstance(told, dict):
            told = cloudevents.row_of(told)
    except (orjson.JSONDecodeError, Unreadable):
        return {}
    return row_envelopes.flatten(told) if isinstance(told, dict) else {}


def _leave(source: Source, ids: Collection[UUID], *, actor: Actor, now: datetime) -> Grant:
    answer = decide(ids, purpose=PURPOSE, at=now, actor=actor, reason=f"try a mapping of source {source.name}")
    if isinstance(answer, Refusal):
        raise NotTriable(f"opening the quarantine is refused for '{answer.purpose}': {answer.reason}")
    return answer


def _must_be_usable(candidate: Candidate) -> None:
    if wrong := candidate.faults():
        raise NotTriable(" ".join(wrong))


def _of_lines(source: Source, candidate: Candidate, lines: Sequence[bytes], examples: int) -> Comparison:
    text = b"\n".join(lines) + b"\n"
    nature = Nature(NDJSON, packed=False, encoding="utf-8", size=len(text), digest="")
    return _compare(source, candidate, io.BytesIO(text), nature, examples)


def _compare(
    source: Source,
    candidate: Candidate,
    file: BinaryIO,
    nature: Nature,
    examples: int,
) -> Comparison:
    """Whether a row came before is not asked: it is tried for how it reads, also where the file was loaded."""
    present, other = Source.objects.get(pk=source.pk), candidate.of(source)
    return Comparison(
        now=dry_run(present, file, nature, examples=examples, came_before=False),
        then=dry_run(other, file, nature, examples=examples, came_before=False),
    )
