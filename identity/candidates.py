"""Candidates: the source profiles that are worth comparing with new ones, by shared identifier or blocking token.

Work is bounded whatever the skew: an identifier or token that too many bear says nothing and is passed over.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.db import connection

from identity.blocked import NOTHING_BLOCKED, Blocked, unless_blocked
from identity.matching import Person, blocking_keys_of
from identity.models import LINKING
from vault.arrays import ByteArray, Texts, Uuids
from vault.cursors import planned_cursor
from vault.index_columns import indexes_to_write
from vault.questions import Question, Rows

MOST_BEARERS = 60
# So many bearers of one value who may not be linked are passed over.
MOST_PASSED = 5_000
TOKEN = "blocking-token"
# These name one person in the system that issued them; where two systems issue the same, contradiction keeps apart.
EXCLUSIVE = ("account_id", "customer_number", "loyalty_number")

SHARED_IDENTIFIERS = f"""
SELECT mine.source_profile_id, other.source_profile_id, mine.namespace
FROM records_identifier AS mine
JOIN LATERAL (
    SELECT source_profile_id, count(*) OVER () AS bearers FROM (
        SELECT source_profile_id FROM records_identifier
        WHERE namespace = mine.namespace AND index = mine.index LIMIT %(most)b + 1
    ) AS bearer
) AS other ON other.source_profile_id <> mine.source_profile_id AND other.bearers <= %(most)b
WHERE mine.source_profile_id = ANY(%(ids)b::uuid[]) AND mine.namespace <> ALL(%(exclusive)b::text[])
  AND mine.namespace <> 'device_id' AND {unless_blocked("mine")}
"""

# Those who bear an exclusive identifier with these, the first so many of each value.
BESIDE = f"""
SELECT DISTINCT other.source_profile_id, other.source_profile_id, ''
FROM records_identifier AS mine
JOIN LATERAL (
    SELECT source_profile_id FROM records_identifier
    WHERE namespace = mine.namespace AND index = mine.index
    ORDER BY source_profile_id LIMIT %(passing)b
) AS other ON true
WHERE mine.source_profile_id = ANY(%(ids)b::uuid[]) AND mine.namespace = ANY(%(exclusive)b::text[])
  AND {unless_blocked("mine")}
"""

# Whoever bears an exclusive identifier meets the first who bore it, however many there are; the first meets the latest.
# Those who may not be linked are passed over: nobody would meet anybody through them.
FIRST_BEARER = f"""
SELECT mine.source_profile_id, first.source_profile_id, mine.namespace
FROM records_identifier AS mine
JOIN LATERAL (
    SELECT source_profile_id FROM records_identifier
    WHERE namespace = mine.namespace AND index = mine.index AND source_profile_id <> ALL(%(passed)b::uuid[])
    ORDER BY source_profile_id LIMIT 1
) AS first ON first.source_profile_id <> mine.source_profile_id
WHERE mine.source_profile_id = ANY(%(ids)b::uuid[]) AND mine.namespace = ANY(%(exclusive)b::text[])
  AND {unless_blocked("mine")}
UNION
SELECT first.source_profile_id, other.source_profile_id, first.namespace
FROM records_identifier AS first
JOIN LATERAL (
    SELECT source_profile_id FROM records_identifier
    WHERE namespace = first.namespace AND index = first.index AND source_profile_id > first.source_profile_id
    ORDER BY source_profile_id DESC LIMIT %(most)b
) AS other ON true
WHERE first.source_profile_id = ANY(%(ids)b::uuid[]) AND first.namespace = ANY(%(exclusive)b::text[])
  AND {unless_blocked("first")}
  AND NOT EXISTS (
      SELECT FROM records_identifier AS earlier
      WHERE earlier.namespace = first.namespace AND earlier.index = first.index
        AND earlier.source_profile_id < first.source_profile_id
        AND earlier.source_profile_id <> ALL(%(passed)b::uuid[])
  )
