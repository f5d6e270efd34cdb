"""May this be used for that, of a whole population at once: the decision's rules again, set-based, in one statement.

It selects and opens nothing: whoever goes on to read asks `decide_each` for the people of each portion, as ever.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from consent.evidence import gather
from consent.models import CONSENT, CONTRACT, LEGAL_OBLIGATION, LEGITIMATE_INTEREST
from consent.purposes import DECLARING, rule_in_force
from consent.rules import ALLOWED, Rule

ID_BYTES = 16
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Groups:
    """Who is asked about: a table with a person's id and a source profile's in each row, each pair once.

    Names and a condition that stand in the program, never anything from outside.
    """

    table: str
    person: str
    where: str = "true"


@dataclass(frozen=True)
class Allowed:
    """The people who are allowed: their ids as rows of 16 bytes, in no order."""

    ids: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.ids)

    def uuids(self) -> set[UUID]:
        """The same as a set; for a million people that alone takes a second or two."""
        return {UUID(bytes=row.tobytes()) for row in self.ids}


def decide_all(groups: Groups, *, purpose: str, channel: str = "", at: datetime) -> Allowed:
    """Those whose data may be used for the purpose, on the channel, at that instant, by all that is recorded.

    They are exactly the people whom `decide_each` allows.
    """
    version = rule_in_force(purpose, at=at)
    rule = version.rule if version else None
    if rule is None or not rule.active or rule.legal_basis not in MAY:
        return Allowed(np.empty((0, ID_BYTES), np.uint8))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off; SET LOCAL work_mem = '256MB'")
        cursor.execute(_statement(groups, rule, channel), _asked(rule, channel, at))
        allowed, unsure = (bytes(ids or b"") for ids in cursor.fetchone())
    found = allowed + _one_by_one(groups, unsure, purpose=purpose, channel=channel, at=at)
    return Allowed(np.frombuffer(found, np.uint8).reshape(-1, ID_BYTES))


# Of each source profile the word that counts, as one number: it grows with the time of the word; at one instant a 'no'
# is greater than a 'yes', an unverified word than a verified one. The lowest three bits are: no (4), unverified (2),
# and a yes that does not stand (1).
STRENGTH = """
round(date_part('epoch', occurred_at) * 1e6)::bigint * 8
    + CASE WHEN is_no THEN 4 ELSE 0 END + CASE WHEN verified THEN 0 ELSE 2 END
    + CASE WHEN is_no OR ({stands}) THEN 0 ELSE 1 END
"""
WORDS_ON_A_CHANNEL = """
spoken AS (
    SELECT source_profile_id, {strength} AS strength
    FROM consent_lastword WHERE purpose_id = %(purpose)s AND channel IN ('', %(channel)s)
), word AS (
    SELECT source_profile_id, {latest} AS strength FROM spoken GROUP BY source_profile_id
)
"""
# Asked about any channel: what was said on all replaces what was said before on one; then a 'no' on one denies.
WORDS_ON_ANY_CHANNEL = """
replaced AS (
    SELECT *, max(occurred_at) FILTER (WHERE channel = '') OVER (PARTITION BY source_profile_id) AS on_all_at
    FROM consent_lastword WHERE purpose_id = %(purpose)s
), spoken AS (
    SELECT source_profile_id, is_no, {strength} AS strength FROM replaced
    WHERE on_all_at IS NULL OR occurred_at >= on_all_at OR occurred_at > %(at)s
), word AS (
    SELECT source_profile_id, CASE
        WHEN max(strength) >> 3 > %(micros)s THEN max(strength)
        WHEN bool_or(is_no) THEN 4
        ELSE {latest}
    END AS strength
    FROM spoken GROUP BY source_profile_id
)
"""
# Of two words of one instant that differ in notice or jurisdiction alone, one may stand and the other not: unsure.
LATEST = """
CASE WHEN max(strength) & 1 = 1 AND max(strength) FILTER (WHERE strength & 1 = 0) = max(strength) - 1
    THEN 9223372036854775800 ELSE max(strength) END
"""
UNEXPIRED = "occurred_at > %(expired_by)s::timestamptz"
UNEXPIRED_WHERE_SAID = """
occurred_at + make_interval(secs => 86400.0 * coalesce(
    (%(by_jurisdiction)s::jsonb ->> jurisdiction)::int,
    (%(by_jurisdiction)s::jsonb ->> split_part(jurisdiction, '-', 1))::int,
    %(days)s::int, 1000000)) > %(at)s
