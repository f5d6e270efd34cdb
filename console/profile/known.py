"""Who this is: the source profiles behind a profile, why each belongs to it, and what identifies it."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from console.asking import Person
from console.profile.evidence import Evidence, of_assignment
from console.profile.reasons import reasons_of
from console.showing import label_of, short, shown
from identity.holding import Parted, held_by, parted_from
from identity.models import Assignment
from identity.resolve import ALONE
from records.models import SourceProfile
from records.reading import KnownIdentifier, open_identifiers
from vault.sealing import open_what_opens

KINDS = {"customer": "Customer record", "episode": "Device episode", "single": "Single record"}
SCORED = ("similar person", "same e-mail")
# Entries from before may say that nobody was alike, which was not always so.
REASONS = dict.fromkeys((ALONE, "nobody alike"), "first known")
LEFT_BEHIND = "whom it was joined to has left"


@dataclass(frozen=True)
class Identified:
    """One identifier, as the screen may show it."""

    label: str
    value: str
    verified: bool
    last_seen_at: datetime


@dataclass(frozen=True)
class Apart:
    """From whom a source profile was parted when everybody was asked anew, as the page says it, with the ids of their
    profile and of the pair in the review queue, where there are any."""

    short: str
    profile: UUID | None
    profile_short: str
    waits: UUID | None

    @staticmethod
    def of(parted: Parted | None) -> "Apart | None":
        """The same in words; none where nobody was parted."""
        if parted is None:
            return None
        home = parted.profile
        return Apart(short(parted.source_profile), home, short(home) if home else "", parted.waits)


@dataclass(frozen=True)
class Part:
    """One source profile of a person, and what holds it there.

    Where a merge was undone that is what held it before: `back` says so, and `undone` why. `parted` says from whom it
    was parted when everybody was asked anew: the evidence is what spoke for them all the same.
    """

    id: UUID
    short: str
    source: str
    source_kind: str
    kind: str
    since: datetime
    first_seen_at: datetime
    last_seen_at: datetime
    reason: str
    by_hand: bool
    bits: float | None
    alike: str
    note: str
    undone: str
    back: bool
    parted: Apart | None
    evidence: Evidence
    readable: bool
    identifiers: list[Identified] = field(default_factory=list)

    @property
    def certain(self) -> bool:
        """Joined by what identifies exclusively, whatever else was compared."""
        return self.reason not in SCORED


def parts_of(person: Person, *, revealed: bool = False) -> list[Part]:
    """The source profiles of this person, the most trusted source first; identifiers only with leave to read."""
    rows = list(
        Assignment.objects.current()
        .filter(profile=person.id)
        .select_related("source_profile__source")
        .order_by("-source_profile__source__trust_rank", "-source_profile__last_seen_at", "source_profile_id")
    )
    opened = open_identifiers(person.served, person.grant, opening=open_what_opens) if person.grant else {}
    holding = held_by(rows)
    notes = reasons_of([*rows, *holding])
    parted = parted_from(holding)
    members = {str(row.source_profile_id) for row in rows}
    refused = set(person.source_profiles).difference(person.served) if person.grant else set()
    return [
        _part(
            row,
            held,
            opened.get(row.source_profile_id, []),
            notes,
            parted.get(held.pk),
            members=members,
            readable=row.source_profile_id not in refused,
            revealed=revealed,
        )
        for row, held in zip(rows, holding, strict=True)
    ]


def kinds_of(parts: list[Part]) -> list[tuple[str, int]]:
    """How many source profiles come from each kind of source."""
    return sorted(Counter(part.source_kind for part in parts).items())


def _part(
    entry: Assignment,
    held: Assignment,
    identifiers: list[KnownIdentifier],
    notes: Mapping[UUID, str],
    parted: Parted | None,
    *,
    members: Collection[str],
    readable: bool,
    revealed: bool,
) -> Part:
    known: SourceProfile = entry.source_profile
    alike = held.evidence.get("with")
    left = alike is not None and alike not in members
    evidence = {} if left else held.evidence
    return Part(
        id=known.pk,
        short=short(known.pk),
        source=known.source.name,
        source_kind=known.source.kind,
        kind=KINDS.get(known.kind, known.kind),
        since=entry.assigned_at,
        first_seen_at=known.first_seen_at,
        last_seen_at=known.last_seen_at,
        reason=LEFT_BEHIND if left else REASONS.get(held.reason, held.reason),
        by_hand="from" in entry.evidence,
        bits=evidence.get("bits"),
        alike=short(alike) if alike and not left else "",
        note=notes.get(held.pk, ""),
        undone=notes.get(entry.pk, "") if held is not entry else "",
        back=held is not entry,
        parted=Apart.of(parted),
        evidence=of_assignment(evidence),
        readable=readable,
        identifiers=[_identified(item, revealed=revealed) for item in identifiers],
    )


def _identified(item: KnownIdentifier, *, revealed: bool) -> Identified:
    value = shown(item.namespace, item.value, revealed=revealed)
    return Identified(label_of(item.namespace), value, item.verified, item.last_seen_at)
