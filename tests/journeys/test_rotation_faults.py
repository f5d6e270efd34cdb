"""kill -9 in the middle of a rotation of keys: everything still opens, and the next run finishes it."""

import json
from pathlib import Path

import psycopg
import pytest

from tests.journeys.test_faults import Installation, installation

__all__ = ["installation"]

pytestmark = pytest.mark.slow

PEOPLE = 2_000
ROTATE = (
    "from django.utils import timezone; from privacy import {module} as m; "
    "list(m.rotate(now=timezone.now(), at_once=20, wait=lambda _: None))"
)
# Everybody's identifiers are opened; the addresses that come out are counted.
OPEN_ALL = """
from django.utils import timezone
from consent.decide import decide
from records.models import SourceProfile
from records.reading import open_attributes, open_identifiers
from vault.grants import Actor
ids = list(SourceProfile.objects.values_list("id", flat=True))
grant = decide(ids, purpose="security", at=timezone.now(), actor=Actor.machine("test"), reason="test")
found = {k.value for of_one in open_identifiers(ids, grant).values() for k in of_one if k.namespace == "email"}
names = {k.value for of_one in open_attributes(ids, grant).values() for k in of_one if k.field == "given_name"}
print(len(found), len(names))
"""
FIND_ALL = f"""
from django.utils import timezone
from identity.profiles import look_up
now = timezone.now()
print(len({{look_up("email", f"person{{n}}@example.com", now=now) for n in range(0, {PEOPLE}, 10)}} - {{None}}))
"""


@pytest.fixture
def loaded(installation: Installation, tmp_path: Path) -> Path:
    path = tmp_path / "people.ndjson"
    with path.open("w") as file:
        for person in range(PEOPLE):
            row = {
                "receipt_id": f"R{person}",
                "loyalty_number": f"L{person}",
                "email": f"person{person}@example.com",
                "given_name": f"Name{person}",
                "amount": 10,
                "sold_at": "2026-03-11T10:00:00Z",
            }
            file.write(json.dumps(row) + "\n")
    installation.run("ingest", str(path), "--source", "tills")
    installation.run("process")
    return path


def opened(installation: Installation) -> list[int]:
    return [int(count) for count in installation.run("shell", "-v0", "-c", OPEN_ALL).split()]


def keystore(installation: Installation, query: str) -> int:
    script = "from django.conf import settings; print(settings.KEYSTORE_URL)"
    url = installation.run("shell", "-v0", "-c", script).strip()
    with psycopg.connect(url) as connection:
        return int(connection.execute(query).fetchone()[0])  # type: ignore[index]


def test_data_keys_killed_in_the_middle(installation: Installation, loaded: Path) -> None:
    rotate = ROTATE.format(module="data_key_rotation")
    # An entry of the audit log is committed with each batch.
    halfway = "SELECT count(*) > 60 FROM vault_auditentry WHERE action = 'rotate data keys'"
    installation.kill_when(halfway, "shell", "-v0", "-c", rotate)
    half = keystore(installation, "SELECT count(*) FROM vault_datakey WHERE previous IS NOT NULL")
    assert 0 < half < PEOPLE
    assert opened(installation) == [PEOPLE, PEOPLE]
    installation.run("shell", "-v0", "-c", rotate)
    assert keystore(installation, "SELECT count(*) FROM vault_datakey WHERE previous IS NOT NULL") == 0
    assert keystore(installation, "SELECT count(*) FROM vault_datakey WHERE renewed_at IS NULL") == 0
    assert keystore(installation, "SELECT count(*) FROM vault_rotation WHERE ended_at IS NULL") == 0
    assert opened(installation) == [PEOPLE, PEOPLE]


def test_index_keys_killed_in_the_middle(installation: Installation, loaded: Path) -> None:
    rotate = ROTATE.format(module="index_key_rotation").replace("m.rotate(", "m.rotate(['email'], ")
    moved = "SELECT count(*) > 400 FROM records_identifier WHERE namespace = 'email' AND octet_length(index) = 17"
    installation.kill_when(moved, "shell", "-v0", "-c", rotate)
    half = installation.count(
        "SELECT count(*) FROM records_identifier WHERE namespace = 'email' AND octet_length(index) = 16"
    )
    assert 0 < half < PEOPLE
    assert int(installation.run("shell", "-v0", "-c", FIND_ALL)) == PEOPLE // 10
    installation.run("shell", "-v0", "-c", rotate)
    left = "SELECT count(*) FROM records_identifier WHERE namespace = 'email' AND octet_length(index) = 16"
    assert installation.count(left) == 0
    assert int(installation.run("shell", "-v0", "-c", FIND_ALL)) == PEOPLE // 10
    counts = json.loads(installation.run("ingest", str(loaded), "--source", "tills", "--json").splitlines()[-1])
    assert counts["duplicate"] == PEOPLE


def test_the_command_does_the_key_encryption_key(installation: Installation, loaded: Path) -> None:
    answer = json.loads(installation.run("rotate", "key-encryption-key", "--json"))
    assert (answer["kind"], answer["version"]) == ("key-encryption-key", 2)
    assert answer["done"] >= PEOPLE
    assert opened(installation) == [PEOPLE, PEOPLE]
