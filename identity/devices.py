"""Devices: who used one when. Each stretch of use is an episode with its own source profile; sign-in claims it.

B signing in on A's device ends A's episode: what A did stays A's, what happens from then on is B's. A sign-in that
arrives late cuts what was taken for one episode. A source profile never splits: one that has been used on both sides of
such a cut belongs to nobody from then on, since half of it would be somebody else's.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from msgspec import Struct

from identity.models import REJECTED, SIGNED_IN, DeviceEpisode, Match
from records import source_profiles
from records.models import EPISODE, Source
from records.source_profiles import Newcomer
from vault.arrays import Uuids
from vault.ids import new_id
from vault.questions import Question


class Sighting(Struct, frozen=True):
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
    """Find or begin the episode of each sighting. In what order they arrive gives nobody what is another's.

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
    known = DeviceEpisode.objects.filter(source=source, device_index__in=sorted(device_indexes), aside=False)
    for episode in known.order_by("id").select_for_update(of=("self",)):
        timelines[bytes(episode.device_index)].append(episode)
    for timeline in timelines.values():
        timeline.sort(key=lambda episode: episode.started_at)
    return timelines


COLUMNS = (
    "source_profile_id",
    "owner_id",
    "started_at",
    "ended_at",
    "signed_in_at",
    "last_signed_in_at",
    "used_from",
    "used_until",
    "opened",
    "contested",
)
CHANGE = f"""
UPDATE identity_deviceepisode AS episode SET {", ".join(f"{column} = new.{column}" for column in COLUMNS)}
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::timestamptz[], %s::timestamptz[],
            %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::boolean[], %s::boolean[])
    AS new (id, {", ".join(COLUMNS)})
WHERE episode.id = new.id
"""


class _Ledger:
    """Episodes begun, claimed, ended and cut by one batch."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.newcomers: dict[UUID, Newcomer] = {}
        self.begun: list[DeviceEpisode] = []
        self.changed: dict[UUID, DeviceEpisode] = {}
        self.claimed: set[UUID] = set()

    def anonymous(self, timeline: list[DeviceEpisode], sighting: Sighting) -> UUID:
        """The source profile of the episode that this sighting falls into."""
        episode = self._episode_at(timeline, sighting)
        if sighting.opens_episode:
            if episode.started_at < sighting.at:
                episode = self._cut(timeline, episode, sighting.at)
            episode.opened, episode.contested = True, False
        if episode.source_profile_id is None:
            newcomer = Newcomer(new_id(), EPISODE, None, sighting.at)
            self.newcomers[newcomer.id] = newcomer
            episode.source_profile_id = newcomer.id
            if episode.owner_id:
                self.claimed.add(newcomer.id)
        episode.used_from = min(sighting.at, episode.used_from or sighting.at)
        episode.used_until = max(sighting.at, episode.used_until or sighting.at)
        self._note(episode)
        return episode.source_profile_id

    def signed_in(self, timeline: list[DeviceEpisode], sighting: Sighting) -> None:
        """Let the owner claim the device's episode, or cut another's where the owner's own begins."""
        episode = self._episode_at(timeline, sighting)
        if episode.contested:
            return
        if episode.owner_id is None or episode.signed_in_at is None or episode.last_signed_in_at is None:
            self._claim(episode, sighting)
        elif episode.owner_id == sighting.owner:
            episode.signed_in_at = min(episode.signed_in_at, sighting.at)
            episode.last_signed_in_at = max(episode.last_signed_in_at, sighting.at)
            self._note(episode)
        elif (sighting.at, sighting.owner) < (episode.signed_in_at, episode.owner_id):
            self._cut(timeline, episode, episode.signed_in_at)
            self._claim(episode, sighting)
        elif (sighting.at, sighting.owner) > (episode.last_signed_in_at, episode.owner_id):
            self._claim(self._cut(timeline, episode, sighting.at), sighting)
        else:
            self._contest(timeline, episode, sighting.at)

    def save(self, now: datetime) -> None:
        """Write what this batch found; episodes and their source profiles in one go each."""
        source_profiles.make(self.source, self.newcomers.values(), now=now)
        rows = [(row.id, *(getattr(row, column) for column in COLUMNS)) for row in self.changed.values()]
        if rows:
            with connection.cursor() as cursor:
                cursor.execute(CHANGE, [list(column) for column in zip(*rows, strict=True)])
        DeviceEpisode.objects.bulk_create(self.begun, batch_size=2_000)

    def _episode_at(self, timeline: list[DeviceEpisode], sighting: Sighting) -> DeviceEpisode:
        """The episode of that instant: the first takes what came before it as well, unless a new user opened it.

        There is no episode where somebody was who has been erased; one is begun there.
        """
        at = sighting.at
        earlier = [episode for episode in timeline if episode.started_at <= at]
        later = timeline[len(earlier)] if len(earlier) < len(timeline) else None
        if earlier and (earlier[-1].ended_at is None or at < earlier[-1].ended_at):
            return earlier[-1]
        if later and not earlier and not later.opened:
            later.started_at = at
            self._note(later)
            return later
        return self._begin(
            timeline,
            DeviceEpisode(
                device_index=sighting.device_index,
                started_at=(earlier[-1].ended_at if earlier else None) or at,
                ended_at=later.started_at if later else None,
            ),
        )

    def _claim(self, episode: DeviceEpisode, sighting: Sighting) -> None:
        episode.owner_id = sighting.owner
        episode.signed_in_at = episode.last_signed_in_at = sighting.at
        self._note(episode)
        if episode.source_profile_id:
            self.claimed.add(episode.source_profile_id)

    def _cut(self, timeline: list[DeviceEpisode], episode: DeviceEpisode, at: datetime) -> DeviceEpisode:
        """End the episode there; the one that begins gets the sign-ins and the use from then on."""
        later = DeviceEpisode(device_index=episode.device_index, started_at=at, ended_at=episode.ended_at)
        later.contested = episode.contested
        if episode.last_signed_in_at is not None and episode.last_signed_in_at >= at and episode.signed_in_at:
            later.owner_id = episode.owner_id
            later.signed_in_at = max(episode.signed_in_at, at)
            later.last_signed_in_at = episode.last_signed_in_at
            if episode.signed_in_at < at:
                episode.last_signed_in_at = at
            else:
                episode.owner_id = episode.signed_in_at = episode.last_signed_in_at = None
        episode.ended_at = at
        self._part(episode, later, at)
        self._note(episode)
        return self._begin(timeline, later)

    def _part(self, episode: DeviceEpisode, later: DeviceEpisode, at: datetime) -> None:
        """Whose the use so far was: of the episode before the cut, of the one after, or, on both sides, of nobody."""
        if episode.source_profile_id is None or episode.used_until is None or episode.used_until < at:
            return
        taken, used_from, used_until = episode.source_profile_id, episode.used_from, episode.used_until
        episode.source_profile_id = episode.used_from = episode.used_until = None
        self.claimed.add(taken)
        if used_from is not None and used_from >= at:
            later.source_profile_id, later.used_from, later.used_until = taken, used_from, used_until
        else:
            aside = DeviceEpisode(device_index=episode.device_index, started_at=used_from or at, ended_at=used_until)
            aside.source_profile_id, aside.used_from, aside.used_until = taken, used_from, used_until
            aside.contested = aside.aside = True
            self._keep(aside)

    def _contest(self, timeline: list[DeviceEpisode], episode: DeviceEpisode, at: datetime) -> None:
        """Somebody else signed in between two sign-ins of the owner: when the owner came back in between is unknown."""
        last, owner = episode.last_signed_in_at or at, episode.owner_id
        middle = self._cut(timeline, episode, at)
        if middle.started_at < last:
            after = self._cut(timeline, middle, last)
            after.owner_id, after.signed_in_at, after.last_signed_in_at = owner, last, last
        middle.contested = True
        middle.owner_id = middle.signed_in_at = middle.last_signed_in_at = None

    def _begin(self, timeline: list[DeviceEpisode], episode: DeviceEpisode) -> DeviceEpisode:
        timeline.append(episode)
        timeline.sort(key=lambda episode: episode.started_at)
        return self._keep(episode)

    def _keep(self, episode: DeviceEpisode) -> DeviceEpisode:
        episode.id, episode.source = new_id(), self.source
        self.begun.append(episode)
        return episode

    def _note(self, episode: DeviceEpisode) -> None:
        if episode._state.db is not None:
            self.changed[episode.id] = episode


