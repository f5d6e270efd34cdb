"""Who else bears a person's identifiers: other profiles that may be the same person, or share a household with them.

They are found by blind index, so nothing is opened. What an erasure leaves with others, and whom it may have
forgotten, stands here for whoever decides.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from identity import blocked
from privacy import requests
from privacy.models import UNFINISHED, SubjectRequest
from privacy.subjects import Subject, find, living
from privacy.suppression import Pair, pairs_of
from privacy.verification import Verification

# An identifier that more profiles bear than this says nothing about a person: a shop's own number, a placeholder.
CROWD = 50
DEVICE = "device_id"
# The steps that say so: of the request at hand, and of the one that it brought with it.
ADDED, ADDED_TO = "another profile added", "added to another request"

# For every pair, the profiles that bear it now, up to one more than a crowd: as an identifier, as the stable key of
# their source, or as the device of an episode that they own.
BEARERS = """
SELECT pair.namespace, pair.index, other.profile_id
FROM unnest(%(namespaces)s::text[], %(indexes)s::bytea[]) AS pair (namespace, index)
JOIN LATERAL (
    SELECT DISTINCT entry.profile_id FROM (
        SELECT source_profile_id AS id FROM records_identifier
        WHERE namespace = pair.namespace AND index = pair.index
        UNION ALL
        SELECT known.id FROM records_source AS source
        JOIN records_sourceprofile AS known ON known.source_id = source.id AND known.stable_index = pair.index
        WHERE source.stable_key = pair.namespace
        UNION ALL
        SELECT owner_id FROM identity_deviceepisode
        WHERE pair.namespace = %(device)s AND device_index = pair.index AND owner_id IS NOT NULL
    ) AS bearer
    JOIN identity_assignment AS entry ON entry.source_profile_id = bearer.id AND entry.ended_at IS NULL
    WHERE entry.profile_id <> ALL(%(own)s)
    LIMIT %(most)s
) AS other ON true
"""


class NotShared(LookupError):
    """That profile bears none of the person's identifiers."""


@dataclass(frozen=True)
class Sharing:
    """The other profiles by the identifiers that they bear too, and what so many bear that it says nothing."""

    profiles: dict[UUID, frozenset[Pair]]
    crowds: dict[str, int]

    def __bool__(self) -> bool:
        return bool(self.profiles)


def sharing(subject: Subject) -> Sharing:
    """Every other profile that bears an identifier of this person, those that bear the most of them first."""
    pairs = sorted(pairs_of(subject.source_profiles) - blocked.standing().pairs)
    bearers: dict[Pair, set[UUID]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(
            BEARERS,
            {
                "namespaces": [namespace for namespace, _ in pairs],
                "indexes": [index for _, index in pairs],
                "device": DEVICE,
                "own": sorted(subject.profiles),
                "most": CROWD + 1,
            },
        )
        for namespace, index, profile in cursor.fetchall():
            bearers[namespace, bytes(index)].add(profile)
    crowds: dict[str, int] = defaultdict(int)
    found: dict[UUID, set[Pair]] = defaultdict(set)
    for pair, profiles in bearers.items():
        if len(profiles) > CROWD:
            crowds[pair[0]] += 1
            continue
        for profile in profiles:
            found[profile].add(pair)
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return Sharing({profile: frozenset(shared) for profile, shared in ordered}, dict(crowds))


def asked_already(profiles: Collection[UUID], *, kind: str) -> dict[UUID, SubjectRequest]:
    """The unfinished request of this kind that each of these profiles has."""
    found = SubjectRequest.objects.filter(profile_id__in=list(profiles), kind=kind, state__in=UNFINISHED)
    return {row.profile_id: row for row in found.order_by("-opened_at") if row.profile_id}


def unfinished(profile: UUID) -> list[SubjectRequest]:
    """What is asked for this profile and not done yet, the soonest due first."""
    return list(SubjectRequest.objects.filter(profile_id=profile, state__in=UNFINISHED).order_by("due_date", "id"))


def ask_as_well(request: SubjectRequest, profile_id: UUID, *, actor: str, now: datetime) -> SubjectRequest:
    """The same asked for another profile that is the same person: a request of its own, on the same clocks.

    Each is approved by itself, so that nobody's data go on one person's word that two profiles are one person. Asked
    twice, it answers the same. Raises `NotShared`, `privacy.requests.NotOpen`, `privacy.subjects.UnknownProfile`.
    """
    with transaction.atomic():
        request = requests.lock(request, states=UNFINISHED, unverified=True)
        profile = living(profile_id)
        if profile not in sharing(find(request.profile_id)).profiles:
            raise NotShared("that profile bears none of this person's identifiers any more")
        if known := asked_already([profile], kind=request.kind).get(profile):
            return known
        added = requests.receive(
            request.kind,
            profile_id=profile,
            actor=actor,
            regulation=request.regulation,
            channel=request.channel,
            received_at=request.received_at,
            verification=Verification(request.verification, request.verified_by) if request.verified_at else None,
            now=now,
        )
        for one, what, other in ((request, ADDED, added), (added, ADDED_TO, request)):
            requests.take_step(one, what, actor=actor, now=now, detail={"request": str(other.pk)})
    return added
