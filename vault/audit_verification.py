"""Verifying the audit log: the chain is followed, every entry hashed again, and the end held against a checkpoint.

The chain shows what was edited, removed, added or put elsewhere; that its end was cut off only a checkpoint shows,
which is why it is kept where the owner of the database cannot reach it.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from vault import kept_keys, signatures
from vault.audit_seals import BEFORE_ALL, BEGINNING, KEY, content_of, head_of
from vault.models import AuditEntry, AuditSeal

FORMAT = "onym audit checkpoint 1"


class BadCheckpoint(ValueError):
    """This is no checkpoint of ours, or it was changed."""


class NothingSealed(LookupError):
    """There is no seal yet that a checkpoint could hold."""


@dataclass(frozen=True)
class Checkpoint:
    """The end of the chain at an instant, to be kept outside: so many seals, so many entries, this head."""

    number: int
    entries: int
    head: str
    made_at: str
    public_key: str
    signature: str = ""

    def signed_text(self) -> bytes:
        said = (FORMAT, self.number, self.entries, self.head, self.made_at, self.public_key)
        return "\n".join(map(str, said)).encode()


@dataclass(frozen=True)
class Fault:
    """Something that was done to the log: of which seal (0: none in particular), what kind, and in words."""

    seal: int
    kind: str
    words: str


@dataclass(frozen=True)
class Verification:
    """What was found, how much was looked at, and how much waits for the sealer."""

    faults: list[Fault]
    seals: int
    entries: int
    unsealed: int

    @property
    def sound(self) -> bool:
        return not self.faults


def checkpoint(*, now: datetime) -> Checkpoint:
    """The end of the chain, signed. Raises `NothingSealed`."""
    latest = AuditSeal.objects.order_by("-number").first()
    if latest is None:
        raise NothingSealed("nothing is sealed yet: run `manage.py audit seal` first")
    key = kept_keys.newest(KEY)[1]
    entries = sum(AuditSeal.objects.values_list("count", flat=True))
    made = Checkpoint(
        latest.number, entries, bytes(latest.head).hex(), now.isoformat(), signatures.public_key_of(key).hex()
    )
    return replace(made, signature=signatures.sign(key, made.signed_text()).hex())


def written(one: Checkpoint) -> str:
    """The checkpoint as the text of a file."""
    return json.dumps({"format": FORMAT, **asdict(one)}, indent=2) + "\n"


def read(text: str) -> Checkpoint:
    """The checkpoint in this text, its signature checked. Raises `BadCheckpoint`."""
    try:
        said = json.loads(text)
        if said.pop("format") != FORMAT:
            raise BadCheckpoint(f"this file is no '{FORMAT}'")
        one = Checkpoint(**said)
        key, signature = bytes.fromhex(one.public_key), bytes.fromhex(one.signature)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadCheckpoint("this file is no checkpoint of the audit log") from error
    if not signatures.verifies(key, one.signed_text(), signature):
        raise BadCheckpoint("this checkpoint was changed: its signature is not that of its words")
    return one


def verify(against: Checkpoint | None = None) -> Verification:
    """Everything that is wrong with the log, and with its end when a checkpoint is at hand."""
    faults: list[Fault] = []
    seals, entries, upto = 0, 0, BEFORE_ALL
    heads: dict[int, bytes] = {}
    before, expected = BEGINNING, 1
    for one in AuditSeal.objects.order_by("number").iterator():
        faults += _faults_of(one, before=before, after_id=upto, expected=expected)
        seals, entries, upto = seals + 1, entries + one.count, one.upto_id
        before, expected = bytes(one.head), one.number + 1
        heads[one.number] = before
    if against:
        faults += _faults_at_the_end(against, heads)
    return Verification(faults, seals, entries, AuditEntry.objects.filter(id__gt=upto).count())


def _faults_of(one: AuditSeal, *, before: bytes, after_id: int, expected: int) -> Iterator[Fault]:
    if one.number != expected or one.after_id != after_id:
        yield Fault(one.number, "gap", f"seal {expected} is gone: seal {one.number} does not go on from the one before")
    elif head_of(one, before) != bytes(one.head) or not _signed(one):
        yield Fault(one.number, "forged seal", f"seal {one.number} is not as it was signed")
    content, count = content_of(one.after_id, one.upto_id)
    where = f"entries up to {one.upto_id} in seal {one.number}"
    if count < one.count:
        yield Fault(one.number, "removed", f"{one.count - count} of {one.count} {where} are gone")
    elif count > one.count:
        yield Fault(one.number, "added", f"{count - one.count} were slipped in among the {one.count} {where}")
    elif content != bytes(one.content):
        yield Fault(one.number, "changed", f"of the {one.count} {where}, at least one was edited or put elsewhere")


def _signed(one: AuditSeal) -> bool:
    key = kept_keys.all_versions(KEY).get(one.key_version)
    return key is not None and signatures.verifies(signatures.public_key_of(key), bytes(one.head), bytes(one.signature))


def _faults_at_the_end(known: Checkpoint, heads: dict[int, bytes]) -> Iterator[Fault]:
    if known.number not in heads:
        last = max(heads, default=0)
        yield Fault(last, "cut off", f"the checkpoint knows {known.number} seals, the log ends at {last}")
    elif heads[known.number].hex() != known.head:
        yield Fault(known.number, "another chain", f"seal {known.number} is not the one that the checkpoint knows")
