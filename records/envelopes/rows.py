"""Rows: a line of a CSV file or a JSON object, read by its source's mapping, or by its column names without one."""

from collections.abc import Collection, Mapping, Set
from datetime import datetime
from typing import Any

from msgspec import Struct
from phonenumbers import SUPPORTED_REGIONS

from records import properties, quality
from records.cleaning import clean
from records.contracts import Contract, contract_of, names_in, texts_in
from records.dictionary import IDENTIFIERS, letters, recognize
from records.envelope import Envelope, Reject, Said, Unreadable, Way, as_json, message_hash
from records.models import IOT, Source
from records.priced import with_currencies
from records.shown_names import shown
from records.special_categories import keep_out, keep_out_name
from records.standardize import Absurd, Setting, instant
from records.yes_no import EXAMPLES, yes_or_no

READER = "row"
# What columns are called that hold when it happened, and which message it is; in their letters, the likeliest first.
TIMES = ("occurredat", "timestamp", "at", "time", "date", "soldat", "updatedat", "createdat")
MESSAGE_IDS = ("messageid", "eventid", "receiptid", "transactionid", "orderid")
PROPERTIES = {letters(name): kind for name, kind in properties.COMMERCE.items()}
LONGEST_KIND, LONGEST_EVENT = 16, 120
DEEPEST = 10
# A record says so that holds fields which its source has not declared.
DISCOVERED = "discovered"


class RowMapping(Struct, frozen=True):
    """How the columns of a source are to be read; dotted names reach into nested objects."""

    kind: str
    kind_column: str
    event: str
    message_id: tuple[str, ...]
    occurred_at: str
    amount: str
    fields: Mapping[str, str]
    properties: Mapping[str, str]
    consents: Mapping[str, Mapping[str, Any]]
    date_order: str | None
    opens_episode: str
    region_column: str
    event_column: str


def mapping_for(source: Source, columns: tuple[str, ...]) -> RowMapping:
    """The source's own mapping, with what the column names say where it has none, or asks for that."""
    declared = _completed(source.mapping, columns, source.kind) if by_names(source) else source.mapping
    return RowMapping(
        kind=declared.get("kind", "telemetry" if source.kind == IOT else "profile"),
        kind_column=declared.get("kind_column", ""),
        event=declared.get("event", ""),
        message_id=tuple(declared.get("message_id", ())),
        occurred_at=declared.get("occurred_at", ""),
        amount=declared.get("amount", ""),
        fields=declared.get("fields", {}),
        properties=declared.get("properties", {}),
        consents=declared.get("consents", {}),
        date_order=declared.get("date_order"),
        opens_episode=declared.get("opens_episode", ""),
        region_column=declared.get("region_column", ""),
        event_column=declared.get("event_column", ""),
    )


def known(columns: Collection[str], source: Source) -> set[str]:
    """Which of these columns the source knows by their whole names, which then are nobody's data.

    Of a dotted name that its mapping does not spell out only the end is recognized: before it anything may stand.
    """
    contract = contract_of(source)
    read = _read_by(mapping_for(source, tuple(name for name in columns if "." not in name)))
    return {name for name in columns if name in read or (contract and contract.shape.spells(name))}


def by_names(source: Source) -> bool:
    """Whether columns that the source's mapping does not name are recognized by what they are called."""
    return not source.mapping or source.mapping.get("recognize") is True


def read(
    row: object, source: Source, mapping: RowMapping, *, position: int, now: datetime, copy: int = 0
) -> Envelope | Reject:
    """The envelope of one row, or the reject that says which column is wrong and why.

    `copy` counts equal rows before this one in the same file: without a message id of their own they are told apart
    by it, so that a file may hold two equal purchases, and loading it again still changes nothing.
    """
    body, fault = as_json(row)
    try:
        if not isinstance(row, dict):
            raise Unreadable("not_an_object", "", "A row must be an object with named fields.")
        if len(body) > source.max_record_bytes:
            raise Unreadable("too_large", "", f"The row has {len(body)} bytes; at most {source.max_record_bytes}.")
        if fault:
            raise fault
        contract = contract_of(source)
        if contract:
            contract.check_row(row)
        envelope = envelope_of(
            flatten(row), body, source, mapping, contract=contract, position=position, now=now, copy=copy
        )
        return quality.judged(envelope, source, now=now)
    except Unreadable as error:
        return error.as_reject(position, body, keep=error.code != "too_large", way=Way(READER, copy=copy))


