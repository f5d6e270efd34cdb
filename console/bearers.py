"""The question before an erasure: who it is about, what goes, and who else bears the same identifiers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone

from console.asking import SUBJECT_REQUESTS, ask_for_each
from console.outcomes import Bar, bars
from console.profile.evidence import Piece, of_fields
from console.profile.list import Seen, seen_of
from console.showing import initials_of, label_of, name_of, short, shown
from identity import golden
from identity.golden import GoldenRead
from identity.likeness import FIELDS, Likeness, likeness
from identity.profiles import source_profiles_of
from privacy import sharing, subjects
from privacy.holdings import erasable, rows_of
from privacy.models import SubjectRequest
from privacy.sharing import Sharing
from privacy.subjects import Subject, UnknownProfile
from privacy.suppression import Pair
from records.reading import open_identifiers
from records.standardize import identity_form
from vault.blind import indexes_in_force
from vault.grants import Grant
from vault.sealing import open_what_opens

READ = (*FIELDS, "full_name")
CONTACTS = ("email", "phone")
MOST_SHOWN = 20
NOTHING: Mapping[str, GoldenRead] = {}


@dataclass(frozen=True)
class Who:
    """A profile as this page may show it."""

    profile: UUID
    short: str
    name: str
    initials: str
    contacts: list[str]
    refused: str
    seen: Seen


@dataclass(frozen=True)
class Bearer:
    """Another profile: what it shares with the person, how alike the two are, and whether it is asked for as well."""

    who: Who
    shared: list[tuple[str, str]]
    percent: float | None
    pieces: list[Piece]
    asked: SubjectRequest | None


@dataclass(frozen=True)
class Question:
    """All that whoever approves or carries out an erasure should see first."""

    who: Who | None
    going: list[Bar]
    bearers: list[Bearer]
    more: int
    crowds: list[tuple[str, int]]

    @property
    def rows(self) -> int:
        """How many rows go, of all kinds."""
        return sum(bar.count for bar in self.going)


def question(one: SubjectRequest, request: HttpRequest, *, reason: str = "", revealed: bool = False) -> Question:
    """The question for this request. What is opened for it stands in the audit log, with the reason."""
    try:
        subject = subjects.find(one.profile_id)
    except UnknownProfile:
        return Question(None, [], [], 0, [])
    found = sharing.sharing(subject)
    compared = list(found.profiles)[:MOST_SHOWN]
    opened = _open(subject, compared, request, reason or f"erasure request {one.pk}: same identifiers")
    theirs = {id: opened.records[id] for id in compared if id in opened.records}
    alike = likeness(opened.record(subject.profile), theirs)
    asked = sharing.asked_already(compared, kind=one.kind)
    values = _values(subject, opened.grant)
    rows = [_bearer(id, found, opened, values, alike.get(id), asked.get(id), revealed=revealed) for id in compared]
    return Question(
        who=opened.who(subject.profile, revealed=revealed) if subject.profile else None,
        going=_going(subject),
        bearers=sorted(rows, key=lambda bearer: -(bearer.percent or 0)),
        more=len(found.profiles) - len(compared),
        crowds=[(label_of(namespace), count) for namespace, count in sorted(found.crowds.items())],
    )


def who(profile: UUID, request: HttpRequest, *, reason: str) -> Who:
    """A person by masked name and contacts; that they were opened stands in the audit log."""
    return _read([profile], request, reason=reason, now=timezone.now()).who(profile)


@dataclass(frozen=True)
class _Opened:
    """Golden records of several profiles, as far as they may be read for a subject request."""

    records: dict[UUID, dict[str, GoldenRead]]
    refused: dict[UUID, str]
    seen: dict[UUID, Seen]
    grant: Grant

    def record(self, profile: UUID | None) -> Mapping[str, GoldenRead]:
        return self.records.get(profile, NOTHING) if profile else NOTHING

    def who(self, profile: UUID, *, revealed: bool = False) -> Who:
        record, refused = self.record(profile), self.refused.get(profile, "")
        contacts = [shown(field, record[field].value, revealed=revealed) for field in CONTACTS if field in record]
        name = "Not shown" if refused else name_of(record, revealed=revealed)
        seen = self.seen.get(profile) or Seen([])
        return Who(profile, short(profile), name, initials_of(record), contacts, refused, seen)


def _open(subject: Subject, others: list[UUID], request: HttpRequest, reason: str) -> _Opened:
    profiles = [subject.profile, *others] if subject.profile else others
    return _read(profiles, request, reason=reason, now=timezone.now())


def _read(profiles: list[UUID], request: HttpRequest, *, reason: str, now: datetime) -> _Opened:
    owned = source_profiles_of(profiles)
    decisions = ask_for_each(owned, request, purpose=SUBJECT_REQUESTS, reason=reason, now=now)
    records = golden.read(sorted(decisions.allowed), decisions.grant, fields=READ, opening=open_what_opens)
    return _Opened(records, decisions.refused, seen_of(owned), decisions.grant)


def _values(subject: Subject, grant: Grant) -> dict[Pair, str]:
    """The person's identifiers by namespace and blind index: what a shared one is called."""
    readable = sorted(subject.source_profiles & set(grant.source_profiles))
    return {
        (known.namespace, index): known.value
        for identifiers in open_identifiers(readable, grant, opening=open_what_opens).values()
        for known in identifiers
        for index in indexes_in_force(known.namespace, identity_form(known.namespace, known.value))
    }


def _bearer(
    profile: UUID,
    found: Sharing,
    opened: _Opened,
    values: Mapping[Pair, str],
    alike: Likeness | None,
    asked: SubjectRequest | None,
    *,
    revealed: bool,
) -> Bearer:
    shared = [
        (label_of(pair[0]), shown(pair[0], values[pair], revealed=revealed) if pair in values else "")
        for pair in sorted(found.profiles[profile])
    ]
    percent = 100 * alike.probability if alike and alike.probability is not None else None
    # One of several numbers may be shared while the golden ones differ: that would read as a contradiction.
    both = {pair[0] for pair in found.profiles[profile]}
    levels = [level for level in alike.levels if level[0] not in both or level[1] == "exact"] if alike else []
    return Bearer(opened.who(profile, revealed=revealed), shared, percent, of_fields(levels), asked)


def _going(subject: Subject) -> list[Bar]:
    return bars({table.model: rows_of(table, subject).count() for table in erasable()})
