"""Consent signals at the door: read, and recorded for the device, its pseudonymous profile and the person, if known.

Global Privacy Control is a word about the device: it is recorded on every source profile that the device's use has
made, as far as nobody else owns it, and on those that it makes later. Once the person has seen that it is honored and
said yes all the same, the signal that the browser keeps sending changes nothing any more.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection
from msgspec.structs import replace

from consent.acts import NewAct
from consent.models import WITHDRAWN
from consent.signals import meaning
from consent.signals.meaning import GPC, Heard, Terms
from consent.signals.terms import terms_in_force
from identity.profiles import profile_of, source_profiles_of
from records.envelope import Envelope, Said, Signal
from records.models import Source
from records.store import Accepted

UNREADABLE = "unreadable_consent"


def interpret(envelopes: Sequence[Envelope], source: Source, *, now: datetime) -> list[Envelope]:
    """The envelopes, what their signals say among what they say. One with a signal that nobody can read is flagged."""
    if not any(item.signals for item in envelopes):
        return list(envelopes)
    terms = terms_in_force(source.mapping)
    return [_interpret(item, terms, now) if item.signals else item for item in envelopes]


def _interpret(item: Envelope, terms: Terms, now: datetime) -> Envelope:
    said, flags = list(item.said), list(item.flags)
    for signal in item.signals:
        heard = meaning.hear(signal.kind, signal.text, terms, now=now)
        said += words(signal, heard)
        if not heard.readable:
            flags.append(f"{UNREADABLE}:{signal.kind}")
    return replace(item, said=tuple(said), flags=tuple(dict.fromkeys(flags)))


def words(signal: Signal, heard: Heard) -> Iterator[Said]:
    """What was heard, purpose by purpose; it speaks of every channel."""
    for purpose in sorted(heard.granted | heard.denied):
        yield Said(purpose, "", purpose in heard.granted, how=signal.kind, said_at=heard.said_at)
    for purpose in sorted(heard.withdrawn):
        yield Said(purpose, "", False, how=GPC if heard.gpc else signal.kind)


def spoken_at(word: Said, item: Envelope, *, now: datetime) -> datetime:
    """When this was said: never in the future; a browser's standing signal when it came, however old the message is."""
    now = item.received_at or now
    return now if word.how == GPC else min(item.occurred_at, word.said_at or now, now)


EPISODES = """
SELECT device_index, source_profile_id, owner_id FROM identity_deviceepisode
WHERE source_id = %s AND device_index = ANY(%s)
"""


def of_devices(
    source: Source, placed: Sequence[Accepted], device_indexes: Sequence[bytes | None], acts: Sequence[NewAct]
) -> list[NewAct]:
    """The opt-outs among these acts again, for what else the devices that sent them have made.

    `device_indexes` stand beside the placed envelopes. Episodes that belong to somebody else are left alone.
    """
    opted_out = defaultdict(list)
    for act in acts:
        if act.how == GPC:
            opted_out[act.source_profile].append(act)
    homes = {
        (bytes(index), item.source_profile)
        for item, index in zip(placed, device_indexes, strict=True)
        if index and item.source_profile in opted_out
    }
    if not homes:
        return []
    with connection.cursor() as cursor:
        cursor.execute(EPISODES, [source.id, list({index for index, _ in homes})])
        episodes = [(bytes(index), made, owner) for index, made, owner in cursor.fetchall()]
    return [
        replace(act, source_profile=other)
        for index, home in sorted(homes)
        for other in _others(home, [episode[1:] for episode in episodes if episode[0] == index])
        for act in opted_out[home]
    ]


def _others(home: UUID, episodes: Sequence[tuple[UUID | None, UUID | None]]) -> list[UUID]:
    """Source profiles of the device that share its signal: the owner of the home, and whatever nobody else owns."""
    owner = next((owner for made, owner in episodes if made == home and owner), home)
    found = {made for made, its_owner in episodes if made and its_owner in (None, owner)} | {owner}
    return sorted(found - {home})


# What the latest word of each purpose was on the same device, where a new episode has begun there.
STANDING = """
SELECT source_profile_id, purpose_id, occurred_at, verified FROM (
    SELECT DISTINCT ON (fresh.source_profile_id, act.purpose_id)
        fresh.source_profile_id, act.purpose_id, act.occurred_at, act.verified, act.how, act.state
    FROM identity_deviceepisode AS fresh
    JOIN identity_deviceepisode AS other USING (source_id, device_index)
    JOIN consent_act AS act ON act.source_profile_id IN (other.source_profile_id, other.owner_id)
    WHERE fresh.source_profile_id = ANY(%s) AND act.source_profile_id <> fresh.source_profile_id
    ORDER BY fresh.source_profile_id, act.purpose_id, act.occurred_at DESC, act.state DESC
) AS latest WHERE how = %s AND state = 'withdrawn'
"""


def carried_over(made: Collection[UUID]) -> list[NewAct]:
    """The opt-outs that stand for the devices of these new source profiles: the next visit begins with them."""
    if not made:
        return []
    with connection.cursor() as cursor:
        cursor.execute(STANDING, [list(made), GPC])
        return [
            NewAct(source_profile, purpose, "", WITHDRAWN, occurred_at, GPC, verified)
            for source_profile, purpose, occurred_at, verified in cursor.fetchall()
        ]


# When the signal first came, and when the person last said yes themselves (not the source for them).
ANSWERED = """
SELECT source_profile_id, purpose_id,
    min(occurred_at) FILTER (WHERE how = %(gpc)s AND state = 'withdrawn'),
    max(occurred_at) FILTER (WHERE state = 'granted' AND verified AND actor <> '')
FROM consent_act WHERE source_profile_id = ANY(%(ids)s) GROUP BY source_profile_id, purpose_id
"""


def without_answered(acts: Sequence[NewAct]) -> list[NewAct]:
    """These acts without the opt-outs by Global Privacy Control that the known person has overruled since it came."""
    speakers = {act.source_profile for act in acts if act.how == GPC}
    if not speakers:
        return list(acts)
    answered = _answered(speakers)
    return [act for act in acts if act.how != GPC or (act.source_profile, act.purpose) not in answered]


def _answered(speakers: Collection[UUID]) -> set[tuple[UUID, str]]:
    persons = _persons(speakers)
    with connection.cursor() as cursor:
        cursor.execute(ANSWERED, {"gpc": GPC, "ids": list({id for ids in persons.values() for id in ids})})
        rows = cursor.fetchall()
    answered = set()
    for speaker, ids in persons.items():
        for purpose in {row[1] for row in rows}:
            theirs = [row[2:] for row in rows if row[0] in ids and row[1] == purpose]
            first = min((came for came, _ in theirs if came), default=None)
            yes = max((said for _, said in theirs if said), default=None)
            if first and yes and first < yes:
                answered.add((speaker, purpose))
    return answered


def _persons(speakers: Collection[UUID]) -> Mapping[UUID, set[UUID]]:
    """All source profiles of the person behind each of these, as far as the person is known."""
    profiles = profile_of(speakers)
    members = source_profiles_of(set(profiles.values()))
    return {id: {id, *members.get(profiles[id], ())} if id in profiles else {id} for id in speakers}