def flatten(row: Mapping[str, Any], prefix: str = "", levels: int = DEEPEST) -> dict[str, Any]:
    """The row with nested objects under dotted names, down to so many levels."""
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if levels and isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{key}.", levels - 1)
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def envelope_of(
    row: Mapping[str, Any],
    body: bytes,
    source: Source,
    mapping: RowMapping,
    *,
    contract: Contract | None = None,
    position: int,
    now: datetime,
    copy: int = 0,
) -> Envelope:
    """The envelope of a flat row that came as this body. Raises `Unreadable`.

    The contract says what becomes of columns that are not declared; without one they are dropped.
    """
    kind = _kind(row, mapping)
    raw = {field: (column, row[column]) for column, field in mapping.fields.items() if row.get(column) is not None}
    setting = Setting(region=_region(row, mapping) or source.region, date_order=mapping.date_order, now=now)
    cleaned = clean(raw, setting)
    if not any(name in IDENTIFIERS or name == "family_name" for name in cleaned.fields):
        raise _nobody(mapping)
    kept = {
        name: properties.typed(name, row[name], kind_)
        for name, kind_ in mapping.properties.items()
        if row.get(name) not in (None, "")
    }
    kept = with_currencies(kept, mapping.properties, cleaned)
    special = source.mapping.get("special_categories", ())
    keep_out(_event(row, mapping), kept, allowed=special)
    read = _read_by(mapping)
    undeclared = _undeclared(row, read, contract, special) if contract else {}
    dropped = 0 if undeclared else sum(1 for column in row if column not in read and not _declares(contract, column))
    return Envelope(
        position=position,
        message_hash=_message_hash(row, body, mapping, copy),
        kind=kind,
        event=_event(row, mapping),
        occurred_at=_occurred_at(row, mapping, now),
        fields=cleaned.fields,
        raw=cleaned.raw,
        properties=properties.with_amount(kept, mapping.amount),
        said=tuple(_said(row, mapping)),
        flags=(*cleaned.flags, *left_flags(dropped, len(undeclared))),
        cleaned=tuple(cleaned.steps),
        opens_episode=bool(mapping.opens_episode) and kind == mapping.opens_episode,
        undeclared=undeclared,
    )


def _read_by(mapping: RowMapping) -> set[str]:
    """The columns that this mapping reads."""
    read = {*mapping.fields, *mapping.properties, *mapping.consents, *mapping.message_id, mapping.occurred_at}
    return read | {mapping.kind_column, mapping.event_column, mapping.region_column}


def left_flags(dropped: int, kept: int) -> tuple[str, ...]:
    """How many undeclared fields of a record were dropped, and that some were kept, where there were any."""
    return (*((f"undeclared:{dropped}",) if dropped else ()), *((DISCOVERED,) if kept else ()))


def _declares(contract: Contract | None, column: str) -> bool:
    return contract is not None and contract.shape.declares(column)


def _undeclared(row: Mapping[str, Any], read: Set[str], contract: Contract, special: Collection[str]) -> dict[str, Any]:
    """The undeclared columns that are to be kept. Raises `Unreadable` where there may be none, or not such."""
    unknown = {name: it for name, it in row.items() if name not in read and not _declares(contract, name)}
    kept = contract.settle(unknown)
    keep_out_of_undeclared(kept, special)
    return kept


def keep_out_of_undeclared(kept: Mapping[str, Any], special: Collection[str]) -> None:
    """Nobody meant to collect these: what is likely of a special category is not kept unasked. Raises `Unreadable`.

    What the sender called them is told as far as it can be nobody's name or address.
    """
    for name, value in kept.items():
        if name in special:
            continue
        told = shown(name)
        for inner in (name, *names_in(value)):
            keep_out_name(inner, told)
        for text in texts_in([value]):
            keep_out("", {told: text}, allowed=())


