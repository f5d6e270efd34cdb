"""Dry run: what would become of a file's rows. Reads, maps and standardizes all of them, and stores nothing.

What it tells holds counts, the names of columns, and a few masked examples, so that it can be shown and kept.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO

from django.utils import timezone

from access.masking import mask, mask_addresses
from pipeline.accept import Acceptance
from pipeline.copies import Copies
from pipeline.files import Envelopes, Progress, batches, measure_of, no_progress
from records import dedupe
from records.contracts import Contract, contract_of
from records.envelope import Envelope, Reject
from records.envelopes import rows
from records.models import BLOCK, DISCOVER, SEGMENT, STRICT, Source
from records.readers import NDJSON, Nature, NotReadable, columns_of, rows_of

EXAMPLES = 5
MOST_COLUMNS, MOST_FAULTS, MOST_FLAGS = 200, 100, 50
LONGEST_NAME = 80
UNDECLARED = {
    STRICT: "",
    DISCOVER: "undeclared: kept sealed, listed for approval",
    BLOCK: "undeclared: blocks the record",
}


@dataclass
class Fault:
    """Rows that would be quarantined for one reason and field, and the line of the first."""

    reason: str
    field: str
    message: str
    rows: int
    first_line: int


@dataclass
class Column:
    """A column of the file, what its source makes of it (empty: it is dropped), and in how many rows it is filled."""

    name: str
    becomes: str
    filled: int


@dataclass
class Report:
    """What would become of the rows of a file."""

    rows: int = 0
    new: int = 0
    duplicate: int = 0
    quarantined: int = 0
    faults: list[Fault] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    flags: dict[str, int] = field(default_factory=dict)
    examples: list[dict[str, str]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)


def dry_run(
    source: Source,
    file: BinaryIO,
    nature: Nature,
    *,
    examples: int = EXAMPLES,
    came_before: bool = True,
    on_progress: Callable[[Progress], None] = no_progress,
) -> Report:
    """Read the file to its end and tell what would become of it, with so many examples.

    What was taken in or refused before counts as duplicate; without `came_before` it counts as what it is.
    Raises `records.readers.NotReadable`. Whether consent allows to keep a row is asked only when it is taken in.
    """
    tally = _Tally(source, examples, came_before)
    report, filled = tally.report, Counter[str]()
    measure = measure_of(file, nature)
    items = rows_of(file, nature, most=source.max_record_bytes)
    with closing(Envelopes(source)) as envelopes, closing(Copies()) as seen:
        for batch in batches(items):
            now = timezone.now()
            for item in batch:
                if not isinstance(item, Reject):
                    _count_filled(item[1] if source.format == SEGMENT else rows.flatten(item[1]), filled)
            tally.add([envelopes.read(item, now) for item in batch], seen)
            on_progress(Progress(Acceptance(), report.rows, measure.read(items.position), measure.total))
        if source.format != SEGMENT:
            names = _names(file, nature, filled)
            mapping = envelopes.mapping_for(dict.fromkeys(names))
            report.columns, missing = _columns(source, mapping, names, filled)
            report.missing = [] if nature.format == NDJSON and not filled else missing
    return tally.whole()


def dry_run_of(
    source: Source,
    read: Sequence[Envelope | Reject],
    columns: Sequence[Mapping[str, object]],
    *,
    examples: int = EXAMPLES,
) -> Report:
    """What would become of records that were read already, whose columns are these; whether they came before is not
    asked."""
    tally, filled = _Tally(source, examples, came_before=False), Counter[str]()
    for row in columns:
        _count_filled(row, filled)
    with closing(Copies()) as seen:
        tally.add(read, seen)
    if source.format != SEGMENT and filled:
        names = list(filled)[:MOST_COLUMNS]
        mapping = rows.mapping_for(source, tuple(names))
        tally.report.columns, tally.report.missing = _columns(source, mapping, names, filled)
    return tally.whole()


@dataclass
class _Tally:
    """What is counted of one source's rows."""

    source: Source
    examples: int
    came_before: bool
    report: Report = field(default_factory=Report)
    flags: Counter[str] = field(default_factory=Counter)
    faults: dict[tuple[str, str], Fault] = field(default_factory=dict)

    def add(self, read: Sequence[Envelope | Reject], seen: Copies) -> None:
        report = self.report
        report.rows += len(read)
        for item in _fresh(self.source, read, seen, report, came_before=self.came_before):
            if isinstance(item, Reject):
                _count_fault(item, self.faults)
                report.quarantined += 1
            else:
                report.new += 1
                self.flags.update(item.flags)
                if len(report.examples) < self.examples:
                    report.examples.append(_masked(item))

    def whole(self) -> Report:
        self.report.faults = sorted(self.faults.values(), key=lambda fault: -fault.rows)
        self.report.flags = dict(self.flags.most_common(MOST_FLAGS))
        return self.report


