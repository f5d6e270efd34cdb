"""Dry run: what would become of a file's rows. Reads, maps and standardizes all of them, and stores nothing.

What it tells holds counts, the names of columns, and a few masked examples, so that it can be shown and kept.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
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
from records.readers import NDJSON, Nature, NotReadable, Row, columns_of, rows_of

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
    report, filled, flags = Report(), Counter[str](), Counter[str]()
    faults: dict[tuple[str, str], Fault] = {}
    measure = measure_of(file, nature)
    items = rows_of(file, nature, most=source.max_record_bytes)
    with closing(Envelopes(source)) as envelopes, closing(Copies()) as seen:
        for batch in batches(items):
            now = timezone.now()
            _count_filled(batch, filled, flat=source.format != SEGMENT)
            read = [envelopes.read(item, now) for item in batch]
            report.rows += len(read)
            for item in _fresh(source, read, seen, report, came_before=came_before):
                if isinstance(item, Reject):
                    _count_fault(item, faults)
                    report.quarantined += 1
                else:
                    report.new += 1
                    flags.update(item.flags)
                    if len(report.examples) < examples:
                        report.examples.append(_masked(item))
            on_progress(Progress(Acceptance(), report.rows, measure.read(items.position), measure.total))
        report.columns, report.missing = _columns(source, envelopes, file, nature, filled)
    report.faults = sorted(faults.values(), key=lambda fault: -fault.rows)
    report.flags = dict(flags.most_common(MOST_FLAGS))
    return report


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


def _count_filled(batch: Sequence[Row | Reject], filled: Counter[str], *, flat: bool) -> None:
    for item in batch:
        if not isinstance(item, Reject):
            row = rows.flatten(item[1]) if flat else item[1]
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


def _columns(
    source: Source, envelopes: Envelopes, file: BinaryIO, nature: Nature, filled: Counter[str]
) -> tuple[list[Column], list[str]]:
    """Each column of the file and what becomes of it; and the columns that the mapping names and the file lacks."""
    if source.format == SEGMENT:
        return [], []
    try:
        named = columns_of(file, nature)
    except NotReadable:
        named = []
    names = [*named, *(name for name in filled if name not in named)][:MOST_COLUMNS]
    mapping = envelopes.mapping_for(dict.fromkeys(names))
    contract = contract_of(source)
    becomes = {name: what for name in names if name and (what := _becomes(name, mapping, contract))}
    otherwise = UNDECLARED[source.contract_mode]
    # Where not one column is known, the first line may be somebody's data instead of names.
    told = [_name(name) if becomes else f"column {place}" for place, name in enumerate(names, 1)]
    columns = [
        Column(name, becomes.get(real, otherwise), filled[real]) for name, real in zip(told, names, strict=True) if real
    ]
    wanted = [*mapping.fields, *mapping.properties, *mapping.consents, *mapping.message_id, mapping.occurred_at]
    missing = [] if nature.format == NDJSON and not filled else [name for name in dict.fromkeys(wanted) if name]
    return columns, [_name(name) for name in missing if name not in names]


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
