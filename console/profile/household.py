"""Whom a person lives with, as far as they may be read and linked now. Their names stay masked also where the person's
are revealed: leave to see one person clearly is not leave to see another."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest

from console.asking import LINKING, Person, ask_for_each
from console.profile.called import NAMES
from console.showing import initials_of, name_of, short
from identity import golden
from identity.golden import GoldenRead
from identity.households import Housemate, has_home, household_of
from identity.profiles import source_profiles_of
from vault import audit
from vault.sealing import open_what_opens

REASON = "profile page of a housemate"
SHARED = {
    "flat": "same flat",
    "family_name": "same family name",
    "phone": "same phone number",
    "email": "same e-mail address",
}


@dataclass(frozen=True)
class Mate:
    """Somebody who lives with the person: since when that is known, and what ties them to the person, or else to
    another member."""

    profile: UUID
    short: str
    name: str
    initials: str
    since: datetime
    because: list[str]


def mates_of(person: Person, request: HttpRequest, *, now: datetime) -> list[Mate] | None:
    """The others of the household, whoever became known first before all others; None where the person has no home
    that may be told of. One decision for each purpose, however many they are."""
    if person.grant is None or not has_home(person.id):
        return None
    household = household_of(person.id)
    members = [one.profile for one in household.members] if household else []
    everyone = source_profiles_of({person.id, *members})
    linkable = ask_for_each(everyone, request, purpose=LINKING, reason=REASON, now=now)
    if person.id not in linkable.allowed:
        return None
    readable = ask_for_each(everyone, request, reason=REASON, now=now)
    told = household.told_by(readable.grant.source_profiles) if household else None
    seen = told.seen_from(person.id, among=readable.allowed & linkable.allowed) if told else None
    others = [one for one in seen.members if one.profile != person.id] if seen else []
    if not others:
        return []
    theirs = {id for one in others for id in everyone[one.profile]}
    audit.write(
        readable.grant,
        sorted(theirs & readable.grant.source_profiles),
        action="open profile",
        fields=["household"],
    )
    ids = [one.profile for one in others]
    records = golden.read(ids, readable.grant, fields=NAMES, opening=open_what_opens)
    ties = next(one.ties for one in seen.members if one.profile == person.id) if seen else {}
    return [_mate(one, ties, records.get(one.profile, {})) for one in others]


def _mate(one: Housemate, ties: Mapping[str, bytes], record: dict[str, GoldenRead]) -> Mate:
    """What the person shares with this member; where that is nothing, what ties them to another member."""
    shared = {tie: told for tie, told in SHARED.items() if tie in one.because}
    because = [told for tie, told in shared.items() if ties.get(tie) == one.ties[tie]]
    because = because or [f"{told} as another member" for told in shared.values()]
    return Mate(one.profile, short(one.profile), name_of(record), initials_of(record), one.joined_at, because)
