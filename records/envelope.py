"""What a reader hands on: an envelope that can be taken in, or a reject that says why not."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from msgspec import Struct

DEEPEST = 20
REJECTED = b"reject\0"


class Said(Struct, frozen=True):
    """What a message says about consent: this purpose, on this channel, granted or not; by which signal and when.

    Without a signal the source itself says it; without an instant it is said when the message happened. With double
    opt-in a yes counts once the person has said it again. `spoken_by` is set where the person proved to say it
    themselves, in the language of the page: it counts as verified, whatever the source.
    """

    purpose: str
    channel: str
    granted: bool
    how: str = ""
    said_at: datetime | None = None
    double_opt_in: bool = False
    spoken_by: str = ""
    locale: str = ""


class Signal(Struct, frozen=True):
    """A consent signal as it came with a message, still to be read: of kind `tcf`, `gpp` or `gpc`."""

    kind: str
    text: str


class Hashed(bytes):
    """The 16 bytes by which a message is known, made already: hashing them again leaves them as they are."""


class Way(Struct, frozen=True):
    """How a message was read that could not be taken in, beside its body: what reading it again needs.

    `sent_at` is when its batch was sent, `copy` how many equal rows stood before it in its file. Of a stream's row,
    `device`, `occurred_at` and `event` name columns of what surrounds it; `timed` and `untimed` are what it is known by
    without a message id, with a time of its own and without, in hexadecimal digits. `gpc`: the browser asked not to be
    sold or shared. `client_side`: the key that it came by was public then. Without a reader it was refused as a whole;
    of a broken line of a file, `columns` are those of its header (empty where its source knows none of that name), set
    apart by `separator`, or by spaces.
    """

    reader: str = ""
    sent_at: str = ""
    copy: int = 0
    device: str = ""
    occurred_at: str = ""
    event: str = ""
    ids_by_name: bool = True
    timed: str = ""
    untimed: str = ""
    gpc: bool = False
    client_side: bool = False
    columns: Sequence[str] = ()
    separator: str = ""


# Global Privacy Control, which stands in a header for all that a request holds.
GPC = Signal("gpc", "1")


class Envelope(Struct, frozen=True):
    """One message, mapped to the data dictionary and standardized. Nothing in it is stored yet.

    `received_at` is set where it came earlier than it is taken in: out of quarantine.
    """

    position: int
    message_hash: bytes
    kind: str
    event: str
    occurred_at: datetime
    fields: dict[str, str]
    raw: dict[str, str] = {}
    properties: dict[str, Any] = {}
    said: tuple[Said, ...] = ()
    signals: tuple[Signal, ...] = ()
    flags: tuple[str, ...] = ()
    cleaned: tuple[str, ...] = ()
    opens_episode: bool = False
    received_at: datetime | None = None
    # Fields that the source has not declared and is to keep all the same, by their dotted names.
    undeclared: dict[str, Any] = {}


class Reject(Struct, frozen=True):
    """One message that cannot be taken in: where it stood, which field, and why. The message holds no value."""

    position: int
    code: str
    field: str
    message: str
    body: bytes | None
    size: int
    message_hash: bytes
    way: Way | None = None


class Unreadable(ValueError):
    """A message fails a rule; carries the code, the field and the reason."""

    def __init__(self, code: str, field: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.field = field
        self.message = message

    def as_reject(self, position: int, body: bytes, *, keep: bool = True, way: Way | None = None) -> Reject:
        """The reject for this message; an oversize body is kept as hash and size only.

        It is known by another hash than the message itself, which may still come in once its source is mended; of equal
        rows of a file, each by its own.
        """
        copy = b"#%d" % way.copy if way and way.copy else b""
        return Reject(
            position=position,
            code=self.code,
            field=self.field,
            message=self.message,
            body=body if keep else None,
            size=len(body),
            message_hash=rejected_hash(body + copy),
            way=way,
        )


def rejected_hash(known_by: bytes) -> bytes:
    """What a message is known by that was turned away: another hash than the one under which it may still come in."""
    return message_hash(REJECTED + known_by)


def as_json(message: object) -> tuple[bytes, Unreadable | None]:
    """The message as JSON, as it is measured, hashed and quarantined.

    Where it cannot be written so (text that is not Unicode, nested without end): what can be, and what is wrong.
    """
    try:
        return orjson.dumps(message, default=str), None
    except TypeError as error:
        fault = Unreadable("unstorable_json", "", f"The message cannot be stored as JSON: {str(error).lower()}.")
        return json.dumps(_shallow(message, DEEPEST)).encode(), fault


def _shallow(value: object, levels: int) -> object:
    """The value down to so many levels; Python's own encoder would fail on what is nested without end."""
    if levels and isinstance(value, dict):
        return {str(key): _shallow(inner, levels - 1) for key, inner in value.items()}
    if levels and isinstance(value, list | tuple):
        return [_shallow(inner, levels - 1) for inner in value]
    return value if isinstance(value, str | int | float | None) else type(value).__name__


def message_hash(content: str | bytes) -> bytes:
    """The 16 bytes by which a message is known again."""
    if isinstance(content, Hashed):
        return bytes(content)
    data = content.encode() if isinstance(content, str) else content
    return hashlib.sha256(data).digest()[:16]
