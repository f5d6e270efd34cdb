"""How well the demo's people were recognized: source profiles against the truth that the generator wrote."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import orjson
from django.db import connection

from identity.matching import b_cubed, pairwise_metrics
from identity.profiles import profile_of
from records.dedupe import keyed
from records.envelope import message_hash
from records.models import Record, Source


@dataclass(frozen=True)
class Recognition:
    """Pairs of source profiles that were rightly joined, over all joined (precision) and all to be joined (recall).

    `recall_of_linkable` leaves out pairs that no shared evidence connects, however long the chain: a browser that
    nobody signed in to, a receipt with nothing but another e-mail address.
    """

    source_profiles: int
    people: int
    precision: float
    recall: float
    recall_of_linkable: float
    f1: float
    b_cubed_f1: float


def measure(person_of: Mapping[UUID, str]) -> Recognition:
    """Compare the profiles with the truth, over all source profiles whose records the truth names (`people_of`)."""
    ids = sorted(person_of)
    profiles = profile_of(ids)
    found = _codes([profiles.get(id) for id in ids])
    true = [person_of[id] for id in ids]
    linkable = _linkable(person_of)
    pairs, elements = pairwise_metrics(found, true), b_cubed(found, true)
    return Recognition(
        source_profiles=len(ids),
        people=len(set(person_of.values())),
        precision=round(pairs.precision, 4),
        recall=round(pairs.recall, 4),
        recall_of_linkable=round(pairwise_metrics(found, [linkable[id] for id in ids]).recall, 4),
        f1=round(pairs.f1, 4),
        b_cubed_f1=round(elements.f1, 4),
    )


def people_of(truth: Path, sources: Mapping[str, Source]) -> dict[UUID, str]:
    """Whose each source profile is, by most of its records that the truth names."""
    return _majority(_persons_of_source_profiles(truth, sources))


def _persons_of_source_profiles(truth: Path, sources: Mapping[str, Source]) -> dict[UUID, Counter[str]]:
    source_ids = {source.id: name for name, source in sources.items()}
    persons = {(source, key): person for source, key, person in _truth(truth)}
    seen: dict[UUID, Counter[str]] = defaultdict(Counter)
    records = Record.objects.filter(source__in=source_ids).values_list("source_id", "message_hash", "source_profile_id")
    for source, digest, source_profile in records.iterator(chunk_size=5_000):
        person = persons.get((source_ids[source], bytes(digest)))
        if person:
            seen[source_profile][person] += 1
    return seen


def _codes(values: Sequence[Hashable]) -> list[int]:
    code_of: dict[Hashable, int] = {}
    return [code_of.setdefault(value, len(code_of)) for value in values]


# Source profiles that share an identifier, a blocking token, or a signed-in device.
EVIDENCE = """
SELECT array_agg(DISTINCT source_profile_id) FROM records_identifier GROUP BY namespace, index HAVING count(*) > 1
UNION ALL
SELECT array_agg(source_profile_id) FROM identity_blockingtoken GROUP BY token HAVING count(*) > 1
UNION ALL
SELECT ARRAY[source_profile_id, owner_id] FROM identity_deviceepisode
WHERE source_profile_id IS NOT NULL AND owner_id IS NOT NULL
"""


def _linkable(person_of: Mapping[UUID, str]) -> dict[UUID, UUID]:
    """Each source profile with the first of those of the same person that shared evidence connects it to."""
    leader = {id: id for id in person_of}

    def lead(id: UUID) -> UUID:
        while leader[id] != id:
            leader[id] = leader[leader[id]]
            id = leader[id]
        return id

    with connection.cursor() as cursor:
        cursor.execute(EVIDENCE)
        for (sharing,) in cursor.fetchall():
            first_of: dict[str, UUID] = {}
            for id in sorted(id for id in sharing if id in person_of):
                leader[lead(id)] = lead(first_of.setdefault(person_of[id], id))
    return {id: lead(id) for id in person_of}


def _truth(path: Path) -> Iterator[tuple[str, bytes, str]]:
    with path.open("rb") as file:
        for line in file:
            row = orjson.loads(line)
            yield row["source"], keyed(message_hash(row["key"])), row["person"]


def _majority(seen: Mapping[UUID, Counter[str]]) -> dict[UUID, str]:
    return {id: counter.most_common(1)[0][0] for id, counter in seen.items()}