def _kind(row: Mapping[str, Any], mapping: RowMapping) -> str:
    named = row.get(mapping.kind_column) if mapping.kind_column else None
    if named in (None, ""):
        return mapping.kind
    return str(properties.typed(mapping.kind_column, named, "string"))[:LONGEST_KIND]


def _event(row: Mapping[str, Any], mapping: RowMapping) -> str:
    named = row.get(mapping.event_column) if mapping.event_column else None
    if named in (None, ""):
        return mapping.event
    return str(properties.typed(mapping.event_column, named, "string"))[:LONGEST_EVENT]


def _nobody(mapping: RowMapping) -> Unreadable:
    columns = [shown(column) for column, field in mapping.fields.items() if field in IDENTIFIERS]
    choice = ", ".join(columns) or "email, phone, customer_number"
    return Unreadable(
        "missing_identifier",
        columns[0] if columns else "",
        f"No identifier has a readable value; give one of: {choice}.",
    )


def _region(row: Mapping[str, Any], mapping: RowMapping) -> str:
    """The country that the declared column starts with, such as FR of the store FR-PAR-2."""
    code = str(row.get(mapping.region_column) or "")[:2].upper()
    return code if code in SUPPORTED_REGIONS else ""


def _completed(declared: Mapping[str, Any], columns: tuple[str, ...], source_kind: str) -> dict[str, Any]:
    """What is declared, and what the names of the other columns say."""
    taken = {name for part in ("fields", "properties", "consents") for name in declared.get(part, {})}
    found = _recognized(tuple(column for column in columns if column not in taken), source_kind)
    amount = declared.get("amount") or found["amount"]
    kind = declared.get("kind") or _recognized_kind(amount, source_kind)
    parts = {part: {**found[part], **declared.get(part, {})} for part in ("fields", "properties")}
    return {**found, **declared, "amount": amount, "kind": kind, **parts}


def _recognized(columns: tuple[str, ...], source_kind: str) -> dict[str, Any]:
    called = {letters(column): column for column in columns}
    fields = {column: field for column in columns if (field := recognize(column.rpartition(".")[2]))}
    amount = next((called[name] for name in properties.AMOUNTS if name in called), "")
    return {
        "kind": _recognized_kind(amount, source_kind),
        "message_id": [called[name] for name in MESSAGE_IDS if name in called][:1],
        "occurred_at": next((called[name] for name in TIMES if name in called), ""),
        "amount": amount,
        "fields": fields,
        "properties": {
            called[name]: kind for name, kind in PROPERTIES.items() if name in called and called[name] not in fields
        },
    }


def _recognized_kind(amount: str, source_kind: str) -> str:
    if source_kind == IOT:
        return "telemetry"
    return "purchase" if amount else "profile"


def message_id(row: Mapping[str, Any], mapping: RowMapping) -> str:
    """What this flat row is known by, from the columns that its source declares; empty when it lacks one of them."""
    parts = ["" if row.get(column) is None else str(row[column]) for column in mapping.message_id]
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts) if all(parts) else ""


def _message_hash(row: Mapping[str, Any], body: bytes, mapping: RowMapping, copy: int) -> bytes:
    return message_hash(message_id(row, mapping) or (body + b"#" + str(copy).encode() if copy else body))


def _occurred_at(row: Mapping[str, Any], mapping: RowMapping, now: datetime) -> datetime:
    raw = row.get(mapping.occurred_at) if mapping.occurred_at else None
    if raw in (None, ""):
        return now
    try:
        return instant(raw, now=now)
    except Absurd as error:
        raise Unreadable("absurd_date", mapping.occurred_at, f"'{mapping.occurred_at}' {error}.") from None


def _said(row: Mapping[str, Any], mapping: RowMapping) -> list[Said]:
    said = []
    for column, target in mapping.consents.items():
        answer = str(row.get(column) if row.get(column) is not None else "").strip()
        if answer == "":
            continue
        granted = yes_or_no(answer)
        if granted is None:
            raise Unreadable("wrong_type", column, f"'{column}' must be yes or no, {EXAMPLES}.")
        said.append(
            Said(
                purpose=target["purpose"],
                channel=target.get("channel", ""),
                granted=granted,
                double_opt_in=target.get("double_opt_in", False),
            )
        )
    return said
