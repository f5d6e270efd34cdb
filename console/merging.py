"""Two profiles side by side, before somebody makes them one: what is known of either, and what speaks for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest

from consent.decide import Decisions
from console.asking import LINKING, ask_for_each
from console.profile.apart import Apart, kept_apart
from console.profile.evidence import Evidence, of_levels
from console.profile.list import Seen, seen_of
from console.showing import initials_of, label_of, name_of, short, shown
from identity import golden, ledger
from identity.golden import GoldenRead
from identity.households import household_of
from identity.likeness import likeness
from identity.makeup import makeup_of
from identity.profiles import source_profiles_of
from records.dictionary import FIELDS
from vault.sealing import open_what_opens

NOTHING: Mapping[str, GoldenRead] = {}
# Below it whoever merges by hand is warned: not even the widest review queue asks about such a pair.
UNLIKELY_PERCENT = 5


@dataclass(frozen=True)
class Side:
    """One of the two profiles, as far as it may be shown. `stays`: the other one would go on under its id."""

    profile: UUID
    short: str
    name: str
    initials: str
    refused: str
    seen: Seen
    source_profiles: int
    stays: bool


@dataclass(frozen=True)
class Field:
    """One field of both golden records, masked."""

    label: str
    left: str
    right: str


@dataclass(frozen=True)
class Both:
    """Two profiles side by side; how likely they are one person by their golden records, in percent, if it can be told;
    who decided before to keep them apart; whether they live in one household; and the mark of whom both are made of."""

    sides: list[Side]
    fields: list[Field]
    percent: float | None
    evidence: Evidence
    apart: Apart | None
    together: bool
    makeup: str

    @property
    def refused(self) -> str:
        """Why either may not be linked with anybody; empty: both may."""
        return next((side.refused for side in self.sides if side.refused), "")

    @property
    def unlikely(self) -> bool:
        """Whether hardly anything speaks for one person."""
        return self.percent is not None and self.percent < UNLIKELY_PERCENT


def both(left: UUID, right: UUID, request: HttpRequest, *, now: datetime) -> Both:
    """What whoever merges two profiles should see first. That they were opened stands in the audit log."""
    makeup, owned = makeup_of([left, right]), source_profiles_of([left, right])
    decisions = ask_for_each(owned, request, purpose=LINKING, reason="compare before a merge", now=now)
    records = golden.read(sorted(decisions.allowed), decisions.grant, opening=open_what_opens)
    one, other = records.get(left, NOTHING), records.get(right, NOTHING)
    alike = likeness(one, {right: other})[right]
    seen, stays = seen_of(owned), ledger.oldest([left, right])
    return Both(
        sides=[
            Side(
                profile=id,
                short=short(id),
                name="Not shown" if id in decisions.refused else name_of(record),
                initials=initials_of(record),
                refused=decisions.refused.get(id, ""),
                seen=seen[id],
                source_profiles=len(owned[id]),
                stays=id == stays,
            )
            for id, record in ((left, one), (right, other))
        ],
        fields=[
            Field(label_of(field), _masked(field, one), _masked(field, other))
            for field in FIELDS
            if field in one or field in other
        ],
        percent=None if alike.probability is None else 100 * alike.probability,
        evidence=of_levels(alike.steps),
        apart=next((row for row in kept_apart(left, owned[left]) if row.profile == right), None),
        together=_live_together(left, decisions),
        makeup=makeup,
    )


def _live_together(profile: UUID, decisions: Decisions[UUID]) -> bool:
    """Whether this one of the two lives with the other, by what ties these two alone and may be told of."""
    household = household_of(profile)
    told = household.told_by(decisions.grant.source_profiles) if household else None
    return told is not None and told.seen_from(profile, among=decisions.allowed) is not None


def _masked(field: str, record: Mapping[str, GoldenRead]) -> str:
    return shown(field, record[field].value) if field in record else ""