# Episodes that the ledger has in one profile with somebody who signed in there, and of whom it is known by now that
# it was not theirs. OFFSET 0 keeps PostgreSQL from choosing another order: planned once while the tables are empty, it
# would begin from all that is linked, and keep to that after a load.
DISOWNED = """
WITH settled AS MATERIALIZED (
    SELECT episode.source_profile_id AS id, episode.owner_id, mine.profile_id
    FROM unnest(%(ids)b::uuid[]) AS asked (id)
    CROSS JOIN LATERAL (
        SELECT source_profile_id, owner_id FROM identity_deviceepisode WHERE source_profile_id = asked.id OFFSET 0
    ) AS episode
    CROSS JOIN LATERAL (
        SELECT profile_id FROM identity_assignment WHERE source_profile_id = asked.id AND ended_at IS NULL OFFSET 0
    ) AS mine
), joined AS (
    SELECT settled.*, match.id AS match_id, match.other, match.state, match.reason FROM settled CROSS JOIN LATERAL (
        (SELECT id, right_id AS other, state, reason FROM identity_match WHERE left_id = settled.id OFFSET 0)
        UNION ALL
        (SELECT id, left_id, state, reason FROM identity_match WHERE right_id = settled.id OFFSET 0)
    ) AS match
)
SELECT joined.match_id, joined.id, NULL FROM joined
CROSS JOIN LATERAL (
    SELECT profile_id FROM identity_assignment WHERE source_profile_id = joined.other AND ended_at IS NULL OFFSET 0
) AS theirs
WHERE joined.state = 'linked' AND joined.reason = %(reason)b AND theirs.profile_id = joined.profile_id
    AND joined.other IS DISTINCT FROM joined.owner_id
"""


@dataclass(frozen=True, slots=True)
class Disowned:
    """Source profiles that were joined to somebody by a sign-in that proved to be no reason to, and those matches."""

    matches: set[UUID]
    source_profiles: set[UUID]


def disowned(ids: Collection[UUID]) -> Question[Disowned]:
    """Which of these source profiles that happened to."""
    asked = {"ids": Uuids(ids), "reason": SIGNED_IN}
    return Question(DISOWNED, asked, lambda rows: Disowned({row[0] for row in rows}, {row[1] for row in rows}))


def reject(found: Disowned) -> None:
    """Let what joined them count no more."""
    if found.matches:
        Match.objects.filter(id__in=found.matches).update(state=REJECTED)
