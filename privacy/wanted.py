"""What to search for when an erasure is proved: the values of the person, sealed under a key of the request.

The key is the request's own, so the values outlive the person's rows just as long as the proof needs them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import islice
from uuid import UUID

import orjson

from consent.decide import Refusal, decide
from identity import overriding
from privacy import suppression
from privacy.models import ErasureCase
from privacy.subjects import Subject
from records.dictionary import FIELDS, IDENTIFIERS
from records.models import Record
from records.reading import open_attributes, open_identifiers, open_records
from records.standardize import identity_form
from vault import keys
from vault.blind import indexes_in_force
from vault.grants import Actor, Grant
from vault.sealing import Place, Sealed, Sealer, open_sealed, open_what_opens

PURPOSE = "subject_requests"
RECORDS_AT_A_TIME = 2_000
FieldValue = tuple[str, str]


class ValuesGone(LookupError):
    """The values of this request were never sealed, or have been destroyed: later scans take them from elsewhere."""


@dataclass(frozen=True)
class Wanted:
    """A person's values, each with its field of the data dictionary, and the ids of their source profiles.

    `own` are identifiers that nobody else bears, in normal form and as they were typed; `shared` are those that others
    bear as well, such as a household's phone; `about` are names, addresses and the like.
    """

    own: frozenset[FieldValue] = frozenset()
    shared: frozenset[FieldValue] = frozenset()
    about: frozenset[FieldValue] = frozenset()
    ids: frozenset[str] = frozenset()

    def __or__(self, other: "Wanted") -> "Wanted":
        """Both, where what is known to be shared is not the person's own."""
        shared = self.shared | other.shared
        return Wanted((self.own | other.own) - shared, shared, self.about | other.about, self.ids | other.ids)

    def as_json(self) -> bytes:
        """The values, to be sealed."""
        return orjson.dumps({part.name: sorted(getattr(self, part.name)) for part in fields(self)})

    @classmethod
    def from_json(cls, text: bytes) -> "Wanted":
        """The values again."""
        parts = orjson.loads(text)
        pairs = {name: frozenset((field, value) for field, value in parts[name]) for name in ("own", "shared", "about")}
        return cls(**pairs, ids=frozenset(parts["ids"]))

    def counts(self) -> dict[str, int]:
        """How many of each there are; this may be told."""
        return {part.name: len(getattr(self, part.name)) for part in fields(self)}


def gather(subject: Subject, *, request_id: UUID, actor: Actor, now: datetime) -> Wanted:
    """The values of this person as they stand in the database, read under the law's obligation and audited.

    What nobody can open any more, because its key is gone or it was damaged, keeps nobody from being erased.
    """
    if not subject.source_profiles:
        return Wanted()
    grant = leave(subject.source_profiles, request_id=request_id, actor=actor, now=now)
    own_pairs = suppression.own_pairs(subject)
    seen = {
        (known.namespace, known.value)
        for of_one in open_identifiers(subject.source_profiles, grant, opening=open_what_opens).values()
        for known in of_one
    }
    spellings = {(*known, known[1]) for known in seen} | set(_as_typed(subject, grant))
    own = {(name, spelling) for name, value, spelling in spellings if own_pairs & _indexed(name, value)}
    about = {
        (known.field, known.value)
        for of_one in open_attributes(subject.source_profiles, grant, opening=open_what_opens).values()
        for known in of_one
    }
    by_hand = overriding.opened(subject.source_profiles, grant, opening=open_what_opens)
    about |= {(one.row.field, one.value) for one in by_hand if one.row.field not in IDENTIFIERS}
    return Wanted(
        frozenset(own),
        frozenset((name, spelling) for name, _, spelling in spellings) - own,
        frozenset(about),
        frozenset(id.hex for id in subject.source_profiles),
    )


def seal(wanted: Wanted, *, request_id: UUID) -> bytes:
    """These values under the key of the request, which is made when there is none yet."""
    return Sealer(keys.make([request_id])).seal(request_id, _place(request_id), wanted.as_json())


def open_wanted(case: ErasureCase, *, actor: Actor, now: datetime) -> Wanted:
    """The sealed values of this case. Raises `ValuesGone`."""
    if case.sealed is None:
        raise ValuesGone(
            "the request keeps no values any more: it was about nobody, or its values were destroyed after the proof; "
            "give them on standard input (--values -)"
        )
    grant = leave([case.pk], request_id=case.pk, actor=actor, now=now)
    (text,) = open_sealed([Sealed(case.pk, _place(case.pk), case.sealed)], grant, action="search for the erased")
    return Wanted.from_json(text)


def leave(ids: Iterable[UUID], *, request_id: UUID, actor: Actor, now: datetime) -> Grant:
    """Leave to open what an erasure has to see: the law obliges to erase, so no withdrawal stands in its way."""
    decision = decide(list(ids), purpose=PURPOSE, at=now, actor=actor, reason=f"erasure request {request_id}")
    if isinstance(decision, Refusal):
        raise PermissionError(f"refused for '{decision.purpose}': {decision.reason}")
    return decision


def _place(request_id: UUID) -> Place:
    return Place("privacy_erasurecase", "sealed", request_id)


def _indexed(namespace: str, value: str) -> set[tuple[str, bytes]]:
    return {(namespace, index) for index in indexes_in_force(namespace, identity_form(namespace, value))}


def _as_typed(subject: Subject, grant: Grant) -> Iterator[tuple[str, str, str]]:
    """Identifiers with their normal form and as people typed them, where that is another."""
    rows = Record.objects.filter(source_profile__in=subject.source_profiles, sealed__isnull=False).iterator(
        chunk_size=RECORDS_AT_A_TIME
    )
    while batch := list(islice(rows, RECORDS_AT_A_TIME)):
        for content in open_records(batch, grant, opening=open_what_opens).values():
            normal = content.get("fields", {})
            for name, typed in content.get("raw", {}).items():
                if name in IDENTIFIERS and name in normal:
                    yield name, normal[name], str(typed)


def read_lines(lines: Iterable[str]) -> Wanted:
    """Values that somebody gives, a line each: a field of the data dictionary and the value. Raises `ValueError`."""
    own: set[FieldValue] = set()
    about: set[FieldValue] = set()
    for number, line in enumerate(lines, 1):
        field, _, value = line.strip().partition(" ")
        if not field:
            continue
        if field not in FIELDS or not value.strip():
            raise ValueError(
                f"line {number}: write a field, a space and the value; fields: {', '.join(sorted(FIELDS))}"
            )
        (own if field in IDENTIFIERS else about).add((field, value.strip()))
    return Wanted(own=frozenset(own), about=frozenset(about))
