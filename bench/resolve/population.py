"""The population: so many profiles, three in ten of two source profiles, as the product would have kept them.

Rows are read and standardized by the product's own reader, sealed under a data key each, indexed and given blocking
tokens by its own functions; they go into bare tables by COPY, written by as many processes as asked for. Records are
left out: nothing that decides who is who reads them. Nothing of it is a real person.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from multiprocessing import get_context
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connections, router

from bench.resolve import people
from bench.resolve.bare_tables import bare, unchecked
from identity import matching_views
from identity.candidates import TOKEN
from identity.edges import SIMILAR
from identity.leave import STAGE
from identity.matching import Person, blocking_keys_of
from identity.matching_views import FIELDS
from identity.resolve import ALONE
from records import sources
from records.dictionary import IDENTIFIERS
from records.envelope import Envelope
from records.envelopes import rows
from records.models import CUSTOMER, Source
from records.standardize import identity_form
from vault.blind import blind_index
from vault.cursors import copy_rows
from vault.ids import new_id
from vault.key_encryption import key_encryption_key
from vault.models import DataKey
from vault.sealing import Place, Sealer

PURPOSES = ("service", "analytics")
INSTANT = "timestamptz"
COLUMNS = {
    "identity_profile": {"id": "uuid", "created_at": INSTANT},
    "records_sourceprofile": {
        "id": "uuid",
        "source_id": "uuid",
        "kind": "text",
        "stable_index": "bytea",
        "birth_year": "int2",
        "postcode_area": "text",
        "country": "text",
        "first_seen_at": INSTANT,
        "last_seen_at": INSTANT,
        "created_at": INSTANT,
    },
    "records_identifier": {
        "id": "uuid",
        "source_profile_id": "uuid",
        "namespace": "text",
        "index": "bytea",
        "sealed": "bytea",
        "verified": "bool",
        "first_seen_at": INSTANT,
        "last_seen_at": INSTANT,
    },
    "records_attribute": {
        "id": "uuid",
        "source_profile_id": "uuid",
        "field": "text",
        "digest": "bytea",
        "sealed": "bytea",
        "record_id": "uuid",
        "first_seen_at": INSTANT,
        "last_seen_at": INSTANT,
    },
    "identity_blockingtoken": {"token": "bytea", "source_profile_id": "uuid"},
    "identity_matchingview": {"source_profile_id": "uuid", "sealed": "bytea"},
    "identity_assignment": {
        "id": "uuid",
        "source_profile_id": "uuid",
        "profile_id": "uuid",
        "assigned_at": INSTANT,
        "reason": "text",
        "evidence": "jsonb",
        "rule_version": "text",
        "actor": "text",
    },
}


@dataclass
class Filling:
    """The rows of a portion, by table, and the data keys of its source profiles."""

    source: Source
    now: datetime
    keys: dict[UUID, bytes] = field(default_factory=dict)
    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=lambda: {table: [] for table in COLUMNS})

    def add(self, envelopes: Sequence[Envelope]) -> None:
        """One more person, with a source profile for each of these."""
        profile = new_id()
        self.rows["identity_profile"].append((profile, self.now))
        for place, envelope in enumerate(envelopes):
            id = self._source_profile(envelope)
            entry = (new_id(), id, profile, self.now, SIMILAR if place else ALONE, "{}", "default", STAGE.id)
            self.rows["identity_assignment"].append(entry)

    def _source_profile(self, envelope: Envelope) -> UUID:
        id, at, said = new_id(), envelope.occurred_at, envelope.fields
        self.keys[id] = AESGCM.generate_key(256)
        stable = blind_index("customer_number", identity_form("customer_number", said["customer_number"]))
        year = int(said["birth_date"][:4]) if "birth_date" in said else None
        known = (id, self.source.id, CUSTOMER, stable, year, "", said.get("country", ""), at, at, self.now)
        self.rows["records_sourceprofile"].append(known)
        self._keep(id, said, at)
        person = Person(**{name: said[name] for name in FIELDS if name in said})
        self.rows["identity_matchingview"].append((id, matching_views.seal(id, person, Sealer({id: self.keys[id]}))))
        for key in blocking_keys_of([person])[0]:
            self.rows["identity_blockingtoken"].append((blind_index(TOKEN, key), id))
        return id

    def _keep(self, id: UUID, said: dict[str, str], at: datetime) -> None:
        sealer, record = Sealer({id: self.keys[id]}), new_id()
        for name, value in said.items():
            row = new_id()
            if name in IDENTIFIERS:
                index = blind_index(name, identity_form(name, value))
                sealed = sealer.seal(id, Place("records_identifier", "sealed", row), value.encode())
                self.rows["records_identifier"].append((row, id, name, index, sealed, True, at, at))
            else:
                sealed = sealer.seal(id, Place("records_attribute", "sealed", row), value.encode())
                digest = sealer.digest(id, name, value)
                self.rows["records_attribute"].append((row, id, name, digest, sealed, record, at, at))

    def write(self) -> None:
        """Keys first, then all that was sealed under them."""
        kek = key_encryption_key()
        wrapped = [(id, kek.wrap(key, context=id.bytes), kek.version, self.now) for id, key in self.keys.items()]
        with (
            connections[router.db_for_write(DataKey)].cursor() as cursor,
            cursor.copy("COPY vault_datakey (id, wrapped, kek_version, created_at) FROM STDIN") as copy,
        ):
            for row in wrapped:
                copy.write_row(row)
        for table, found in self.rows.items():
            copy_rows(table, COLUMNS[table], found)


def make(profiles: int, *, now: datetime, processes: int = 2) -> Source:
    """Make so many profiles in an empty database. Returns their source."""
    source = sources.add("crm", kind="offline", purposes=PURPOSES, mapping=people.MAPPING, region="DE")[0]
    # A key is made at first use: not by two processes at once.
    for name in (*IDENTIFIERS, TOKEN):
        blind_index(name, "")
    with bare(list(COLUMNS)):
        connections.close_all()
        with ProcessPoolExecutor(processes, mp_context=get_context("fork")) as pool:
            fill = partial(_fill, source=source, among=profiles, now=now)
            for _ in pool.map(fill, range(people.blocks(profiles)), chunksize=4):
                pass
    _settle("default", COLUMNS)
    _settle(router.db_for_write(DataKey), ["vault_datakey"])
    return source


def _settle(alias: str, tables: Iterable[str]) -> None:
    """As autovacuum and the checkpointer would, in time."""
    with connections[alias].cursor() as cursor:
        for table in tables:
            cursor.execute(f"VACUUM (ANALYZE) {table}")
        cursor.execute("CHECKPOINT")


def _fill(block: int, *, source: Source, among: int, now: datetime) -> None:
    unchecked()
    filling = Filling(source, now)
    for envelopes in _envelopes(block, source, among, now):
        filling.add(envelopes)
    filling.write()


def _envelopes(block: int, source: Source, among: int, now: datetime) -> Iterator[list[Envelope]]:
    """What is known of each person of a block."""
    mapping = rows.mapping_for(source, people.WRITTEN)
    for place, records in enumerate(people.people_of(block, among=among).values()):
        number = block * people.PEOPLE_PER_BLOCK + place
        lines = [people.as_row(one, f"C{number:08}{nth}") for nth, one in enumerate(people.known_of(records))]
        found = [rows.read(line, source, mapping, position=place, now=now) for line in lines]
        envelopes = [item for item in found if isinstance(item, Envelope)]
        if len(envelopes) < len(lines):
            raise SystemExit("a row of the population was turned away")
        yield envelopes