"""

KEEP_TOKENS = """
INSERT INTO identity_blockingtoken (token, source_profile_id)
SELECT token, source_profile_id FROM unnest(%b::bytea[], %b::uuid[]) AS new (token, source_profile_id)
ON CONFLICT DO NOTHING
"""

# Each token is looked up once, however many of these bear it; who shares one token shares others. `new` tokens need not
# be kept yet.
SHARED_TOKENS = """
WITH mine AS MATERIALIZED (
    SELECT token, array_agg(id) AS ids FROM (
        SELECT token, id FROM unnest(%(new_tokens)b::bytea[], %(new_bearers)b::uuid[]) AS new (token, id)
        UNION SELECT token, source_profile_id FROM identity_blockingtoken WHERE source_profile_id = ANY(%(ids)b::uuid[])
    ) AS borne GROUP BY token
), shared AS MATERIALIZED (
    SELECT DISTINCT mine.ids, mine.ids || bearer.ids AS everyone FROM mine JOIN LATERAL (
        SELECT array_agg(source_profile_id) AS ids FROM (
            SELECT source_profile_id FROM identity_blockingtoken
            WHERE token = mine.token AND source_profile_id <> ALL(mine.ids) LIMIT %(most)b + 1
        ) AS bearing
    ) AS bearer ON cardinality(mine.ids) + coalesce(cardinality(bearer.ids), 0) BETWEEN 2 AND %(most)b
)
SELECT DISTINCT one.id, other.id, NULL FROM shared
CROSS JOIN LATERAL unnest(shared.ids) AS one (id) CROSS JOIN LATERAL unnest(shared.everyone) AS other (id)
WHERE one.id <> other.id
"""

# Episodes and the account that signed in during them.
OWNED = """
SELECT source_profile_id, owner_id, NULL FROM identity_deviceepisode
WHERE source_profile_id IS NOT NULL AND owner_id IS NOT NULL AND device_index <> ALL(%(blocked_devices)b::bytea[])
  AND (source_profile_id = ANY(%(ids)b::uuid[]) OR owner_id = ANY(%(ids)b::uuid[]))
"""

# Episodes of one device that nobody signed in to, beside the account of those that somebody did: only where the
# device, over all sources, has had one account.
SAME_DEVICE = """
WITH sole AS (
    SELECT episode.device_index, min(episode.owner_id::text)::uuid AS owner_id
    FROM identity_deviceepisode AS episode
    JOIN records_identifier AS account
      ON account.source_profile_id = episode.owner_id AND account.namespace = 'account_id'
    WHERE episode.device_index IN (
        SELECT device_index FROM identity_deviceepisode
        WHERE (source_profile_id = ANY(%(ids)b::uuid[]) OR owner_id = ANY(%(ids)b::uuid[]))
          AND device_index <> ALL(%(blocked_devices)b::bytea[])
    )
    GROUP BY episode.device_index HAVING count(DISTINCT account.index) = 1
)
SELECT episode.source_profile_id, sole.owner_id, NULL
FROM identity_deviceepisode AS episode JOIN sole USING (device_index)
WHERE episode.owner_id IS NULL AND episode.source_profile_id IS NOT NULL
"""

T = TypeVar("T")
Pair = tuple[UUID, UUID]


def by_identifier(
    source_profiles: Collection[UUID], blocked: Blocked, passed: Collection[UUID] = ()
) -> Question[dict[Pair, set[str]]]:
    """Pairs with these source profiles that share identifiers, and the namespaces of those; none that is blocked.

    `passed`: who is known not to be linked, so that nobody meets others through them.
    """
    return _ask(f"{SHARED_IDENTIFIERS} UNION ALL {FIRST_BEARER}", source_profiles, _namespaces, blocked, passed)


def _namespaces(rows: Rows) -> dict[Pair, set[str]]:
    pairs: dict[Pair, set[str]] = defaultdict(set)
    for mine, other, namespace in rows:
        pairs[_ordered(mine, other)].add(namespace)
    return dict(pairs)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Blocking tokens in the order of their index, each beside a source profile that bears it."""

    tokens: ByteArray
    bearers: Uuids

    def without(self, ids: Collection[UUID]) -> "Tokens":
        """The same but for those of these."""
        kept = [place for place, id in enumerate(self.bearers) if id not in ids]
        return Tokens(ByteArray(self.tokens[place] for place in kept), Uuids(self.bearers[place] for place in kept))


NO_TOKENS = Tokens(ByteArray(), Uuids())


def tokens_of(persons: Mapping[UUID, Person], *, providers: Collection[str]) -> Tokens:
    """The blocking tokens of these persons: keyed hashes of combinations of two fields or more.

    None is made of the domain of an e-mail address that is one of these `providers`: it serves everyone.
    """
    bearers: dict[tuple[str, str], list[UUID]] = defaultdict(list)
    for id, keys in zip(persons, blocking_keys_of(persons.values(), providers=providers), strict=True):
        for key in keys:
            bearers[TOKEN, key].append(id)
    tokens = indexes_to_write(bearers.keys())
    borne = sorted(bearers, key=tokens.__getitem__)
    return Tokens(
        tokens=ByteArray(tokens[key] for key in borne for _ in bearers[key]),
        bearers=Uuids(id for key in borne for id in bearers[key]),
    )


def keep_tokens(made: Tokens) -> None:
    """Keep these blocking tokens, in the transaction in which they were made."""
    with planned_cursor() as cursor:
        cursor.execute(KEEP_TOKENS, [made.tokens, made.bearers])


