"""A population to measure consent and privacy on: real rows of a million people, made in the database itself.

What the product keeps by itself (everybody's last word, versions of rules) is kept by the same triggers. Identifiers
are sealed under a key per source profile, by as many processes as asked for. Nothing of it is a real person.

    from bench.privacy import population
    population.make(1_000_000, now=timezone.now())
"""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from time import perf_counter
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection, connections, router

from records import sources
from records.models import Source
from records.standardize import identity_form
from vault.blind import blind_index
from vault.ids import new_id
from vault.key_encryption import key_encryption_key
from vault.models import DataKey
from vault.sealing import Place, Sealer

PURPOSES = ("service", "analytics", "marketing")
PORTION = 100_000
TABLES = ("identity_profile", "records_sourceprofile", "consent_act", "consent_lastword", "records_identifier")


@dataclass(frozen=True)
class Made:
    """How many rows there are now by table, and how long each step took in seconds."""

    rows: dict[str, int]
    seconds: dict[str, float]


def make(profiles: int = 1_000_000, *, now: datetime, sealed: int | None = None, processes: int = 2) -> Made:
    """Make so many people, in an empty database: 1.3 source profiles and two acts each, one sealed e-mail address.

    Three in ten have a second source profile, in the browser. Of all customers 80 % spoke of marketing by e-mail (one
    in eight of them twice), half of analytics; browsers spoke of both. Some acts are old enough to have expired.
    `sealed`: only the first so many get an e-mail address, for it is this that takes long.
    """
    crm = sources.add("bench-crm", kind="offline", purposes=PURPOSES)[0]
    browser = sources.add("bench-browser", kind="online", client_side=True, purposes=PURPOSES[1:])[0]
    asked = {"count": profiles, "crm": crm.id, "browser": browser.id, "now": now}
    steps: dict[str, Callable[[], None]] = {
        "people": lambda: _run(PEOPLE, asked),
        "acts": lambda: _run(ACTS, asked),
        "addresses": lambda: _addresses(crm, profiles if sealed is None else sealed, now, processes),
        "vacuum": lambda: _run(SETTLE, {}),
    }
    seconds = {}
    for name, step in steps.items():
        began = perf_counter()
        step()
        seconds[name] = round(perf_counter() - began, 1)
    return Made(rows={table: _count(table) for table in TABLES}, seconds=seconds)


def email_of(number: int) -> str:
    """The address of the so-manieth person, from 1."""
    return f"person.{number}@example.com"


