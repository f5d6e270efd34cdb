"""What a person takes along: a ZIP of documented JSON and CSV that another platform, or this one, can take in.

`docs/portability.md` describes it. For every source there are its records, as CSV and as JSON lines with the same
columns, what the person said about consent, and the mapping by which both are read again.
"""

import csv
import io
import json
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from privacy import answer_page
from records.dictionary import FIELDS
from records.dictionary import PLAIN as PLAIN_FIELD

Row = dict[str, Any]

# Columns that are no properties begin so.
PREFIXES = ("record.", "field.", "consent.", "undeclared.")
TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}
README = """Your data, for you to keep and to take elsewhere.

index.html         everything that is held about you, to read and print
person.json        the same for machines: everything that is held about you, as in the answer to an access request
sources.json       how the other files are to be read: one entry for each source of data
records-*.csv      what each source recorded, one line each
records-*.ndjson   the same as JSON, one object a line
consents-*.csv     what you agreed to or refused, and when
"""


def package(answered: Mapping[str, Any]) -> bytes:
    """The ZIP of an answer that `privacy.access.answer` gave to a request for portability."""
    plain = _plain_fields(answered)
    manifest: list[Row] = []
    files = {"README.txt": README, "index.html": answer_page.render(answered), "person.json": _json(answered)}
    for source in answered["sources"]:
        name = source["name"]
        rows = [_row(record, plain) for record in answered["records"] if record["source"] == name]
        said = _said(name, answered)
        mapping = _mapping(rows, said)
        named = [f"records-{name}", *([f"consents-{name}"] if said else [])]
        manifest.append({**source, "mapping": mapping, "files": named})
        files[f"records-{name}.csv"] = _csv(rows)
        files[f"records-{name}.ndjson"] = "".join(json.dumps(_nested(row), ensure_ascii=False) + "\n" for row in rows)
        if said:
            files[f"consents-{name}.csv"] = _csv(said)
    files["sources.json"] = _json(manifest)
    return _zip(files)


def _plain_fields(answered: Mapping[str, Any]) -> dict[str, Row]:
    """Fields that are not sealed with their record, such as the country, by the record that said them last."""
    found: dict[str, Row] = defaultdict(dict)
    for one in answered["attributes"]:
        if FIELDS[one["field"]].sensitivity == PLAIN_FIELD:
            found[one["record"]][one["field"]] = one["value"]
    return found


def _row(record: Mapping[str, Any], plain: Mapping[str, Row]) -> Row:
    fields = {**record["content"].get("fields", {}), **plain.get(record["id"], {})}
    return {
        "record.id": record["id"],
        "record.kind": record["kind"],
        "record.event": record["event"],
        "record.occurred_at": record["occurred_at"],
        **{f"field.{name}": value for name, value in sorted(fields.items())},
        **dict(sorted(record["properties"].items())),
        **_undeclared(record),
    }


def _undeclared(record: Mapping[str, Any]) -> Row:
    """What nobody asked for and was kept: plain values as they are, lists as JSON."""
    return {
        f"undeclared.{name}": json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
        for name, value in sorted(record["content"].get("undeclared", {}).items())
    }


def _said(source: str, answered: Mapping[str, Any]) -> list[Row]:
    """Each act as a row that bears the identifiers by which its source knows the person."""
    known: dict[str, Row] = defaultdict(dict)
    for one in answered["identifiers"]:
        if one["source"] == source:
            known[one["source_profile"]][f"field.{one['namespace']}"] = one["value"]
    return [
        {
            "record.id": f"{act['source_profile']} {act['purpose']} {act['channel']} {act['recorded_at']}",
            "record.kind": "consent",
            "record.event": "",
            "record.occurred_at": act["occurred_at"],
            **known[act["source_profile"]],
            _column(act): "yes" if act["state"] == "granted" else "no",
        }
        for act in answered["consents"]["said"]
        if act["source_profile"] in known
    ]


def _column(act: Mapping[str, Any]) -> str:
    return f"consent.{act['purpose']}" + (f".{act['channel']}" if act["channel"] else "")


def _mapping(rows: Sequence[Row], said: Sequence[Row]) -> dict[str, Any]:
    columns = _columns([*rows, *said])
    properties = {name: _type(name, rows) for name in columns if not name.startswith(PREFIXES)}
    consents = {}
    for name in columns:
        if name.startswith("consent."):
            purpose, _, channel = name.removeprefix("consent.").partition(".")
            consents[name] = {"purpose": purpose} | ({"channel": channel} if channel else {})
    return {
        "kind_column": "record.kind",
        "event_column": "record.event",
        "message_id": ["record.id"],
        "occurred_at": "record.occurred_at",
        "fields": {name: name.removeprefix("field.") for name in columns if name.startswith("field.")},
        "properties": properties,
        "consents": consents,
        "special_categories": ["event", *properties],
    }


def _type(name: str, rows: Iterable[Row]) -> str:
    types = {TYPES[type(row[name])] for row in rows if name in row}
    return types.pop() if len(types) == 1 else ("number" if types == {"integer", "number"} else "string")


def _columns(rows: Iterable[Row]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _nested(row: Row) -> Row:
    """The row with `field.email` as an object `field` with a member `email`."""
    nested: Row = {}
    for name, value in row.items():
        group, dot, member = name.partition(".")
        if dot:
            nested.setdefault(group, {})[member] = value
        else:
            nested[name] = value
    return nested


def _csv(rows: Sequence[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, _columns(rows), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n"


def _zip(files: Mapping[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()