def _fresh(
    source: Source, items: Sequence[Envelope | Reject], seen: Copies, report: Report, *, came_before: bool
) -> Iterator[Envelope | Reject]:
    """Those that are not duplicates, of what was taken in before or of what stands further up in the file."""
    hashes = [dedupe.keyed(item.message_hash) for item in items]
    known = dedupe.known(source, hashes) if came_before else set()
    for item, hash in zip(items, hashes, strict=True):
        if seen.before(hash) or hash in known:
            report.duplicate += 1
        else:
            yield item


def _count_filled(row: Mapping[str, object], filled: Counter[str]) -> None:
    for name, value in row.items():
        if value not in (None, "") and (name in filled or len(filled) < MOST_COLUMNS):
            filled[name] += 1


def _count_fault(reject: Reject, faults: dict[tuple[str, str], Fault]) -> None:
    key = (reject.code, reject.field)
    if key in faults:
        faults[key].rows += 1
    elif len(faults) < MOST_FAULTS:
        told = _name(reject.field)
        faults[key] = Fault(reject.code, told, mask_addresses(reject.message), 1, reject.position)


def _masked(item: Envelope) -> dict[str, str]:
    return {name: mask(name, value) for name, value in item.fields.items()}


def _names(file: BinaryIO, nature: Nature, filled: Counter[str]) -> list[str]:
    """The columns that the file names, and those that its rows have."""
    try:
        named = columns_of(file, nature)
    except NotReadable:
        named = []
    return [*named, *(name for name in filled if name not in named)][:MOST_COLUMNS]


def _columns(
    source: Source, mapping: rows.RowMapping, names: Sequence[str], filled: Counter[str]
) -> tuple[list[Column], list[str]]:
    """Each of these columns and what becomes of it; and the columns that the mapping names and that are not there."""
    contract = contract_of(source)
    becomes = {name: what for name in names if name and (what := _becomes(name, mapping, contract))}
    otherwise = UNDECLARED[source.contract_mode]
    # Where not one column is known, the first line may be somebody's data instead of names.
    told = [_name(name) if becomes else f"column {place}" for place, name in enumerate(names, 1)]
    columns = [
        Column(name, becomes.get(real, otherwise), filled[real]) for name, real in zip(told, names, strict=True) if real
    ]
    wanted = [*mapping.fields, *mapping.properties, *mapping.consents, *mapping.message_id, mapping.occurred_at]
    return columns, [_name(name) for name in dict.fromkeys(wanted) if name and name not in names]


def _becomes(column: str, mapping: rows.RowMapping, contract: Contract | None) -> str:
    uses = []
    if column in mapping.fields:
        uses.append(mapping.fields[column])
    if column in mapping.properties:
        uses.append(f"property ({mapping.properties[column]})")
    if consent := mapping.consents.get(column):
        uses.append(f"consent: {consent['purpose']} {consent.get('channel', '')}".strip())
    if column in mapping.message_id:
        uses.append("message id")
    others = {
        mapping.occurred_at: "time",
        mapping.kind_column: "kind",
        mapping.event_column: "event",
        mapping.region_column: "region",
    }
    uses += [others[column]] if column in others else []
    if uses or contract is None:
        return ", ".join(uses)
    return "checked by the schema, not kept" if contract.shape.declares(column) else ""


def _name(column: str) -> str:
    return mask_addresses(column)[:LONGEST_NAME]
