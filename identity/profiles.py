"""Profiles: found by identifier, and the source profiles that are theirs, now and at any past instant."""

from collections import defaultdict
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import CharField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Replace

from consent.many import Groups
from identity import blocked
from identity.models import Assignment, Profile
from records.dictionary import FIELDS, IDENTIFIERS
from records.models import Identifier, Source, SourceProfile
from records.standardize import Absurd, Setting, identity_form, standardize
from vault.arrays import Uuids
from vault.blind import indexes_in_force
from vault.cursors import planned_cursor
from vault.questions import Question, Rows, answer

# Every profile with its source profiles, for `consent.many.decide_all`.
EVERYBODY = Groups("identity_assignment", "profile_id", "ended_at IS NULL")


class UnknownNamespace(ValueError):
    """Nobody can be looked up by this kind of value."""


def source_profiles(profile_id: UUID, *, at: datetime | None = None) -> list[UUID]:
    """The source profiles of this profile, now or as the ledger had it at that instant."""
    return source_profiles_of([profile_id], at=at).get(profile_id, [])


def source_profiles_of(profile_ids: Collection[UUID], *, at: datetime | None = None) -> dict[UUID, list[UUID]]:
    """The source profiles of many profiles, in the order of their ids; profiles that have none are left out."""
    found: dict[UUID, list[UUID]] = defaultdict(list)
    asked: dict[str, Any] = {"profiles": Uuids(profile_ids)}
    with planned_cursor() as cursor:
        cursor.execute(*(MEMBERS, asked) if at is None else (MEMBERS_AT, {**asked, "at": at}))
        for profile, source_profile in cursor.fetchall():
            found[profile].append(source_profile)
    return dict(found)


MEMBERS = """
SELECT profile_id, source_profile_id FROM identity_assignment
WHERE profile_id = ANY(%(profiles)b::uuid[]) AND ended_at IS NULL ORDER BY source_profile_id
"""
MEMBERS_AT = """
SELECT profile_id, source_profile_id FROM identity_assignment
WHERE profile_id = ANY(%(profiles)b::uuid[]) AND assigned_at <= %(at)b AND (ended_at IS NULL OR ended_at > %(at)b)
ORDER BY source_profile_id
"""


