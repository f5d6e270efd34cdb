"""What many families share is nobody's: a front desk's phone, an address typed to get past a form. So it is blocked.

A batch of everybody sees all who bear a value; a new record meets some of them at most. So such values are found ahead,
by the same measure (`identity.matching.identifiers`), and stay blocked until a person lets them count.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from consent.decide import decide_each
from identity import blocked
from identity.blocked import Pair
from identity.matching import JUNK_FAMILY_NAMES, JUNK_RECORDS
from identity.matching.normalize import name
from identity.models import LINKING
from identity.persons import open_persons
from vault.arrays import ByteArray, Texts, Uuids
from vault.cursors import binary_cursor
from vault.grants import Actor, Grant
from vault.sealing import Place, Sealed, open_what_opens

STAGE = Actor.machine("shared_by_many")
NAMESPACES = ("email", "phone")
# So many of a value's bearers are looked at, the latest first: so many at once, of so many values.
MOST_LOOKED_AT, LOOKED_AT_ONCE = 2_000, 100
AT_ONCE = 50
BEHIND_ALL = UUID(int=2**128 - 1)
# Families of so many names are told apart by their names: they are several profiles by now.
LEAST_PROFILES = JUNK_FAMILY_NAMES // 2

# Borne by very many, who are several; nobody has spoken of it yet.
CROWDED = """
WITH crowded AS MATERIALIZED (
    SELECT namespace, index FROM records_identifier AS borne
    WHERE namespace = ANY(%(namespaces)b::text[])
    GROUP BY namespace, index HAVING count(*) > %(records)b
)
SELECT namespace, index FROM crowded
JOIN records_identifier AS borne USING (namespace, index)
JOIN identity_assignment AS entry ON entry.source_profile_id = borne.source_profile_id AND entry.ended_at IS NULL
WHERE NOT EXISTS (
    SELECT FROM identity_blockedvalue AS said WHERE said.namespace = crowded.namespace AND said.index = crowded.index
)
GROUP BY namespace, index HAVING count(DISTINCT entry.profile_id) > %(profiles)b
ORDER BY namespace, index
"""
BEARERS = """
SELECT asked.place, bearer.source_profile_id, bearer.id, bearer.sealed
FROM unnest(%(namespaces)b::text[], %(indexes)b::bytea[], %(before)b::uuid[])
    WITH ORDINALITY AS asked (namespace, index, before, place)
JOIN LATERAL (
    SELECT source_profile_id, id, sealed FROM records_identifier
    WHERE namespace = asked.namespace AND index = asked.index AND source_profile_id < asked.before
    ORDER BY source_profile_id DESC LIMIT %(most)b
) AS bearer ON true
ORDER BY asked.place, bearer.source_profile_id DESC
"""


@dataclass
class _Value:
    """What is known of the bearers of a value: how many were looked at and may be opened, and their family names.

    `one` is one of them, with the row and the value as it is sealed there.
    """

    before: UUID = BEHIND_ALL
    seen: int = 0
    records: int = 0
    families: set[str] = field(default_factory=set)
    one: tuple[UUID, UUID, bytes] | None = None
    is_done: bool = False

    @property
    def is_of_strangers(self) -> bool:
        return self.records > JUNK_RECORDS and len(self.families) > JUNK_FAMILY_NAMES


def shared_by_many(*, now: datetime) -> dict[Pair, str]:
    """The e-mail addresses and phones that many families share, as pairs of namespace and blind index, each with the
    value; but for those that are blocked, or of which somebody has said that they count.

    Only what may be opened to link people is looked at.
    """
    found: dict[Pair, str] = {}
    crowded = _crowded()
    for start in range(0, len(crowded), AT_ONCE):
        found |= _of_strangers(crowded[start : start + AT_ONCE], now)
    return found


def _crowded() -> list[Pair]:
    asked = {"namespaces": Texts(NAMESPACES), "records": JUNK_RECORDS, "profiles": LEAST_PROFILES}
    standing = blocked.standing()
    pairs = [(namespace, bytes(index)) for namespace, index in _rows(CROWDED, asked)]
    return [pair for pair in pairs if pair not in standing]


def _of_strangers(pairs: Collection[Pair], now: datetime) -> dict[Pair, str]:
    """Those of the pairs that bearers of many family names have in common."""
    values = {pair: _Value() for pair in pairs}
    found: dict[Pair, str] = {}
    while asked := {pair: value for pair, value in values.items() if not value.is_done}:
        grant = _look_further(asked, now)
        found |= _opened({pair: value for pair, value in asked.items() if value.is_of_strangers}, grant)
    return found


def _look_further(values: Mapping[Pair, _Value], now: datetime) -> Grant:
    """Look at the next bearers of each. Returns the leave to open what may be opened of these."""
    asked = {
        "namespaces": Texts(namespace for namespace, _ in values),
        "indexes": ByteArray(index for _, index in values),
        "before": Uuids(value.before for value in values.values()),
    }
    rows = _rows(BEARERS, asked | {"most": LOOKED_AT_ONCE})
    bearers = {id: (id,) for _, id, _, _ in rows}
    decisions = decide_each(bearers, purpose=LINKING, at=now, actor=STAGE, reason="find what many families share")
    persons = open_persons(decisions.allowed, decisions.grant)
    of_place = list(values.values())
    more = [0] * len(of_place)
    for place, id, row, sealed in rows:
        value = of_place[place - 1]
        value.before = id
        more[place - 1] += 1
        if id in persons:
            value.records += 1
            value.families |= {name(persons[id].family_name or "") or ""} - {""}
            value.one = (id, row, bytes(sealed))
    for value, count in zip(of_place, more, strict=True):
        value.seen += count
        value.is_done = value.is_of_strangers or count < LOOKED_AT_ONCE or value.seen >= MOST_LOOKED_AT
    return decisions.grant


def _opened(found: Mapping[Pair, _Value], grant: Grant) -> dict[Pair, str]:
    """Each value, as one of its bearers gave it; but for what does not open."""
    told = [(pair, value.one) for pair, value in found.items() if value.one]
    sealed = [
        Sealed(id, Place("records_identifier", "sealed", row), kept, namespace)
        for (namespace, _), (id, row, kept) in told
    ]
    values = open_what_opens(sealed, grant, action="compare")
    return {pair: value.decode() for (pair, _), value in zip(told, values, strict=True) if value}


def _rows(statement: str, asked: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with binary_cursor() as cursor:
        cursor.execute(statement, asked)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
