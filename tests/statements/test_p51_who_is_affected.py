"""From a leaked API key, a user or a time range, the people affected and the fields read of them are listed."""

import csv
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from access import api_keys, users
from privacy.exposure import READS, exposed
from records.models import SourceProfile
from tests.privacy.cast import Person, World, make_world, settle
from tests.statements.sabotage import Sabotage
from vault.models import AuditEntry

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "privacy/exposure.py",
    '    by = "AND actor = %(actor)s" if actor else ""',
    '    by = ""',
)
OF_SHOP, OF_TILL = {"account_id", "email"}, {"customer_number", "phone"}


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def alice(world: World) -> Person:
    return settle(Person("alice"), world)


@pytest.fixture
def bob(world: World) -> Person:
    return settle(Person("bob"), world)


@pytest.fixture
def leaked(alice: Person, bob: Person) -> str:
    """A key that has read Alice's golden record and identifiers, while another one read Bob's."""
    _, text = api_keys.add("leaked", purposes=["service"])
    _, other = api_keys.add("sound", purposes=["service"])
    _get(text, f"/api/profiles/{alice.profile}/")
    _get(text, f"/api/profiles/{alice.profile}/identifiers/")
    _get(other, f"/api/profiles/{bob.profile}/identifiers/")
    return text


def test_p51_a_leaked_key_names_the_people_and_fields_that_it_read_and_no_others(leaked: str, alice: Person) -> None:
    (one,) = _by("leaked").people
    assert (one.profile, one.fields) == (alice.profile, OF_SHOP | OF_TILL | {"family_name", "sources"})
    entries = AuditEntry.objects.filter(actor=str(_key("leaked"))).order_by("at")
    assert (one.first_at, one.last_at) == (entries[0].at, entries[len(entries) - 1].at)


def test_p51_what_was_not_opened_is_not_listed(alice: Person) -> None:
    """A key that read the identifiers alone exposed no name and no street."""
    _, text = api_keys.add("narrow", purposes=["service"])
    _get(text, f"/api/profiles/{alice.profile}/identifiers/")
    (one,) = _by("narrow").people
    assert (one.fields, one.reads) == (OF_SHOP | OF_TILL, 1)


def test_p51_by_time_range_everybody_read_in_it(leaked: str, alice: Person, bob: Person) -> None:
    key = AuditEntry.objects.filter(actor=str(_key("sound"))).get()
    at_bob = exposed(since=key.at, until=key.at + timedelta(microseconds=1))
    assert [(one.profile, one.fields) for one in at_bob.people] == [(bob.profile, OF_SHOP | OF_TILL)]
    assert exposed(actor=str(_key("leaked")), since=key.at, until=timezone.now()).people == []
    assert exposed(since=timezone.now() - timedelta(days=9), until=timezone.now() - timedelta(days=8)).people == []


def test_p51_an_erased_person_is_counted_and_not_named(leaked: str, alice: Person) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL onym.erasing = 'on'")
        cursor.execute("DELETE FROM identity_goldenvalue")
        cursor.execute("DELETE FROM identity_assignment WHERE source_profile_id = ANY(%s)", [alice.source_profiles])
    found = _by("leaked")
    assert (found.people, found.gone) == ([], 2)


def test_p51_the_command_writes_them_into_a_file(leaked: str, alice: Person, tmp_path: Path) -> None:
    file, said = tmp_path / "affected.csv", StringIO()
    call_command("audit", "exposure", "--api-key", "leaked", "--csv", str(file), stdout=said)
    (row,) = csv.DictReader(file.read_text().splitlines())
    assert row["profile"] == str(alice.profile)
    assert set(row["fields"].split()) == OF_SHOP | OF_TILL | {"family_name", "sources"}
    assert "1 people affected" in said.getvalue()
    assert [value for value in alice.canaries if value in file.read_text() + said.getvalue()] == []
    with pytest.raises(CommandError, match="no API key or user of this name"):
        call_command("audit", "exposure", "--api-key", "unheard-of")


def test_p51_the_page_lists_them_for_a_privacy_officer(leaked: str, alice: Person, bob: Person) -> None:
    client = Client()
    client.force_login(users.add("mary", password="correct horse battery", roles=["privacy_officer"]))
    form = {"actor": str(_key("leaked")), "since": (timezone.now() - timedelta(days=1)).date().isoformat()}
    page = client.post("/admin/vault/auditentry/exposure/", form).content.decode()
    assert "1 person affected" in page
    assert f"/admin/identity/profile/{alice.profile}/change/" in page
    assert str(bob.profile) not in page
    file = client.post("/admin/vault/auditentry/exposure/", {**form, "csv": "1"})
    assert file["Content-Type"] == "text/csv"
    assert file.content.decode().splitlines()[1].startswith(f"{alice.profile},")
    client.force_login(users.add("mark", password="correct horse battery", roles=["marketer"]))
    assert client.post("/admin/vault/auditentry/exposure/", form).status_code == 403


def test_p51_a_large_log_is_read_by_index(leaked: str) -> None:
    """Among a hundred thousand reads by others the key's are found without going through all."""
    source_profiles = SourceProfile.objects.count()
    with connection.cursor() as cursor:
        cursor.execute(MANY)
        cursor.execute("ANALYZE vault_auditentry")
        asked = {"actor": str(_key("leaked")), "since": timezone.now() - timedelta(days=1), "until": timezone.now()}
        cursor.execute("EXPLAIN " + READS.format(by="AND actor = %(actor)s"), asked)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Seq Scan" not in plan, plan
    assert "vault_audit" in plan
    assert len(_by("leaked").people) == 1
    assert source_profiles == 6


MANY = """
INSERT INTO vault_auditentry (at, actor, actor_kind, action, purpose, reason, subjects, cohort, count, fields)
SELECT now() - n * interval '1 second', 'reader-' || mod(n, 50), 'api', 'read', 'service', 'a call',
       ARRAY[decode(md5(n::text), 'hex')], '', 1, ARRAY['email'] FROM generate_series(1, 100000) AS n
"""


def _key(name: str) -> Any:
    return api_keys.ApiKey.objects.get(name=name).pk


def _by(name: str) -> Any:
    now = timezone.now()
    return exposed(actor=str(_key(name)), since=now - timedelta(days=1), until=now)


def _get(text: str, path: str) -> None:
    answer = Client(headers={"Authorization": f"Bearer {text}"}).get(path)
    assert answer.status_code == 200, answer.content
