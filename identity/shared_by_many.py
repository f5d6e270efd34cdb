"""What many families share is nobody's: a front desk's phone, an address typed to get past a form. So it is blocked.

A batch of everybody sees all who bear a value; a new record meets some of them at most. So such values are found ahead,
by the same measure (`identity.matching.identifiers`), and stay blocked until a person lets them count.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np

from consent.decide import decide_each
from identity.blocked import Pair
from identity.learning import LINKING
from identity.matching import JUNK_FAMILY_NAMES, JUNK_RECORDS, People, shared_identifiers
from identity.persons import open_persons
from vault.arrays import ByteArray, Texts
from vault.cursors import binary_cursor
from vault.grants import Actor, Grant
from vault.sealing import Place, Sealed, open_what_opens

STAGE = Actor.machine("learn")
NAMESPACES = ("email", "phone")
# Of a value's bearers so many are looked at, the latest; of so many values at once.
MOST_LOOKED_AT = 100
AT_ONCE = 50
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
FROM unnest(%(namespaces)b::text[], %(indexes)b::bytea[]) WITH ORDINALITY AS asked (namespace, index, place)
JOIN LATERAL (
    SELECT source_profile_id, id, sealed FROM records_identifier
    WHERE namespace = asked.namespace AND index = asked.index ORDER BY source_profile_id DESC LIMIT %(most)b
) AS bearer ON true
ORDER BY asked.place, bearer.source_profile_id
"""


def shared_by_many(*, now: datetime) -> dict[Pair, str]:
    """The e-mail addresses and phones that many families share, as pairs of namespace and blind index, each with the
    value; but for those of which somebody has said whether they count.

    Only what may be opened to link people is looked at.
    """
    found: dict[Pair, str] = {}
    crowded = _crowded()
    for start in range(0, len(crowded), AT_ONCE):
        found |= _of_strangers(crowded[start : start + AT_ONCE], now)
    return found


def _crowded() -> list[Pair]:
    asked = {"namespaces": Texts(NAMESPACES), "records": JUNK_RECORDS, "profiles": LEAST_PROFILES}
    return [(namespace, bytes(index)) for namespace, index in _rows(CROWDED, asked)]


def _of_strangers(pairs: Sequence[Pair], now: datetime) -> dict[Pair, str]:
    """Those of the pairs that bearers of many family names have in common."""
    namespaces, indexes = Texts(name for name, _ in pairs), ByteArray(index for _, index in pairs)
    rows = _rows(BEARERS, {"namespaces": namespaces, "indexes": indexes, "most": MOST_LOOKED_AT})
    asked = {id: (id,) for _, id, _, _ in rows}
    decisions = decide_each(asked, purpose=LINKING, at=now, actor=STAGE, reason="find what many families share")
    borne = [row for row in rows if row[1] in decisions.allowed]
    persons = open_persons(decisions.allowed, decisions.grant)
    people = People.build(range(len(borne)), [persons[id] for _, id, *_ in borne], to_block=False)
    places = np.array([place - 1 for place, *_ in borne], dtype=np.int32)
    junk = shared_identifiers(places, people.family_name.codes, people.given_class.codes).junk
    strangers = set(np.flatnonzero(junk).tolist())
    values = {place - 1: (id, row, sealed) for place, id, row, sealed in borne if place - 1 in strangers}
    return _opened({pairs[place]: told for place, told in values.items()}, decisions.grant)


def _opened(found: Mapping[Pair, tuple[UUID, UUID, bytes]], grant: Grant) -> dict[Pair, str]:
    """Each value, as one of its bearers gave it; "" where that does not open."""
    sealed = [
        Sealed(id, Place("records_identifier", "sealed", row), bytes(value), namespace)
        for (namespace, _), (id, row, value) in found.items()
    ]
    values = open_what_opens(sealed, grant, action="compare")
    return {pair: value.decode() if value else "" for pair, value in zip(found, values, strict=True)}


def _rows(statement: str, asked: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with binary_cursor() as cursor:
        cursor.execute(statement, asked)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