"""
RENEWED = "(notice = ANY(%(notices)s) OR (notice = '' AND occurred_at >= %(renewed_at)s))"

# A person's source profiles together. Who is unsure is asked one by one: said something after the instant asked about,
# or bears a restriction.
PERSON = """
person AS (
    SELECT asked.{person} AS id,
        coalesce(bool_or(strength & 4 <> 0), false) AS no,
        coalesce(bool_or(strength & 7 = 0), false) AS verified,
        count(*) FILTER (WHERE strength & 5 = 0) AS standing,
        count(*) AS members,
        coalesce(bool_or(strength >> 3 > %(micros)s), false) AS later
        {declared}
    FROM {table} AS asked LEFT JOIN word USING (source_profile_id) {sources}
    WHERE {where} GROUP BY asked.{person}
), restricted AS MATERIALIZED (
    SELECT DISTINCT asked.{person} AS id FROM {table} AS asked
    JOIN consent_restriction USING (source_profile_id) WHERE {where}
)
"""
DECIDED = """
SELECT string_agg(uuid_send(id), ''::bytea) FILTER (WHERE may AND NOT unsure),
    string_agg(uuid_send(id), ''::bytea) FILTER (WHERE unsure)
FROM (
    SELECT id, later OR id IN (SELECT id FROM restricted) AS unsure, NOT no AND ({may}) AS may FROM person
) AS decided
"""
# A verified yes carries over to all; unverified ones count when each source profile has its own.
BY_CONSENT = "verified OR (standing > 0 AND standing = members)"
EVERYBODY = """
SELECT string_agg(uuid_send(id), ''::bytea), NULL::bytea
FROM (SELECT DISTINCT {person} AS id FROM {table} AS asked WHERE {where}) AS everybody
"""
MAY = {CONSENT: BY_CONSENT, CONTRACT: "declared", LEGITIMATE_INTEREST: "true", LEGAL_OBLIGATION: ""}
DECLARED = ", bool_or(source_profile.source_id IN (" + DECLARING + ")) AS declared"
SOURCES = "JOIN records_sourceprofile AS source_profile ON source_profile.id = asked.source_profile_id"


def _statement(groups: Groups, rule: Rule, channel: str) -> str:
    names = {"table": groups.table, "person": groups.person, "where": groups.where}
    if rule.legal_basis == LEGAL_OBLIGATION:
        return EVERYBODY.format(**names)
    unexpired = UNEXPIRED_WHERE_SAID if rule.expires_in else UNEXPIRED if rule.expires_after is not None else "true"
    stands = f"{unexpired} AND {RENEWED}" if rule.renewal else unexpired
    words = (WORDS_ON_A_CHANNEL if channel else WORDS_ON_ANY_CHANNEL).format(
        strength=STRENGTH.format(stands=stands), latest=LATEST
    )
    contract = rule.legal_basis == CONTRACT
    person = PERSON.format(
        **names,
        declared=DECLARED if contract else "",
        sources=SOURCES if contract else "",
    )
    return f"WITH {words}, {person}" + DECIDED.format(may=MAY[rule.legal_basis])


def _asked(rule: Rule, channel: str, at: datetime) -> dict[str, Any]:
    days = {place: after.days for place, after in rule.expires_in.items()}
    return {
        "purpose": rule.slug,
        "channel": channel,
        "at": at,
        "known_at": None,
        "micros": (at - EPOCH) // timedelta(microseconds=1),
        "days": rule.expires_after.days if rule.expires_after is not None else None,
        "expired_by": at - rule.expires_after if rule.expires_after is not None else None,
        "by_jurisdiction": json.dumps(days),
        "notices": sorted(rule.renewal.notices) if rule.renewal else [],
        "renewed_at": rule.renewal.since if rule.renewal else None,
    }


def _one_by_one(groups: Groups, unsure: bytes, *, purpose: str, channel: str, at: datetime) -> bytes:
    """Those of these people who are allowed, by the decision itself."""
    ids = [UUID(bytes=unsure[start : start + ID_BYTES]) for start in range(0, len(unsure), ID_BYTES)]
    if not ids:
        return b""
    members: dict[UUID, list[UUID]] = {id: [] for id in ids}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {groups.person}, source_profile_id FROM {groups.table} AS asked "  # our own names
            f"WHERE {groups.where} AND {groups.person} = ANY(%s)",
            [ids],
        )
        for person, source_profile in cursor.fetchall():
            members[person].append(source_profile)
    everyone = sorted({id for theirs in members.values() for id in theirs})
    evidence = gather(everyone, purpose=purpose, channel=channel, at=at, known_at=None)
    return b"".join(person.bytes for person, theirs in members.items() if evidence.conclude(theirs) == ALLOWED)
