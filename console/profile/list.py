"""The rows of the profile list: a page of profiles, each masked and only as far as it may be read."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone

from access.roles import VIEW_SEGMENTS
from console.asking import SERVICE, ask_for_each, may
from console.showing import initials_of, name_of, shown
from identity import golden
from identity.golden import GoldenRead
from identity.models import Profile
from identity.profiles import source_profiles_of
from records.models import SourceProfile
from segments.models import Membership
from vault.sealing import open_what_opens

# What the list shows, and therefore all that it opens.
SHOWN = ("given_name", "family_name", "full_name", "email")


@dataclass(frozen=True)
class Row:
    """What the list says of one profile."""

    name: str
    initials: str
    email: str
    refused: str
    sources: list[tuple[str, str, int]]
    first_seen_at: datetime | None
    last_seen_at: datetime | None
    segments: list[str]


def describe(profiles: Sequence[Profile], request: HttpRequest) -> dict[UUID, Row]:
    """A row for each of these profiles. One decision and one audit entry for the page."""
    now = timezone.now()
    owned = source_profiles_of([profile.pk for profile in profiles])
    decisions = ask_for_each(owned, request, reason="profile list", now=now)
    golden_records = golden.read(sorted(decisions.allowed), decisions.grant, fields=SHOWN, opening=open_what_opens)
    seen = seen_of(owned)
    segments = _segments(owned) if may(request, VIEW_SEGMENTS) else {}
    return {
        profile: _row(
            golden_records.get(profile, {}),
            _plainly(decisions.refused.get(profile, "")),
            seen[profile],
            segments.get(profile, []),
        )
        for profile in owned
    }


def _plainly(refused: str) -> str:
    """Why the row shows nothing, with the purpose that it was asked for."""
    return f"may not be read for {SERVICE}: {refused}" if refused else ""


@dataclass
class Seen:
    """By which sources a profile was seen (name, kind, source profiles), first and last."""

    sources: list[tuple[str, str, int]]
    first_at: datetime | None = None
    last_at: datetime | None = None


def seen_of(owned: dict[UUID, list[UUID]]) -> dict[UUID, Seen]:
    """Where and when each profile was seen, by its source profiles. One query."""
    home = {id: profile for profile, ids in owned.items() for id in ids}
    rows = SourceProfile.objects.filter(id__in=list(home)).select_related("source").order_by("source__name")
    found = {profile: Seen([]) for profile in owned}
    counts: dict[UUID, dict[tuple[str, str], int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        seen = found[home[row.pk]]
        counts[home[row.pk]][row.source.name, row.source.kind] += 1
        seen.first_at = min(seen.first_at or row.first_seen_at, row.first_seen_at)
        seen.last_at = max(seen.last_at or row.last_seen_at, row.last_seen_at)
    for profile, by_source in counts.items():
        found[profile].sources = [(name, kind, count) for (name, kind), count in by_source.items()]
    return found


def _segments(owned: Collection[UUID]) -> dict[UUID, list[str]]:
    rows = Membership.objects.filter(profile__in=list(owned), left_at=None, segment__active=True)
    found: dict[UUID, list[str]] = defaultdict(list)
    for profile, name in rows.order_by("segment__name").values_list("profile_id", "segment__name"):
        found[profile].append(name)
    return found


def _row(record: dict[str, GoldenRead], refused: str, seen: Seen, segments: list[str]) -> Row:
    return Row(
        name="Not shown" if refused else name_of(record),
        initials=initials_of(record) if record else "?",
        email=shown("email", record["email"].value) if "email" in record else "",
        refused=refused,
        sources=seen.sources,
        first_seen_at=seen.first_at,
        last_seen_at=seen.last_at,
        segments=segments,
    )