FORGET = (
    "DELETE FROM identity_blockingtoken WHERE source_profile_id = ANY(%(ids)b)",
    "DELETE FROM identity_matchingview WHERE source_profile_id = ANY(%(ids)b)",
    """
    DELETE FROM identity_match
    WHERE (left_id = ANY(%(ids)b) OR right_id = ANY(%(ids)b)) AND purpose = %(purpose)s
    """,
)


def forget(source_profiles: Collection[UUID]) -> None:
    """Leave no token, no matching view and, for the purpose of linking, no scored pair of those that may not be
    linked."""
    if source_profiles:
        with connection.cursor() as cursor:
            for statement in FORGET:
                cursor.execute(statement, {"ids": sorted(source_profiles), "purpose": LINKING})


BEGIN_ANEW = (
    "DELETE FROM identity_blockingtoken WHERE source_profile_id = ANY(%(ids)b)",
    "DELETE FROM identity_matchingview WHERE source_profile_id = ANY(%(ids)b)",
    """
    DELETE FROM identity_match
    WHERE state = 'in_review' AND (left_id = ANY(%(ids)b) OR right_id = ANY(%(ids)b))
    """,
)


def begin_anew(source_profiles: Collection[UUID]) -> int:
    """Leave no token, no matching view and no doubtful pair of these: the values that they were made of were wrong.
    Returns how many pairs wait for review no more."""
    if not source_profiles:
        return 0
    with connection.cursor() as cursor:
        for statement in BEGIN_ANEW:
            cursor.execute(statement, {"ids": sorted(source_profiles)})
        return int(cursor.rowcount)


def beside(source_profiles: Collection[UUID], blocked: Blocked) -> Question[set[UUID]]:
    """Those who bear an exclusive identifier with these, and these; of each value the first few thousand."""
    return _ask(BESIDE, source_profiles, lambda rows: {id for id, _, _ in rows}, blocked)


def by_token(source_profiles: Collection[UUID], made: Tokens = NO_TOKENS) -> Question[set[Pair]]:
    """Pairs with these source profiles that share a blocking token, kept or just `made` of some of them."""
    return _ask(SHARED_TOKENS, source_profiles, _pairs, made=made)


# Who bears a token that one of these others has come to bear, beside those of them, and not too many.
ALSO_BORNE = """
WITH also AS MATERIALIZED (
    SELECT token, array_agg(DISTINCT new.id) AS ids, array_agg(DISTINCT theirs.source_profile_id) AS others
    FROM unnest(%(new_tokens)b::bytea[], %(new_bearers)b::uuid[]) AS new (token, id)
    JOIN identity_blockingtoken AS theirs USING (token)
    WHERE theirs.source_profile_id = ANY(%(ids)b::uuid[])
    GROUP BY token
)
SELECT DISTINCT mine.id, other.id, NULL FROM also
JOIN LATERAL (
    SELECT count(*) AS bearers FROM (
        SELECT FROM identity_blockingtoken WHERE token = also.token LIMIT %(most)b
    ) AS bearing
) AS borne ON borne.bearers < %(most)b
CROSS JOIN LATERAL unnest(also.ids) AS mine (id) CROSS JOIN LATERAL unnest(also.others) AS other (id)
"""


def also_borne(made: Tokens, others: Collection[UUID]) -> Question[set[Pair]]:
    """Those of whom these tokens were `made`, each with one of these others who has theirs kept and shares one."""
    return _ask(ALSO_BORNE, others, lambda rows: {(one, other) for one, other, _ in rows if one != other}, made=made)


def by_sign_in(source_profiles: Collection[UUID], blocked: Blocked) -> Question[set[Pair]]:
    """Device episodes and the accounts that signed in during them."""
    return _ask(OWNED, source_profiles, _pairs, blocked)


def by_device(source_profiles: Collection[UUID], blocked: Blocked) -> Question[set[Pair]]:
    """Anonymous episodes of a device that only one account ever signed in to, each with that account."""
    return _ask(SAME_DEVICE, source_profiles, _pairs, blocked)


def _pairs(rows: Rows) -> set[Pair]:
    return {_ordered(one, other) for one, other, _ in rows if one != other}


def _ask(
    statement: str,
    source_profiles: Collection[UUID],
    read: Callable[[Rows], T],
    blocked: Blocked = NOTHING_BLOCKED,
    passed: Collection[UUID] = (),
    made: Tokens = NO_TOKENS,
) -> Question[T]:
    asked = {
        "ids": Uuids(source_profiles),
        "passed": Uuids(passed),
        "new_tokens": made.tokens,
        "new_bearers": made.bearers,
        "most": MOST_BEARERS,
        "passing": MOST_PASSED,
        "exclusive": Texts(EXCLUSIVE),
        **blocked.parameters,
    }
    named = {name: value for name, value in asked.items() if f"%({name})" in statement}
    return Question(statement, named, read)


def _ordered(one: UUID, other: UUID) -> Pair:
    return (one, other) if one < other else (other, one)
