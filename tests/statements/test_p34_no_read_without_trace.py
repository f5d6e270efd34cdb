"""Nothing is decrypted without purpose, actor and reason, nor unless the audit log has taken it down."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from access import api_keys
from identity import profiles
from privacy import access, requests
from records import sources
from tests.privacy.cast import NOW, OFFICER, Person, make_world, settle
from tests.senders import process, send_messages
from tests.statements.sabotage import Sabotage
from tests.vault.test_sealing import sealed
from vault import grants
from vault.audit import subject_hash, subject_hashes
from vault.grants import Actor, Grant, Incomplete
from vault.models import AuditEntry
from vault.sealing import open_sealed

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "vault/sealing.py",
    "        audit.write(grant, key_ids, action=action, fields=fields)",
    "        pass",
)
Leave = Callable[..., Grant]
BLANK: list[dict[str, Any]] = [{"purpose": ""}, {"reason": " "}, {"actor": Actor("person", "")}]


@pytest.mark.parametrize("missing", BLANK, ids=["purpose", "reason", "actor"])
def test_p34_nobody_gets_leave_without_saying_who_what_for_and_why(alice: UUID, missing: dict[str, Any]) -> None:
    whole = {"actor": Actor("person", "steward-7"), "purpose": "service", "reason": "a call", "now": timezone.now()}
    with pytest.raises(Incomplete, match=next(iter(missing))):
        grants.issue([alice], **{**whole, **missing})


@pytest.mark.parametrize("column", ["actor", "purpose", "reason"])
def test_p34_the_database_takes_no_entry_that_leaves_one_of_them_out(alice: UUID, leave: Leave, column: str) -> None:
    open_sealed([sealed(alice)], leave(alice))
    copied = {"at": "at", "actor": "actor", "purpose": "purpose", "reason": "reason"} | {column: "''"}
    with pytest.raises(IntegrityError, match="a_read_says_who_what_for_and_why"), transaction.atomic():
        _run(
            "INSERT INTO vault_auditentry (actor_kind, action, run, subjects, cohort, count, fields, "
            f"{', '.join(copied)}) SELECT actor_kind, action, run, subjects, cohort, count, fields, "
            f"{', '.join(copied.values())} FROM vault_auditentry"
        )


def test_p34_a_role_that_may_not_write_the_audit_log_reads_nothing(alice: UUID, leave: Leave) -> None:
    """A real role of the database that holds every right but this one."""
    item, grant = sealed(alice), leave(alice)
    _run("CREATE ROLE onym_p34_mute")
    _run("GRANT USAGE ON SCHEMA public TO onym_p34_mute")
    _run("GRANT SELECT ON ALL TABLES IN SCHEMA public TO onym_p34_mute")
    with transaction.atomic():
        _run("SET LOCAL ROLE onym_p34_mute")
        with pytest.raises(DatabaseError, match="permission denied for table vault_auditentry"), transaction.atomic():
            open_sealed([item], grant)
        _run("RESET ROLE")
    assert open_sealed([item], grant) == [b"alice@example.com"]


def test_p34_an_audit_log_that_refuses_keeps_the_data_shut(alice: UUID, leave: Leave) -> None:
    """A trigger that fails stands for a full disk, a lock time-out, a broken index."""
    _break_the_log()
    with pytest.raises(DatabaseError, match="disk full"), transaction.atomic():
        open_sealed([sealed(alice)], leave(alice))


def test_p34_the_api_answers_500_without_a_value_when_its_read_cannot_be_noted(person: Person) -> None:
    client = _caller()
    assert person.email in client.get(f"/api/profiles/{person.profile}/identifiers/").content.decode()
    _break_the_log()
    client.raise_request_exception = False
    refused = client.get(f"/api/profiles/{person.profile}/identifiers/")
    assert (refused.status_code, person.email in refused.content.decode()) == (500, False)


def test_p34_a_read_by_a_person_is_one_row_with_the_hash_of_every_subject(alice: UUID, bob: UUID, leave: Leave) -> None:
    open_sealed([sealed(alice), sealed(bob)], leave(alice, bob))
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.purpose, entry.reason) == ("steward-7", "service", "a call")
    assert [bytes(one) for one in entry.subjects] == [subject_hash(id) for id in sorted([alice, bob])]
    assert (entry.count, bytes(entry.cohort), entry.fields) == (2, b"", ["records_identifier.sealed"])


def test_p34_a_read_through_the_api_is_one_row_of_its_key(person: Person) -> None:
    client = _caller()
    before = AuditEntry.objects.count()
    client.get(f"/api/profiles/{person.profile}/identifiers/")
    (entry,) = AuditEntry.objects.order_by("id")[before:]
    assert (entry.actor_kind, entry.actor) == ("api", str(api_keys.ApiKey.objects.get().pk))
    assert (entry.action, entry.purpose, entry.reason) == ("read identifiers", "service", "API identifiers")
    assert [bytes(one) for one in entry.subjects] == subject_hashes(person.source_profiles[:2])
    assert entry.fields == ["account_id", "customer_number", "email", "phone"]


def test_p34_a_machine_stage_is_one_row_a_batch_with_its_run_and_a_count(alice: UUID, bob: UUID, leave: Leave) -> None:
    grant = leave(alice, bob, actor=Actor.machine("resolve"))
    open_sealed([sealed(alice), sealed(alice), sealed(bob)], grant)
    entry = AuditEntry.objects.get()
    assert (entry.actor_kind, entry.actor, entry.run, entry.count, entry.subjects) == (
        "machine",
        "resolve",
        grant.id,
        2,
        [],
    )


def test_p34_the_access_answer_names_the_runs_that_the_person_was_in_and_no_other() -> None:
    """Two batches go through the pipeline itself, a person in each: whoever asks is told of theirs."""
    now = timezone.now()
    shop, _ = sources.add("shop", kind="online", purposes=["service"])
    runs: dict[str, set[str]] = {}
    for name in ("alice", "bob"):
        before = set(AuditEntry.objects.values_list("run", flat=True))
        traits = {"email": f"{name}@example.com", "firstName": name, "lastName": f"{name}son"}
        send_messages(shop, {"type": "identify", "userId": f"u-{name}", "traits": traits}, now=now)
        process(timezone.now())
        since = AuditEntry.objects.filter(actor_kind="machine", count=1).exclude(run__in=before)
        runs[name] = {str(run) for run in since.values_list("run", flat=True)}
        assert runs[name]
    alice = profiles.look_up("email", "alice@example.com", now=now)
    request = requests.open("access", profile_id=alice, actor=OFFICER, now=NOW)
    looked = access.answer(request, actor=Actor("person", OFFICER), now=timezone.now())["who_looked"]
    named = {(run["run"], run["stage"], run["purpose"], run["people_in_the_run"]) for run in looked["machine_runs"]}
    assert named == {(run, "resolve", "identity_linking", 1) for run in runs["alice"]}
    assert not runs["bob"] & {run["run"] for run in looked["machine_runs"]}


@pytest.fixture
def person() -> Person:
    """Alice as three sources know her."""
    return settle(Person("alice"), make_world())


def _caller() -> Client:
    """A program that may read profiles for service."""
    return Client(headers={"Authorization": f"Bearer {api_keys.add('care', purposes=['service'])[1]}"})


def _break_the_log() -> None:
    _run("CREATE FUNCTION p34_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'disk full'; END $$")
    _run("CREATE TRIGGER p34_full BEFORE INSERT ON vault_auditentry EXECUTE FUNCTION p34_full()")


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
