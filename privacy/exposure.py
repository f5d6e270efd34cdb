"""Exposure: whose data, and which fields, were read with a key or by a user that has fallen into wrong hands."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db import connection

from identity.profiles import profile_of
from records.models import SourceProfile
from vault.audit import subject_hashes

CHUNK = 20_000
Said = TypeVar("Said")


@dataclass
class Affected:
    """A person whose data were read: which fields, how often, first and last."""

    profile: UUID
    fields: set[str]
    reads: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class Exposure:
    """The people affected, the latest read first, and how many more subjects are erased or belong to nobody now."""

    people: list[Affected]
    gone: int


@dataclass
class _Read:
    fields: set[str]
    reads: int
    first_at: datetime
    last_at: datetime


# Reads by subject and kind of read; a leaked key reads the same fields again and again, so the rows are few.
READS = """
SELECT subject, fields, count(*), min(at), max(at)
FROM (
    SELECT unnest(subjects) AS subject, fields, at FROM vault_auditentry
    WHERE actor_kind <> 'machine' AND at >= %(since)s AND at < %(until)s {by}
) AS opened
GROUP BY subject, fields
"""


def exposed(*, actor: str = "", since: datetime, until: datetime) -> Exposure:
    """Everybody whose data this actor (an API key's or user's id; empty: anybody) read from then until then.

    Works from the audit log alone, by the names of the fields that each read opened. Somebody who was merged since is
    named by the profile of today.
    """
    opened = _reads(actor, since, until)
    found = dict(_recognized(opened))
    homes = profile_of(list(found))
    people: dict[UUID, Affected] = {}
    for source_profile, profile in homes.items():
        read = found[source_profile]
        one = people.setdefault(profile, Affected(profile, set(), 0, read.first_at, read.last_at))
        one.fields |= read.fields
        # A read names all source profiles of a person, so its most-read source profile was read that often.
        one.reads = max(one.reads, read.reads)
        one.first_at, one.last_at = min(one.first_at, read.first_at), max(one.last_at, read.last_at)
    latest = sorted(people.values(), key=lambda one: (one.last_at, one.profile), reverse=True)
    return Exposure(latest, gone=len(opened) - len(homes))


@dataclass(frozen=True)
class Behind:
    """The people whom an entry of the audit log is about, as of today, and how many subjects are nobody's any more."""

    profiles: list[UUID]
    gone: int


def behind(subjects: Collection[bytes]) -> Behind:
    """Who these keyed hashes are. Everybody's is made and compared: some three seconds for a million."""
    wanted = {bytes(one) for one in subjects}
    found = [id for id, _ in _recognized(dict.fromkeys(wanted, None))]
    homes = profile_of(found)
    return Behind(sorted(set(homes.values())), gone=len(wanted) - len(homes))


def _reads(actor: str, since: datetime, until: datetime) -> dict[bytes, _Read]:
    by = "AND actor = %(actor)s" if actor else ""
    opened: dict[bytes, _Read] = {}
    with connection.cursor() as cursor:
        cursor.execute(READS.format(by=by), {"actor": actor, "since": since, "until": until})
        for subject, fields, count, first_at, last_at in cursor:
            read = opened.setdefault(bytes(subject), _Read(set(), 0, first_at, last_at))
            read.fields.update(fields)
            read.reads += count
            read.first_at, read.last_at = min(read.first_at, first_at), max(read.last_at, last_at)
    return opened


def _recognized(opened: Mapping[bytes, Said]) -> Iterator[tuple[UUID, Said]]:
    """The source profiles behind these hashes: a hash cannot be turned back, so everybody's is made and compared."""
    if not opened:
        return
    for chunk in _in_chunks():
        for id, subject in zip(chunk, subject_hashes(chunk), strict=True):
            if subject in opened:
                yield id, opened[subject]


def _in_chunks() -> Iterator[list[UUID]]:
    """The ids of all source profiles, in order."""
    last = UUID(int=0)
    while chunk := list(SourceProfile.objects.filter(id__gt=last).order_by("id").values_list("id", flat=True)[:CHUNK]):
        yield chunk
        last = chunk[-1]


def by_kind(people: list[Affected]) -> dict[str, int]:
    """How many people each field was read of."""
    counted: dict[str, int] = defaultdict(int)
    for one in people:
        for field in one.fields:
            counted[field] += 1
    return dict(sorted(counted.items()))


COLUMNS = ("profile", "fields", "reads", "first_at", "last_at")


def rows(found: Exposure) -> Iterator[tuple[str, str, int, str, str]]:
    """The people as lines of a CSV file, under `COLUMNS`."""
    for one in found.people:
        fields = " ".join(sorted(one.fields))
        yield str(one.profile), fields, one.reads, one.first_at.isoformat(), one.last_at.isoformat()
