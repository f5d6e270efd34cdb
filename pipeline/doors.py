"""Doors: each takes what a client of its kind sends, reads it, and hands it to accept."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from pipeline.accept import Acceptance
from pipeline.together import take_in
from records import limits
from records.envelope import GPC, Envelope, Reject, Way
from records.envelopes import cloudevents
from records.envelopes import segment as segment_messages
from records.envelopes.streamed import Reader
from records.envelopes.webhook import Webhook
from records.models import Source

CLOUD_EVENTS, WEBHOOKS = "cloudevents", "webhooks"
MERGED = ("context", "integrations")


class BadPayload(ValueError):
    """The body as a whole cannot be read; carries the code and the field."""

    def __init__(self, code: str, field: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.field = field
        self.message = message


def segment(
    source: Source, payload: object, *, single_type: str | None, now: datetime, gpc: bool = False
) -> Acceptance:
    """Take in one Segment message (of that type) or a batch of them. Raises `BadPayload`, `access.limits.TooMany`.

    With `gpc` the browser that sent it all asked not to be sold or shared (Global Privacy Control).
    """
    if not isinstance(payload, dict):
        raise BadPayload("not_an_object", "", "The body must be a JSON object.")
    if single_type is not None:
        return _take([{**payload, "type": single_type}], payload.get("sentAt"), source, now, gpc)
    batch = payload.get("batch")
    if not isinstance(batch, list):
        raise BadPayload("missing_field", "batch", "'batch' must be a list of messages.")
    shared = {name: payload[name] for name in MERGED if isinstance(payload.get(name), dict)}
    return _take([_merged(message, shared) for message in batch], payload.get("sentAt"), source, now, gpc)


def cloud_events(source: Source, events: Sequence[object], *, now: datetime, gpc: bool = False) -> Acceptance:
    """Take in CloudEvents in the JSON format. Raises `access.limits.TooMany`."""
    limits.pass_through(source, len(events), now=now)
    items = [cloudevents.read(event, source, position=position, now=now) for position, event in enumerate(events)]
    return take_in(source, [_with_gpc(item) for item in items] if gpc else items, door=CLOUD_EVENTS, now=now)


def webhook(source: Source, told: Webhook, *, now: datetime) -> Acceptance:
    """Take in a signed message, whose signature has been checked. Raises `access.limits.TooMany`."""
    items = told.read(Reader(source, now))
    limits.pass_through(source, len(items), now=now)
    return take_in(source, items, door=WEBHOOKS, now=now)


def _merged(message: object, shared: Mapping[str, Any]) -> object:
    """The message with what its batch says for all; its own word counts more, and a wrong one is not covered up."""
    if not isinstance(message, dict):
        return message
    own = {name: {} if message.get(name) is None else message[name] for name in shared}
    return message | {name: {**shared[name], **said} for name, said in own.items() if isinstance(said, dict)}


def _take(messages: list[object], sent_at: object, source: Source, now: datetime, gpc: bool) -> Acceptance:
    limits.pass_through(source, len(messages), now=now)
    items = [
        segment_messages.read(message, source, position=position, now=now, sent_at=sent_at)
        for position, message in enumerate(messages)
    ]
    if gpc:
        items = [_with_gpc(item) for item in items]
    return take_in(source, items, door="http", now=now)


def _with_gpc(item: Envelope | Reject) -> Envelope | Reject:
    """The message with what the browser that sent it asked for, also for when it comes out of quarantine."""
    if isinstance(item, Envelope):
        return replace(item, signals=(*item.signals, GPC))
    return replace(item, way=replace(item.way or Way(), gpc=True))
