"""Devices: who used one when. Each stretch of use is an episode with its own source profile; sign-in claims it.

B signing in on A's device ends A's episode: what A did stays A's, what happens from then on is B's.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from identity.models import DeviceEpisode
from records import source_profiles
from records.models import EPISODE, Source
from records.source_profiles import Newcomer
from vault.ids import new_id


@dataclass(frozen=True, slots=True)
class Sighting:
    """A device was used then; by this source profile if it signed in, by whoever was at it otherwise."""

    device_index: bytes
    at: datetime
    owner: UUID | None
    opens_episode: bool = False


@dataclass(frozen=True, slots=True)
class Attribution:
    """The source profile that each sighting belongs to (in order), those made for it, and owners newly known."""

    source_profiles: list[UUID | None]
    made: set[UUID]
    claimed: set[UUID]


def attribute(source: Source, sightings: Sequence[Sighting], *, now: datetime) -> Attribution:
    """Find or begin the episode of each sighting, in the order of event time.

    A sighting with an owner belongs to that owner and gets None here; it claims or ends the device's episode.
    """
    timelines = _timelines(source, {sighting.device_index for sighting in sightings})
    answers: list[UUID | None] = [None] * len(sightings)
    ledger = _Ledger(source)
    for position in sorted(range(len(sightings)), key=lambda position: sightings[position].at):
        sighting = sightings[position]
        timeline = timelines[sighting.device_index]
        if sighting.owner is None:
            answers[position] = ledger.anonymous(timeline, sighting)
        else:
            ledger.signed_in(timeline, sighting)
    ledger.save(now)
    return Attribution(source_profiles=answers, made=set(ledger.newcomers), claimed=ledger.claimed)


FORGET = (
    "UPDATE identity_deviceepisode SET owner_id = NULL WHERE owner_id = ANY(%(ids)s)",
    "UPDATE identity_deviceepisode SET source_profile_id = NULL WHERE source_profile_id = ANY(%(ids)s)",
    """DELETE FROM identity_deviceepisode
       WHERE source_id = %(source)s AND owner_id IS NULL AND source_profile_id IS NULL""",
)


def forget(source: Source, ids: Collection[UUID]) -> None:
    """Leave nothing of source profiles of which nothing may be kept; an episode that then has nobody goes too."""
    if ids:
        with connection.cursor() as cursor:
            for statement in FORGET:
                cursor.execute(statement, {"ids": list(ids), "source": source.id})


def _timelines(source: Source, device_indexes: set[bytes]) -> dict[bytes, list[DeviceEpisode]]:
    timelines: dict[bytes, list[DeviceEpisode]] = defaultdict(list)
    known = DeviceEpisode.objects.filter(source=source, device_index__in=sorted(device_indexes))
    for episode in known.order_by("id").select_for_update(of=("self",)):
        timelines[bytes(episode.device_index)].append(episode)
    for timeline in timelines.values():
        timeline.sort(key=lambda episode: episode.started_at)
    return timelines


CHANGE = """
UPDATE identity_deviceepisode AS episode SET
    source_profile_id = new.source_profile_id, owner_id = new.owner_id,
    started_at = new.started_at, ended_at = new.ended_at
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::timestamptz[], %s::timestamptz[])
    AS new (id, source_profile_id, owner_id, started_at, ended_at)
WHERE episode.id = new.id
"""


class _Ledger:
    """Episodes begun, claimed and ended by one batch."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.newcomers: dict[UUID, Newcomer] = {}
        self.begun: list[DeviceEpisode] = []
        self.changed: dict[UUID, DeviceEpisode] = {}
        self.claimed: set[UUID] = set()

    def anonymous(self, timeline: list[DeviceEpisode], sighting: Sighting) -> UUID:
        """The source profile of the episode that this sighting falls into."""
        episode = _at(timeline, sighting.at)
        if episode is not None and sighting.opens_episode and episode.source_profile_id is not None:
            self._end(episode, sighting.at)
            episode = None
        if episode is None:
            episode = self._begin(timeline, sighting, owner=None)
        if episode.source_profile_id is None:
            newcomer = Newcomer(new_id(), EPISODE, None, sighting.at)
            self.newcomers[newcomer.id] = newcomer
            episode.source_profile_id = newcomer.id
            self._note(episode)
            if episode.owner_id:
                self.claimed.add(newcomer.id)
        if sighting.at < episode.started_at:
            episode.started_at = sighting.at
            self._note(episode)
        return episode.source_profile_id

    def signed_in(self, timeline: list[DeviceEpisode], sighting: Sighting) -> None:
        """Let the owner claim the device's episode, or end another's and begin the owner's own."""
        episode = _at(timeline, sighting.at)
        if episode is not None and episode.owner_id is None:
            episode.owner_id = sighting.owner
            self._note(episode)
            if episode.source_profile_id:
                self.claimed.add(episode.source_profile_id)
        elif episode is None or episode.owner_id != sighting.owner:
            if episode is not None:
                self._end(episode, sighting.at)
            self._begin(timeline, sighting, owner=sighting.owner)

    def save(self, now: datetime) -> None:
        """Write what this batch found; episodes and their source profiles in one go each."""
        source_profiles.make(self.source, self.newcomers.values(), now=now)
        DeviceEpisode.objects.bulk_create(self.begun, batch_size=2_000)
        rows = [
            (row.id, row.source_profile_id, row.owner_id, row.started_at, row.ended_at) for row in self.changed.values()
        ]
        if rows:
            with connection.cursor() as cursor:
                cursor.execute(CHANGE, [list(column) for column in zip(*rows, strict=True)])

    def _begin(self, timeline: list[DeviceEpisode], sighting: Sighting, *, owner: UUID | None) -> DeviceEpisode:
        later = [episode for episode in timeline if episode.started_at > sighting.at]
        episode = DeviceEpisode(
            id=new_id(),
            source=self.source,
            device_index=sighting.device_index,
            owner_id=owner,
            started_at=sighting.at,
            ended_at=later[0].started_at if later else None,
        )
        timeline.append(episode)
        timeline.sort(key=lambda episode: episode.started_at)
        self.begun.append(episode)
        return episode

    def _end(self, episode: DeviceEpisode, at: datetime) -> None:
        episode.ended_at = at
        self._note(episode)

    def _note(self, episode: DeviceEpisode) -> None:
        if episode._state.db is not None:
            self.changed[episode.id] = episode


def _at(timeline: Sequence[DeviceEpisode], at: datetime) -> DeviceEpisode | None:
    """The episode that holds at that instant; the first one also takes what came just before it, unless it is owned."""
    current = None
    for episode in timeline:
        if episode.started_at <= at and (episode.ended_at is None or at < episode.ended_at):
            current = episode
    if current is None and timeline and at < timeline[0].started_at and timeline[0].owner_id is None:
        return timeline[0]
    return current
