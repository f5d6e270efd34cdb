"""Verifying the audit log: the chain is followed, every entry hashed again, and the end held against a checkpoint.

The chain shows what was edited, removed, added or put elsewhere; that its end was cut off only a checkpoint shows,
which is why it is kept where the owner of the database cannot reach it. Entries that were removed because their time
was over (`vault.audit_aging`) count as aged where a signed word says so; their seals are links of the chain as before.
"""

import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from vault import kept_keys, signatures
from vault.audit_aging import KEPT, statement
from vault.audit_seals import BEFORE_ALL, BEGINNING, KEY, content_of, head_of
from vault.models import AuditAging, AuditEntry, AuditSeal

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
    """What was found, how much was looked at, how much has aged, and how much waits for the sealer.

    `seals` are all links of the chain, `entries` those that are there.
    """

    faults: list[Fault]
    seals: int
    entries: int
    unsealed: int
    aged_seals: int = 0
    aged: int = 0

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


def verify(against: Checkpoint | None = None, *, now: datetime) -> Verification:
    """Everything that is wrong with the log, and with its end when a checkpoint is at hand."""
    faults: list[Fault] = []
    stated: list[AuditAging] = []
    for said in AuditAging.objects.order_by("first"):
        wrong = list(_faults_of_aging(said, now))
        faults += wrong
        stated += [] if wrong else [said]
    seals = entries = aged_seals = aged = 0
    heads: dict[int, bytes] = {}
    before, expected, upto = BEGINNING, 1, BEFORE_ALL
    for one in AuditSeal.objects.order_by("number").iterator():
        faults += _faults_of_link(one, before=before, after_id=upto, expected=expected)
        content, count = content_of(one.after_id, one.upto_id)
        if count == 0 and one.count and _is_stated(one, stated):
            aged_seals, aged = aged_seals + 1, aged + one.count
        else:
            faults += _faults_of_entries(one, content, count)
            entries += one.count
        seals, upto = seals + 1, one.upto_id
        before, expected = bytes(one.head), one.number + 1
        heads[one.number] = before
    if against:
        faults += _faults_at_the_end(against, heads)
    unsealed = AuditEntry.objects.filter(id__gt=upto).count()
    return Verification(faults, seals, entries, unsealed, aged_seals, aged)


def verify_one(entry: AuditEntry) -> tuple[AuditSeal | None, list[Fault]]:
    """The seal over this entry, and what is wrong with it and all that it covers. None: the sealer has yet to come."""
    one = AuditSeal.objects.filter(after_id__lt=entry.pk, upto_id__gte=entry.pk).first()
    if one is None:
        return None, []
    latest = AuditSeal.objects.filter(number=one.number - 1).first()
    before, after_id = (bytes(latest.head), latest.upto_id) if latest else (BEGINNING, BEFORE_ALL)
    faults = [*_faults_of_link(one, before=before, after_id=after_id, expected=one.number)]
    return one, [*faults, *_faults_of_entries(one, *content_of(one.after_id, one.upto_id))]


def _faults_of_link(one: AuditSeal, *, before: bytes, after_id: int, expected: int) -> Iterator[Fault]:
    if one.number != expected or one.after_id != after_id:
        yield Fault(one.number, "gap", f"seal {expected} is gone: seal {one.number} does not go on from the one before")
    elif head_of(one, before) != bytes(one.head) or not _signed(one):
        yield Fault(one.number, "forged seal", f"seal {one.number} is not as it was signed")


def _faults_of_entries(one: AuditSeal, content: bytes, count: int) -> Iterator[Fault]:
    where = f"entries up to {one.upto_id} in seal {one.number}"
    if count < one.count:
        yield Fault(one.number, "removed", f"{one.count - count} of {one.count} {where} are gone")
    elif count > one.count:
        yield Fault(one.number, "added", f"{count - one.count} were slipped in among the {one.count} {where}")
    elif content != bytes(one.content):
        yield Fault(one.number, "changed", f"of the {one.count} {where}, at least one was edited or put elsewhere")


def _is_stated(one: AuditSeal, stated: Sequence[AuditAging]) -> bool:
    """Whether a sound word says that what this seal covered has aged."""
    place = bisect_right(stated, one.number, key=lambda aging: aging.first) - 1
    return place >= 0 and one.number <= stated[place].last


def _faults_of_aging(one: AuditAging, now: datetime) -> Iterator[Fault]:
    """What a word about aging must be: signed over just these seals, said at a time when they were old enough."""
    where = f"that the entries in seals {one.first} to {one.last} have aged"
    covered = AuditSeal.objects.filter(number__range=(one.first, one.last))
    youngest = covered.order_by("-sealed_at").first()
    last = covered.filter(number=one.last).first()
    key = kept_keys.all_versions(KEY).get(one.key_version)
    if last is None or youngest is None:
        yield Fault(one.last, "gap", f"seal {one.last} is gone: it is said {where}")
    elif key is None or not signatures.verifies(
        signatures.public_key_of(key), statement(one, last), bytes(one.signature)
    ):
        yield Fault(one.first, "forged aging", f"nobody with the sealer's key said {where}")
    elif not youngest.sealed_at + KEPT <= one.aged_at <= now:
        yield Fault(one.first, "aged too early", f"it is said {where}, and {KEPT.days} days had not passed")


def _signed(one: AuditSeal) -> bool:
    key = kept_keys.all_versions(KEY).get(one.key_version)
    return key is not None and signatures.verifies(signatures.public_key_of(key), bytes(one.head), bytes(one.signature))


def _faults_at_the_end(known: Checkpoint, heads: dict[int, bytes]) -> Iterator[Fault]:
    if known.number not in heads:
        last = max(heads, default=0)
        yield Fault(last, "cut off", f"the checkpoint knows {known.number} seals, the log ends at {last}")
    elif heads[known.number].hex() != known.head:
        yield Fault(known.number, "another chain", f"seal {known.number} is not the one that the checkpoint knows")
