"""Segment-format messages: the HTTP Tracking API's identify, track, page, screen, group and alias; Rudder's merge."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from records import properties, quality
from records.cleaning import clean
from records.contracts import Contract, contract_of
from records.dictionary import recognize
from records.envelope import Envelope, Reject, Unreadable, Way, as_json, message_hash
from records.envelopes import consent_context, listed
from records.envelopes.rows import flatten, keep_out_of_undeclared, left_flags
from records.models import Source
from records.priced import with_currencies
from records.shown_names import PERSONAL
from records.special_categories import keep_out
from records.standardize import Absurd, Setting, plausible, read_instant

READER = "segment"
MERGE = "merge"
TYPES = ("identify", "track", "page", "screen", "group", "alias", MERGE)
TRAITS = {
    "email": "email",
    "phone": "phone",
    "firstName": "given_name",
    "lastName": "family_name",
    "name": "full_name",
    "birthday": "birth_date",
    "gender": "gender",
    "language": "language",
}
ADDRESS = {
    "street": "street",
    "city": "city",
    "postalCode": "postcode",
    "postal_code": "postcode",
    "country": "country",
}
LONGEST_MESSAGE_ID = 100
# Before the names of traits in a mapping; in `fields` that of properties as well.
OF_TRAITS, OF_PROPERTIES = "traits.", "properties."


def read(message: object, source: Source, *, position: int, now: datetime, sent_at: object = None) -> Envelope | Reject:
    """The envelope of one Segment message, or the reject that says which field is wrong and why."""
    body, fault = as_json(message)
    try:
        if len(body) > source.max_record_bytes:
            raise Unreadable("too_large", "", f"The message has {len(body)} bytes; at most {source.max_record_bytes}.")
        if fault:
            raise fault
        told = _object(message, "")
        contract = contract_of(source)
        if contract:
            contract.check_message(told)
        return quality.judged(_read(told, body, source, contract, position, now, sent_at), source, now=now)
    except Unreadable as error:
        way = Way(READER, sent_at=sent_at if isinstance(sent_at, str) else "")
        return error.as_reject(position, body, keep=error.code != "too_large", way=way)


def _read(
    message: Mapping[str, Any],
    body: bytes,
    source: Source,
    contract: Contract | None,
    position: int,
    now: datetime,
    sent_at: object,
) -> Envelope:
    kind = message.get("type")
    if kind not in TYPES:
        raise Unreadable("unknown_type", "type", f"'type' must be one of {', '.join(TYPES)}.")
    context = _object(message.get("context"), "context")
    raw = _identifiers(message, context)
    if not raw:
        raise Unreadable("missing_identifier", "userId", "Give 'userId' or 'anonymousId'; without one nobody is meant.")
    others, unknown = _listed(kind, message, context)
    raw |= others
    traits = {**_object(context.get("traits"), "context.traits"), **_object(message.get("traits"), "traits")}
    values = _object(message.get("properties"), "properties")
    raw |= _traits(traits)
    if fields := source.mapping.get("fields"):
        raw |= _mapped(fields, values, traits)
    raw |= _surroundings(context)
    cleaned = clean(raw, Setting(region=source.region, date_order=source.mapping.get("date_order"), now=now))
    types = source.mapping.get("properties", properties.COMMERCE)
    kept, dropped = properties.declared(values, types)
    if types is not properties.COMMERCE:
        kept |= _from_within(types, values, traits)
    kept = with_currencies(kept, types, cleaned)
    event = _event(kind, message)
    special = source.mapping.get("special_categories", ())
    keep_out(event, kept, allowed=special)
    undeclared: dict[str, Any] = {}
    if contract:
        left = _undeclared(values, traits, types, source.mapping.get("fields", {}), contract)
        undeclared = contract.settle(left)
        keep_out_of_undeclared(undeclared, special)
        dropped = 0 if undeclared else sum(1 for name in left if name.startswith(OF_PROPERTIES))
    return Envelope(
        position=position,
        message_hash=_message_hash(message, body),
        kind=kind,
        event=event,
        occurred_at=_occurred_at(message, now, sent_at),
        fields=cleaned.fields,
        raw=cleaned.raw,
        properties=properties.with_amount(kept, source.mapping.get("amount", "")),
        said=consent_context.said(context, source),
        signals=consent_context.signals(context),
        flags=(*cleaned.flags, *left_flags(dropped + unknown, len(undeclared))),
        undeclared=undeclared,
        cleaned=tuple(cleaned.steps),
    )


def _object(value: object, name: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        where = f"'{name}'" if name else "A message"
        raise Unreadable("wrong_type" if name else "not_an_object", name, f"{where} must be an object.")
    return value


def _identifiers(message: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, tuple[str, object]]:
    found: dict[str, tuple[str, object]] = {}
    if message.get("userId") not in (None, ""):
        found["account_id"] = ("userId", message["userId"])
    device = _object(context.get("device"), "context.device").get("id")
    for name, value in (("context.device.id", device), ("anonymousId", message.get("anonymousId"))):
        if value not in (None, ""):
            found["device_id"] = (name, value)
    return found


def _listed(
    kind: str, message: Mapping[str, Any], context: Mapping[str, Any]
) -> tuple[dict[str, tuple[str, object]], int]:
    """What the message lists of its person's identifiers, and how many of them nobody knows.

    A merge names those that are one person's: they are evidence as any other record's are, and no more.
    """
    if kind == MERGE and not message.get("mergeProperties"):
        raise Unreadable("missing_field", "mergeProperties", "A merge needs 'mergeProperties', a list of identifiers.")
    found, unknown = listed.identifiers(context.get("externalIds"), "context.externalIds", value="id")
    if kind == MERGE:
        merged, more = listed.identifiers(message["mergeProperties"], "mergeProperties", value="value")
        found, unknown = merged | found, unknown + more
    return found, unknown


def _traits(traits: Mapping[str, Any]) -> dict[str, tuple[str, object]]:
    found: dict[str, tuple[str, object]] = {}
    for key, value in traits.items():
        if key == "address":
            address = _object(value, "traits.address")
            found |= {
                field: (f"traits.address.{part}", address[part]) for part, field in ADDRESS.items() if part in address
            }
        elif (field := TRAITS.get(key) or recognize(key)) and field not in ("account_id", "device_id"):
            found[field] = (f"traits.{key}", value)
    return found


def _mapped(
    fields: Mapping[str, str], values: Mapping[str, Any], traits: Mapping[str, Any]
) -> dict[str, tuple[str, object]]:
    """The fields of the data dictionary that the source's mapping finds among traits and properties."""
    found: dict[str, tuple[str, object]] = {}
    for name, field in fields.items():
        value = _at(name, values, traits)
        if value not in (None, "") and field not in ("account_id", "device_id"):
            found[field] = (name, value)
    return found


