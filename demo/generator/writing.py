"""From records to files: each source's lines, and the truth about every line that has a key."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from demo.generator.record import Message, Record, json_line


@dataclass(frozen=True, slots=True)
class Written:
    """What went into one source's file: lines, copies among them, and lines to be rejected by reason."""

    lines: int
    copies: int
    rejected: dict[str, int]


def write_source(path: Path, records: Iterable[Record], *, header: str | None, truth: TextIO) -> Written:
    """Write a source's file line by line, and the truth beside it."""
    source = path.stem
    lines = copies = 0
    rejected: Counter[str] = Counter()
    with path.open("w", encoding="utf-8", newline="\n") as file:
        if header:
            file.write(header + "\n")
        for record in records:
            file.write(record.line + "\n")
            lines += 1
            copies += record.key is None and record.rejected is None
            if record.rejected:
                rejected[record.rejected] += 1
            if record.key:
                truth.write(_truth_line(record, source=source) + "\n")
    return Written(lines, copies, dict(sorted(rejected.items())))


def _truth_line(record: Record, *, source: str) -> str:
    person = record.person
    truth: Message = {
        "source": source,
        "key": record.key,
        "person": person.person_id,
        "household": person.household.household_id,
    }
    if record.rejected:
        truth["rejected"] = record.rejected
    return json_line(truth)
