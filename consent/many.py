"""May this be used for that, of a whole population at once: the decision's rules again, set-based, in one statement.

It selects and opens nothing: whoever goes on to read asks `decide_each` for the people of each portion, as ever.
"""

import json
from dataclasses import dataclass
from datetime import datetime
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
    if rule is None or not rule.active or rule.legal_basis not in (*MAY, LEGAL_OBLIGATION):
        return Allowed(np.empty((0, ID_BYTES), np.uint8))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(IN_ORDER)
        cursor.execute(_statement(groups, rule, channel), _asked(rule, channel, at))
        allowed, unsure = (bytes(ids or b"") for ids in cursor.fetchone())
        # Nothing was written: what is rolled back are the settings, which the caller's transaction shall not have.
        transaction.set_rollback(True)
    found = allowed + _one_by_one(groups, unsure, purpose=purpose, channel=channel, at=at)
    return Allowed(np.frombuffer(found, np.uint8).reshape(-1, ID_BYTES))


# Everything here is read in the order of ids, so joins and groups go through in step. Hash tables of a million entries
# miss the processor's caches at each look, and take three times as long.
IN_ORDER = """
SET LOCAL jit = off; SET LOCAL work_mem = '256MB'; SET LOCAL enable_hashjoin = off; SET LOCAL enable_hashagg = off
"""

# What the word that counts says for a person, as bits that add up over the person's source profiles: no; a verified yes
# that stands; no yes stands here; unsure, to be asked one by one. An unverified yes that stands adds none of them.
NO, VERIFIED, MISSING, UNSURE = 1, 2, 4, 8
WORD = f"""
CASE WHEN {{word}}.is_no THEN {NO | MISSING} WHEN NOT ({{stands}}) THEN {MISSING}
    WHEN {{word}}.verified THEN {VERIFIED} ELSE 0 END
"""
# Asked about one channel: the later of the words on it and on all channels. At one instant the 'no'; two that differ
# otherwise are weighed one by one, and so is whoever said something after the instant asked about.
ON_A_CHANNEL = f"""
LEFT JOIN consent_lastword AS on_all ON on_all.source_profile_id = asked.source_profile_id
    AND on_all.purpose_id = %(purpose)s AND on_all.channel = ''
LEFT JOIN consent_lastword AS on_one ON on_one.source_profile_id = asked.source_profile_id
    AND on_one.purpose_id = %(purpose)s AND on_one.channel = %(channel)s
CROSS JOIN LATERAL (SELECT CASE
    WHEN on_all.occurred_at IS NULL AND on_one.occurred_at IS NULL THEN {MISSING}
    WHEN on_all.occurred_at > %(at)s OR on_one.occurred_at > %(at)s THEN {UNSURE}
    WHEN on_one.occurred_at IS NULL OR on_all.occurred_at > on_one.occurred_at THEN {{on_all}}
    WHEN on_all.occurred_at IS NULL OR on_one.occurred_at > on_all.occurred_at THEN {{on_one}}
    WHEN on_all.is_no OR on_one.is_no THEN {NO | MISSING}
    WHEN {{on_all}} = {{on_one}} THEN {{on_one}}
    ELSE {UNSURE} END AS says) AS word
"""
# Asked about any channel: what was said on all replaces what was said before on one; then a 'no' on one denies, else
# the latest 'yes' counts. Of two at one instant that say different things, the person is weighed one by one.
ON_ANY_CHANNEL = f"""
LEFT JOIN (
    SELECT source_profile_id, CASE
        WHEN max(occurred_at) > %(at)s THEN {UNSURE}
        WHEN bool_or(is_no) THEN {NO | MISSING}
        WHEN count(DISTINCT says) FILTER (WHERE occurred_at = latest_at) > 1 THEN {UNSURE}
        ELSE max(says) FILTER (WHERE occurred_at = latest_at) END AS says
    FROM (
        SELECT *, {{standing}} AS says, max(occurred_at) OVER theirs AS latest_at,
            max(occurred_at) FILTER (WHERE channel = '') OVER theirs AS on_all_at
        FROM consent_lastword AS standing WHERE purpose_id = %(purpose)s
        WINDOW theirs AS (PARTITION BY source_profile_id)
    ) AS spoken
    WHERE on_all_at IS NULL OR occurred_at >= on_all_at
    GROUP BY source_profile_id
) AS word ON word.source_profile_id = asked.source_profile_id
"""
UNEXPIRED = "{word}.occurred_at > %(expired_by)s::timestamptz"
UNEXPIRED_WHERE_SAID = """
{word}.occurred_at + make_interval(secs => 86400.0 * coalesce(
    (%(by_jurisdiction)s::jsonb ->> {word}.jurisdiction)::int,
    (%(by_jurisdiction)s::jsonb ->> split_part({word}.jurisdiction, '-', 1))::int,
    %(days)s::int, 1000000)) > %(at)s
"""
RENEWED = "({word}.notice = ANY(%(notices)s) OR ({word}.notice = '' AND {word}.occurred_at >= %(renewed_at)s))"

