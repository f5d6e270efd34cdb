"""A dump, the write-ahead log and the data files show no annotated plaintext without the key-encryption key."""

import base64
import hashlib
import json
import time
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import pytest

from consent.decide import decide
from records.models import Record, SourceProfile
from records.reading import open_attributes, open_identifiers, open_records
from tests.pipeline.cast import seed_purposes
from tests.senders import process, send_rows
from tests.statements.sabotage import Sabotage
from tests.statements.stolen import dump, files_since, found_in
from vault import keys
from vault.grants import Actor

pytestmark = pytest.mark.django_db(databases=["default", "keystore"], transaction=True)

SABOTAGE = Sabotage(
    "records/sightings.py",
    '        sealer.seal(source_profile, Place(table, "sealed", id), item.value.encode())',
    "        item.value.encode()",
)


@pytest.fixture
def canary():
    """Values that stand nowhere else, for every field that is to be sealed."""
    mark = uuid4().hex
    return {
        "customer_number": f"CN-{mark}",
        "email": f"alice.{mark}@example.com",
        "given_name": f"Alice{mark[:10]}",
        "family_name": f"Canary{mark[10:20]}",
        "street": f"{mark[20:30]} Lane",
        "city": f"Leip{mark[5:15]}",
        "loyalty_number": f"L{mark[::-1]}",
    }


@pytest.fixture
def moment():
    """The moment before anything was written."""
    seed_purposes()
    return time.time() - 1


@pytest.fixture
def people(moment, crm, canary, now):
    send_rows(crm, canary | {"updated_at": "2026-11-20T10:00:00Z"}, now=now)
    send_rows(crm, canary | {"updated_at": 7, "nonsense": canary["email"]}, now=now)
    process(now)
    return list(SourceProfile.objects.values_list("id", flat=True))


def encodings(value: str) -> dict[str, bytes]:
    """A value in sixteen encodings in which it could stand somewhere."""
    raw = value.encode()
    return {
        "as it is": raw,
        "lower case": value.lower().encode(),
        "upper case": value.upper().encode(),
        "UTF-16 LE": value.encode("utf-16-le"),
        "UTF-16 BE": value.encode("utf-16-be"),
        "UTF-32": value.encode("utf-32-le"),
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        "base 64, at 0": base64.b64encode(raw)[: len(raw) * 8 // 6],
        "base 64, at 1": base64.b64encode(b"\0" + raw)[2 : (len(raw) + 1) * 8 // 6],
        "base 64, at 2": base64.b64encode(b"\0\0" + raw)[3 : (len(raw) + 2) * 8 // 6],
        "URL": quote(value, safe="").encode(),
        "JSON": json.dumps(value)[1:-1].encode(),
        "reversed": raw[::-1],
        "SHA-256": hashlib.sha256(raw).digest(),
        "SHA-256 in hex": hashlib.sha256(raw).hexdigest().encode(),
    }


def forms(canary: dict[str, str]) -> dict[str, bytes]:
    return {f"{field}: {name}": form for field, value in canary.items() for name, form in encodings(value).items()}


def test_p44_no_dump_shows_a_value(people, canary):
    backups = [(alias, dump(alias)) for alias in ("default", "keystore")]
    assert b"records_identifier" in backups[0][1]
    assert str(people[0]).encode() in backups[0][1]
    assert found_in(backups, forms(canary)) == set()


def content_of(path: Path) -> bytes:
    """What the file holds; nothing, when the server has removed it meanwhile, as it does with its old log."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def test_p44_no_data_file_and_no_write_ahead_log_shows_a_value_or_a_key(people, canary, moment):
    secrets = {f"data key {id}": key for id, key in keys.fetch(people).items()}
    places = ((str(path), content_of(path)) for path in files_since(moment))
    assert found_in(places, forms(canary) | secrets) == set()


def test_p44_with_the_keys_the_values_are_there(people, canary, now):
    grant = decide(people, purpose="security", at=now, actor=Actor.machine("test"), reason="test")
    opened = open_identifiers(people, grant)
    found = {known.value for of_one in opened.values() for known in of_one}
    found |= {known.value for of_one in open_attributes(people, grant).values() for known in of_one}
    assert {canary["email"], canary["given_name"], canary["city"]} <= found
    assert open_records(Record.objects.all(), grant)