def profile_of(source_profile_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The profile that each of these source profiles belongs to now; those not yet resolved are left out."""
    return answer(current(source_profile_ids)) if source_profile_ids else {}


def current(source_profile_ids: Collection[UUID]) -> Question[dict[UUID, UUID]]:
    """The same as a question."""
    return Question(CURRENT, {"ids": Uuids(source_profile_ids)}, lambda rows: {row[0]: row[1] for row in rows})


def former(source_profile_ids: Collection[UUID]) -> Question[Rows]:
    """Each of these source profiles with each profile that it was in before, by whoever's hand."""
    return Question(FORMER, {"were": Uuids(source_profile_ids)}, lambda rows: [row[:2] for row in rows])


CURRENT = """
SELECT source_profile_id, profile_id, NULL FROM identity_assignment
WHERE source_profile_id = ANY(%(ids)b::uuid[]) AND ended_at IS NULL
"""

FORMER = """
SELECT DISTINCT source_profile_id, profile_id, NULL FROM identity_assignment
WHERE source_profile_id = ANY(%(were)b::uuid[]) AND ended_at IS NOT NULL AND profile_id IS NOT NULL
"""


def merged_by_hand(source_profile_ids: Collection[UUID]) -> Question[dict[UUID, UUID]]:
    """The same of those alone whose profile a person has had a hand in.

    Also where matching has since joined it to an older one, in which the person's word stands and no entry by hand; and
    of a large one that somebody was taken out of: a few of its pairs are ruled upon, and it holds the others.
    """
    asked = {"ids": Uuids(source_profile_ids), "ruled": MOST_RULED}
    return Question(BY_HAND, asked, lambda rows: {row[0]: row[1] for row in rows})


# A person's decision on two sides is kept in so many pairs of either, at most: the first and the last half of them.
MOST_RULED = 20


# From these outwards, whatever is known of the tables: each of their profiles is looked into once.
BY_HAND = """
WITH mine AS MATERIALIZED (
    SELECT asked.id, entry.profile_id FROM unnest(%(ids)b::uuid[]) AS asked (id)
    CROSS JOIN LATERAL (
        SELECT profile_id FROM identity_assignment WHERE source_profile_id = asked.id AND ended_at IS NULL OFFSET 0
    ) AS entry
), touched AS MATERIALIZED (
    SELECT profile_id FROM (SELECT DISTINCT profile_id FROM mine) AS theirs WHERE EXISTS (
        SELECT FROM identity_assignment AS entry
        WHERE entry.profile_id = theirs.profile_id AND ended_at IS NULL AND reason = 'by hand' OFFSET 0
    ) OR EXISTS (
        SELECT FROM (
            SELECT source_profile_id FROM identity_assignment
            WHERE profile_id = theirs.profile_id AND ended_at IS NULL OFFSET 0
        ) AS member
        CROSS JOIN LATERAL (
            SELECT right_id FROM identity_verdict
            WHERE left_id = member.source_profile_id AND verdict = 'must_link' AND undone_at IS NULL OFFSET 0
        ) AS said
        CROSS JOIN LATERAL (
            SELECT profile_id FROM identity_assignment
            WHERE source_profile_id = said.right_id AND ended_at IS NULL OFFSET 0
        ) AS other
        WHERE other.profile_id = theirs.profile_id
    ) OR EXISTS (
        SELECT FROM (
            SELECT source_profile_id, count(*) OVER () AS members FROM identity_assignment
            WHERE profile_id = theirs.profile_id AND ended_at IS NULL OFFSET 0
        ) AS member
        WHERE members > %(ruled)b AND (
            EXISTS (SELECT FROM identity_verdict WHERE left_id = source_profile_id AND undone_at IS NULL OFFSET 0)
            OR EXISTS (SELECT FROM identity_verdict WHERE right_id = source_profile_id AND undone_at IS NULL OFFSET 0)
        )
    )
)
SELECT id, profile_id, NULL FROM mine WHERE profile_id IN (SELECT profile_id FROM touched)
"""


class NotOneProfile(LookupError):
    """No profile, or more than one, is called so; the message says which."""


LEAST_OF_AN_ID = 6


def called(text: str) -> UUID:
    """The profile of this id, or of this end of one, as screens show it. Raises `NotOneProfile`."""
    written = text.strip().lower()
    with suppress(ValueError):
        return UUID(written)
    end = written.replace("-", "")
    if len(end) < LEAST_OF_AN_ID or set(end) - set("0123456789abcdef"):
        raise NotOneProfile("give the id of a profile, or its last eight signs, as its page shows them")
    ids = Profile.objects.annotate(name=Cast("id", CharField())).annotate(bare=Replace("name", Value("-")))
    found = list(ids.filter(bare__endswith=end).values_list("id", flat=True)[:2])
    if len(found) != 1:
        raise NotOneProfile("several profiles end so; give the whole id" if found else "no profile has this id")
    return found[0]


def look_up(namespace: str, value: str, *, now: datetime) -> UUID | None:
    """The profile of whoever bears this identifier; with several, whoever bore it verified, then
    whoever bore it last.

    The value may be written as people write it. Raises `UnknownNamespace`.
    """
    if namespace not in IDENTIFIERS:
        raise UnknownNamespace(f"look up by one of {', '.join(sorted(IDENTIFIERS))}")
    indexes = _telling_indexes(namespace, value, now)
    bearers = Identifier.objects.filter(namespace=namespace, index__in=indexes).order_by("-verified", "-last_seen_at")
    ids = list(bearers.values_list("source_profile_id", flat=True)[:100])
    keyed = SourceProfile.objects.filter(source__stable_key=namespace, stable_index__in=indexes)
    ids += keyed.values_list("id", flat=True)
    belongs = profile_of(ids)
    return next((belongs[id] for id in ids if id in belongs), None)


def bears(source_profile_ids: Collection[UUID], namespace: str, value: str, *, now: datetime) -> bool:
    """Whether any of these source profiles bears this identifier, which may be written as people write it."""
    indexes = _telling_indexes(namespace, value, now)
    seen = Identifier.objects.filter(namespace=namespace, index__in=indexes)
    keyed = SourceProfile.objects.filter(source__stable_key=namespace, stable_index__in=indexes)
    return (
        seen.filter(source_profile__in=list(source_profile_ids)).exists()
        or keyed.filter(id__in=list(source_profile_ids)).exists()
    )


def _telling_indexes(namespace: str, value: str, now: datetime) -> list[bytes]:
    """The blind indexes of the value, however it is read; none of a value that is nobody's."""
    forms = forms_of(namespace, value, now=now)
    indexes = {index for form in forms for index in indexes_in_force(namespace, form)}
    return sorted(indexes - set(blocked.standing().of(namespace))) if indexes else []


def forms_of(namespace: str, value: str, *, now: datetime) -> set[str]:
    """The forms under which the value is indexed, as each source's region would read it."""
    regions = set(Source.objects.values_list("region", flat=True)) if namespace == "phone" else set()
    forms = set()
    for region in sorted(regions or {"GB"}):
        try:
            clean = standardize(FIELDS[namespace].standardizer, value, Setting(region, date_order=None, now=now))
        except Absurd:
            continue
        if clean.value:
            forms.add(identity_form(namespace, clean.value))
    return forms


def where_now(profile_id: UUID) -> UUID | None:
    """The profile that goes on with this one's source profiles: itself, or the one that it was merged into.

    None when there never was such a profile, or the person was erased.
    """
    seen: set[UUID] = set()
    current: UUID | None = profile_id
    while current is not None and current not in seen:
        seen.add(current)
        if Assignment.objects.current().filter(profile=current).exists():
            return current
        current = _successor(current)
    return None


def _successor(profile_id: UUID) -> UUID | None:
    last = Assignment.objects.filter(profile=profile_id).order_by("-ended_at", "-id").first()
    if last is None:
        return None
    following = Assignment.objects.filter(source_profile=last.source_profile_id, assigned_at__gte=last.ended_at)
    nearest = following.exclude(id=last.id).order_by("assigned_at", "id").first()
    return nearest.profile_id if nearest else None


def living() -> QuerySet[Profile]:
    """Profiles that have source profiles now."""
    return Profile.objects.filter(Exists(Assignment.objects.current().filter(profile=OuterRef("pk"))))
