"""The audit log says who read whose data and holds no value; nobody changes it."""

import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from tests.vault.conftest import STEWARD, hexes
from tests.vault.test_sealing import sealed
from vault.audit import subject_hash
from vault.grants import Actor
from vault.models import AuditEntry
from vault.sealing import open_sealed

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def test_a_read_by_a_person_is_one_row_with_the_hashes_of_all_subjects(alice, bob, leave):
    grant, before = leave(alice, bob, actor=STEWARD, reason="profile page"), timezone.now()
    open_sealed([sealed(bob), sealed(alice), sealed(alice)], grant, action="read attributes")
    entry = AuditEntry.objects.get()
    assert (entry.actor_kind, entry.actor) == ("person", "steward-7")
    assert (entry.action, entry.purpose, entry.reason) == ("read attributes", "service", "profile page")
    assert (entry.run, entry.count) == (grant.id, 2)
    assert [bytes(subject) for subject in entry.subjects] == [subject_hash(id) for id in sorted([alice, bob])]
    assert before <= entry.at <= timezone.now()


def test_a_read_by_a_program_names_its_subjects_too(alice, leave):
    open_sealed([sealed(alice)], leave(alice, actor=Actor("api", "key-1")))
    entry = AuditEntry.objects.get()
    assert (entry.actor_kind, [bytes(one) for one in entry.subjects]) == ("api", [subject_hash(alice)])


def test_a_batch_of_a_machine_stage_is_one_row_with_a_count(alice, bob, leave):
    open_sealed([sealed(alice), sealed(bob), sealed(bob)], leave(alice, bob, actor=Actor.machine("resolve")))
    entry = AuditEntry.objects.get()
    assert (entry.actor_kind, entry.actor, entry.subjects, entry.count) == ("machine", "resolve", [], 2)


def test_only_what_was_opened_is_noted_not_all_that_was_granted(alice, bob, leave):
    open_sealed([sealed(alice)], leave(alice, bob))
    assert [bytes(one) for one in AuditEntry.objects.get().subjects] == [subject_hash(alice)]


def test_the_row_holds_neither_the_value_nor_the_source_profile(alice, leave):
    open_sealed([sealed(alice)], leave(alice))
    with connection.cursor() as cursor:
        cursor.execute("SELECT entry::text FROM vault_auditentry AS entry")
        row = cursor.fetchone()[0]
    assert "steward-7" in row
    for secret in ("alice@example.com", b"alice@example.com".hex(), *hexes([alice])):
        assert secret not in row


def test_subject_hashes_differ_by_subject_and_stay_the_same(alice, bob):
    assert subject_hash(alice) == subject_hash(alice)
    assert subject_hash(alice) != subject_hash(bob)
    assert len(subject_hash(alice)) == 16


@pytest.mark.parametrize("statement", ["UPDATE vault_auditentry SET reason = 'none'", "DELETE FROM vault_auditentry"])
@pytest.mark.parametrize("erasing", ["off", "on"])
def test_an_entry_can_be_neither_changed_nor_deleted_not_even_by_an_erasure(alice, leave, statement, erasing):
    open_sealed([sealed(alice)], leave(alice, reason="a call"))
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL onym.erasing = '{erasing}'")
        with pytest.raises(ProgrammingError, match="vault_auditentry is append-only"), transaction.atomic():
            cursor.execute(statement)
    assert AuditEntry.objects.get().reason == "a call"