# Ids sort by their making, as those of the product do.
ID = """
CREATE OR REPLACE FUNCTION pg_temp.id_of(kind text, number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(1760000000000 + number), 12, '0') || '7' || substr(md5(kind), 1, 3) || '8'
        || substr(md5(number || kind), 1, 15))::uuid
$$
"""
PEOPLE = (
    ID,
    """
    INSERT INTO identity_profile (id, created_at)
    SELECT pg_temp.id_of('profile', number), %(now)s FROM generate_series(1, %(count)s) AS number
    """,
    """
    INSERT INTO records_sourceprofile (id, source_id, kind, stable_index, birth_year, postcode_area, country,
        first_seen_at, last_seen_at, created_at)
    SELECT pg_temp.id_of('crm', number), %(crm)s, 'customer', decode(md5('customer ' || number), 'hex'),
        1940 + number %% 66, 'BS1', 'GB', %(now)s, %(now)s, %(now)s
    FROM generate_series(1, %(count)s) AS number
    """,
    """
    INSERT INTO records_sourceprofile (id, source_id, kind, postcode_area, country, first_seen_at, last_seen_at,
        created_at)
    SELECT pg_temp.id_of('browser', number), %(browser)s, 'episode', '', '', %(now)s, %(now)s, %(now)s
    FROM generate_series(1, %(count)s) AS number WHERE number %% 10 < 3
    """,
    """
    INSERT INTO identity_assignment (id, source_profile_id, profile_id, assigned_at, reason, evidence, rule_version,
        actor)
    SELECT pg_temp.id_of('assigned ' || kind, number), pg_temp.id_of(kind, number), pg_temp.id_of('profile', number),
        %(now)s, 'joined to nobody', '{}', 'default', 'resolve'
    FROM generate_series(1, %(count)s) AS number
    JOIN LATERAL (VALUES ('crm'), ('browser')) AS of (kind) ON kind = 'crm' OR number %% 10 < 3
    """,
)
# Each line of VALUES: of whom, of what, who of a hundred say it, and how many of a hundred of these say no.
SPOKEN = """
    INSERT INTO consent_act (id, source_profile_id, purpose_id, channel, state, occurred_at, recorded_at, how, verified,
        actor, notice, locale, jurisdiction, basis, source)
    SELECT pg_temp.id_of('said ' || nth, number), pg_temp.id_of(who, number), purpose, channel,
        CASE WHEN chance(3, nth, number) < noes THEN 'withdrawn' ELSE 'granted' END, said_at, said_at,
        'source bench', who = 'crm', '', '', 'en-GB', CASE WHEN number %% 5 = 0 THEN 'FR' ELSE 'GB' END, 'consent', who
    FROM generate_series(1, %(count)s) AS number
    JOIN LATERAL (VALUES
        (1, 'crm', 'marketing', 'email', 80, 30, 900), (2, 'crm', 'marketing', 'email', 10, 60, 90),
        (3, 'crm', 'analytics', '', 50, 20, 500), (4, 'browser', 'marketing', '', 100, 25, 400),
        (5, 'browser', 'analytics', '', 100, 35, 500)
    ) AS spoken (nth, who, purpose, channel, speakers, noes, days)
        ON chance(1, nth, number) < speakers AND (who = 'crm' OR number %% 10 < 3)
    CROSS JOIN LATERAL (
        SELECT %(now)s - make_interval(secs => chance(2, nth, number) * 864.0 * days) AS said_at
    ) AS at
"""
# A number from 0 to 99 that is always the same for the same.
CHANCE = """
CREATE OR REPLACE FUNCTION pg_temp.chance(what int, nth int, number bigint) RETURNS int LANGUAGE sql IMMUTABLE AS $$
    SELECT abs(hashint8extended(number, what * 10 + nth) % 100)::int
$$
"""
ACTS = (ID, CHANCE, SPOKEN.replace("chance(", "pg_temp.chance("))
SETTLE = tuple(
    f"VACUUM (ANALYZE) {table}"
    for table in (*TABLES, "identity_assignment", "consent_restriction", "consent_annulment")
)


def _addresses(source: Source, count: int, now: datetime, processes: int) -> None:
    portions = [(first, min(first + PORTION, count + 1), now) for first in range(1, count + 1, PORTION)]
    connections.close_all()
    with ProcessPoolExecutor(processes, mp_context=get_context("fork")) as pool:
        for _ in pool.map(_seal, portions):
            pass


def _seal(portion: tuple[int, int, datetime]) -> None:
    """Keys for these customers, committed first, and their address sealed under them."""
    first, last, now = portion
    kek = key_encryption_key()
    ids = _ids(first, last)
    data_keys = {id: AESGCM.generate_key(256) for id in ids}
    _copy(
        router.db_for_write(DataKey),
        "vault_datakey (id, wrapped, kek_version, created_at)",
        [(id, kek.wrap(key, context=id.bytes), kek.version, now) for id, key in data_keys.items()],
    )
    sealer = Sealer(data_keys)
    rows = []
    for number, id in enumerate(ids, first):
        address, row = email_of(number), new_id()
        index = blind_index("email", identity_form("email", address))
        sealed = sealer.seal(id, Place("records_identifier", "sealed", row), address.encode())
        rows.append((row, id, "email", index, sealed, True, now, now))
    _copy(
        "default",
        "records_identifier (id, source_profile_id, namespace, index, sealed, verified, first_seen_at, last_seen_at)",
        rows,
    )
    connections.close_all()


def _ids(first: int, last: int) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(ID)
        cursor.execute(
            "SELECT pg_temp.id_of('crm', number) FROM generate_series(%s::int, %s::int) AS number", [first, last - 1]
        )
        return [row[0] for row in cursor.fetchall()]


def _copy(alias: str, table: str, rows: list[tuple[Any, ...]]) -> None:
    with connections[alias].cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _run(statements: tuple[str, ...], asked: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, asked if "%(" in statement else None)


def _count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])