# A person's source profiles together. Whoever bears a restriction is weighed one by one.
DECIDED = f"""
WITH person AS (
    SELECT asked.{{person}} AS id, bit_or(coalesce(word.says, {MISSING})) AS says {{declared}}
    FROM {{table}} AS asked {{words}} {{sources}}
    WHERE {{where}} GROUP BY asked.{{person}}
), restricted AS MATERIALIZED (
    SELECT asked.{{person}} AS id FROM {{table}} AS asked
    JOIN consent_restriction USING (source_profile_id) WHERE {{where}}
)
SELECT string_agg(uuid_send(id), ''::bytea) FILTER (WHERE may AND NOT unsure),
    string_agg(uuid_send(id), ''::bytea) FILTER (WHERE unsure)
FROM (
    SELECT id, says & {UNSURE} <> 0 OR id IN (SELECT id FROM restricted) AS unsure,
        says & {NO} = 0 AND ({{may}}) AS may
    FROM person
) AS decided
"""
# A verified yes carries over to all; unverified ones count when each source profile has its own.
BY_CONSENT = f"says & {VERIFIED} <> 0 OR says & {MISSING} = 0"
EVERYBODY = """
SELECT string_agg(uuid_send(id), ''::bytea), NULL::bytea
FROM (SELECT DISTINCT {person} AS id FROM {table} AS asked WHERE {where}) AS everybody
"""
MAY = {CONSENT: BY_CONSENT, CONTRACT: "declared", LEGITIMATE_INTEREST: "true"}
DECLARED = ", bool_or(source_profile.source_id IN (" + DECLARING + ")) AS declared"
SOURCES = "JOIN records_sourceprofile AS source_profile ON source_profile.id = asked.source_profile_id"


def _statement(groups: Groups, rule: Rule, channel: str) -> str:
    names = {"table": groups.table, "person": groups.person, "where": groups.where}
    if rule.legal_basis == LEGAL_OBLIGATION:
        return EVERYBODY.format(**names)
    contract = rule.legal_basis == CONTRACT
    return DECIDED.format(
        **names,
        words=_words(rule, channel),
        declared=DECLARED if contract else "",
        sources=SOURCES if contract else "",
        may=MAY[rule.legal_basis],
    )


def _words(rule: Rule, channel: str) -> str:
    unexpired = UNEXPIRED_WHERE_SAID if rule.expires_in else UNEXPIRED if rule.expires_after is not None else "true"
    stands = f"{unexpired} AND {RENEWED}" if rule.renewal else unexpired
    words = {name: WORD.format(word=name, stands=stands.format(word=name)) for name in ("on_all", "on_one", "standing")}
    return (ON_A_CHANNEL if channel else ON_ANY_CHANNEL).format(**words)


def _asked(rule: Rule, channel: str, at: datetime) -> dict[str, Any]:
    days = {place: after.days for place, after in rule.expires_in.items()}
    return {
        "purpose": rule.slug,
        "channel": channel,
        "at": at,
        "known_at": None,
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