def _from_within(types: Mapping[str, str], values: Mapping[str, Any], traits: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that the mapping finds in nested objects or among traits, typed. Raises `Unreadable`."""
    within = {name: kind for name, kind in types.items() if "." in name and name not in values}
    found = {name: _at(name if name.startswith(OF_TRAITS) else OF_PROPERTIES + name, values, traits) for name in within}
    return {
        name: properties.typed(name, value, within[name]) for name, value in found.items() if value not in (None, "")
    }


def _at(name: str, values: Mapping[str, Any], traits: Mapping[str, Any]) -> Any:
    """What stands under a dotted name that begins with `properties.` or `traits.`; None where nothing does."""
    part, _, path = name.partition(".")
    inside: Any = {"properties": values, "traits": traits}.get(part, {})
    if path in inside:
        return inside[path]
    for step in path.split("."):
        inside = inside.get(step) if isinstance(inside, dict) else None
    return inside


def _undeclared(
    values: Mapping[str, Any],
    traits: Mapping[str, Any],
    types: Collection[str],
    fields: Collection[str],
    contract: Contract,
) -> dict[str, Any]:
    """What neither mapping nor schema declares of properties and traits, by dotted name."""
    shape, left = contract.shape, dict[str, Any]()
    for name, value in flatten(values).items():
        full, outer = OF_PROPERTIES + name, name.partition(".")[0]
        if not (name in types or outer in types or full in fields or shape.at("properties").declares(name)):
            left[full] = value
    theirs = (shape.at("traits"), shape.at("context", "traits"))
    for name, value in flatten(traits).items():
        full = OF_TRAITS + name
        if not (
            _is_known_trait(name) or full in types or full in fields or any(shape.declares(name) for shape in theirs)
        ):
            left[full] = value
    return left


def _is_known_trait(name: str) -> bool:
    outer, dot, part = name.partition(".")
    if dot and outer == "address":
        return part in ADDRESS
    return not dot and (name in TRAITS or recognize(name) is not None)


def _surroundings(context: Mapping[str, Any]) -> dict[str, tuple[str, object]]:
    page = _object(context.get("page"), "context.page")
    found: dict[str, tuple[str, object]] = {
        "ip_address": ("context.ip", context.get("ip")),
        "page_url": ("context.page.url", page.get("url")),
    }
    return {name: item for name, item in found.items() if item[1]}


def _message_hash(message: Mapping[str, Any], body: bytes) -> bytes:
    message_id = message.get("messageId")
    if message_id in (None, ""):
        return message_hash(body)
    if not isinstance(message_id, str):
        raise Unreadable("wrong_type", "messageId", "'messageId' must be text.")
    if len(message_id) > LONGEST_MESSAGE_ID:
        raise Unreadable("too_long", "messageId", f"'messageId' has at most {LONGEST_MESSAGE_ID} characters.")
    return message_hash(message_id)


def _event(kind: str, message: Mapping[str, Any]) -> str:
    """What happened, for track messages. Names of pages and screens can hold anything, and are not kept."""
    if kind != "track":
        return ""
    name = message.get("event")
    if not isinstance(name, str) or not name.strip():
        raise Unreadable("missing_field", "event", "A track message needs 'event', the name of what happened.")
    return PERSONAL.sub("…", name[:120].replace("\0", ""))


def _occurred_at(message: Mapping[str, Any], now: datetime, sent_at: object) -> datetime:
    """Event time with the client's clock error taken out: received at, less the time between event and sending."""
    name = "originalTimestamp" if message.get("originalTimestamp") else "timestamp"
    if message.get(name) in (None, ""):
        return now
    sent = message.get("sentAt") or sent_at
    happened = _said_by_clock(name, message[name])
    try:
        if not sent:
            return plausible(happened, now=now)
        return min(now, plausible(now - (_said_by_clock("sentAt", sent) - happened), now=now))
    except OverflowError:
        raise Unreadable("absurd_date", name, f"'{name}' lies too far from 'sentAt'.") from None
    except Absurd as error:
        raise _absurd(name, happened, error, now) from None


def _absurd(name: str, happened: datetime, error: Absurd, now: datetime) -> Unreadable:
    """Where the instant is plausible by itself, it is the distance from the sending that is not."""
    try:
        plausible(happened, now=now)
    except Absurd:
        return Unreadable("absurd_date", name, f"'{name}' {error}.")
    return Unreadable("absurd_date", "sentAt", f"'sentAt' lies too far from '{name}'.")


def _said_by_clock(name: str, raw: object) -> datetime:
    try:
        return read_instant(raw)
    except Absurd as error:
        raise Unreadable("absurd_date", name, f"'{name}' {error}.") from None
