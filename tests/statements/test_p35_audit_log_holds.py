"""Whatever the owner of its table does to the audit log shows against a checkpoint kept elsewhere."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from threading import Event

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone

from tests.statements.sabotage import Sabotage
from vault import audit_seals, audit_verification
from vault.audit_verification import BadCheckpoint
from vault.models import AuditEntry, AuditSeal

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "vault/audit_seals.py",
    "                digest.update(part)",
    "                digest.update(part[:8])",
)
HOUR = [f"reader-{number}" for number in range(1, 13)]
# What somebody who owns the tables can do, and what verifying calls it.
DEEDS = {
    "an entry is edited": ("UPDATE vault_auditentry SET reason = 'a call' WHERE id = %(third)s", "changed"),
    "an entry is laid on somebody else": (
        "UPDATE vault_auditentry SET actor = 'reader-9' WHERE id = %(third)s",
        "changed",
    ),
    "an entry is dated back": (
        "UPDATE vault_auditentry SET at = at - interval '1 microsecond' WHERE id = %(third)s",
        "changed",
    ),
    "a field is taken from an entry": ("UPDATE vault_auditentry SET fields = '{}' WHERE id = %(third)s", "changed"),
    "an entry is deleted": ("DELETE FROM vault_auditentry WHERE id = %(third)s", "removed"),
    "a range is deleted": (
        "DELETE FROM vault_auditentry WHERE id BETWEEN %(third)s AND %(third)s + 3",
        "removed",
    ),
    "two entries change places": (
        "UPDATE vault_auditentry AS one SET actor = other.actor, reason = other.reason FROM vault_auditentry AS other"
        " WHERE one.id IN (%(third)s, %(third)s + 1) AND other.id = 2 * %(third)s + 1 - one.id",
        "changed",
    ),
    "an entry is slipped in before the first": (
        "INSERT INTO vault_auditentry (id, at, actor, actor_kind, action, purpose, reason, run, subjects, cohort, "
        "count, fields) SELECT -5, at, actor, actor_kind, action, purpose, reason, run, subjects, cohort, count, "
        "fields FROM vault_auditentry WHERE id = %(third)s",
        "added",
    ),
    "a seal is removed from the middle": ("DELETE FROM vault_auditseal WHERE number = 2", "gap"),
    "a seal is made to fit": ("UPDATE vault_auditseal SET count = count - 1 WHERE number = 2", "forged seal"),
    "the end is cut off, seals and all": (
        "WITH cut AS (DELETE FROM vault_auditseal WHERE number >= 2 RETURNING after_id) "
        "DELETE FROM vault_auditentry WHERE id > (SELECT min(after_id) FROM cut)",
        "cut off",
    ),
    "everything is gone": (
        "WITH cut AS (DELETE FROM vault_auditseal) DELETE FROM vault_auditentry",
        "cut off",
    ),
}


@pytest.fixture(autouse=True)
def from_one(db: None) -> None:
    """Ids begin at one, whatever other tests have used up: seals are made by ranges of ids."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence('vault_auditentry', 'id'), 1, false)")


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A log of twelve reads in three seals, and the file that was taken from it."""
    for start in (0, 4, 8):
        for name in HOUR[start : start + 4]:
            _read_by(name)
        assert audit_seals.seal(now=timezone.now()).entries == 4
    file = tmp_path / "checkpoint.json"
    call_command("audit", "checkpoint", "--out", str(file), stdout=StringIO())
    return file


def test_p35_the_log_as_it_was_written_is_sound(checkpoint: Path) -> None:
    said = StringIO()
    call_command("audit", "verify", "--checkpoint", str(checkpoint), stdout=said)
    assert "12 entries in 3 seals verified" in said.getvalue()
    assert "0 not sealed yet" in said.getvalue()
    # What comes later does not disturb the checkpoint.
    _read_by("reader-13")
    audit_seals.seal(now=timezone.now())
    found = audit_verification.verify(audit_verification.read(checkpoint.read_text()))
    assert (found.sound, found.seals, found.entries, found.unsealed) == (True, 4, 13, 0)


@pytest.mark.parametrize("deed", DEEDS)
def test_p35_what_the_owner_of_the_table_does_shows(checkpoint: Path, deed: str) -> None:
    statement, kind = DEEDS[deed]
    third = AuditEntry.objects.order_by("id")[2].pk
    _as_owner(statement, third=third)
    found = audit_verification.verify(audit_verification.read(checkpoint.read_text()))
    assert kind in {fault.kind for fault in found.faults}, found.faults
    with pytest.raises(CommandError, match="was changed"):
        call_command("audit", "verify", "--checkpoint", str(checkpoint), stdout=StringIO(), stderr=StringIO())


def test_p35_a_chain_made_anew_with_another_key_shows(checkpoint: Path) -> None:
    """The owner rewrites an entry and seals all again: signed by nobody's key, and not what the checkpoint knows."""
    third = AuditEntry.objects.order_by("id")[2].pk
    _as_owner("UPDATE vault_auditentry SET reason = 'a call' WHERE id = %(third)s", third=third)
    _as_owner("DELETE FROM vault_auditseal", third=0)
    audit_seals.seal(now=timezone.now())
    _as_owner("UPDATE vault_auditseal SET signature = sha512('mine'::bytea)", third=0)
    found = audit_verification.verify(audit_verification.read(checkpoint.read_text()))
    assert {fault.kind for fault in found.faults} == {"forged seal", "cut off"}


@pytest.mark.parametrize("change", [("12,", "11,"), ("onym", "onyx"), ("{", "[")])
def test_p35_a_changed_checkpoint_is_no_checkpoint(checkpoint: Path, change: tuple[str, str]) -> None:
    with pytest.raises(BadCheckpoint):
        audit_verification.read(checkpoint.read_text().replace(*change, 1))


@pytest.mark.parametrize("table", ["vault_auditentry", "vault_auditseal"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET count = 0"])
def test_p35_nobody_else_changes_either_table(checkpoint: Path, table: str, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL onym.erasing = 'on'")
        with pytest.raises(DatabaseError, match="is append-only"), transaction.atomic():
            cursor.execute(statement.format(table))


@pytest.mark.django_db(databases=["default", "keystore"], transaction=True)
def test_p35_an_entry_that_is_seen_late_is_not_missed(late: Callable[[], Event]) -> None:
    """A slow transaction took its id before a quick one did; the sealer waits for it and seals both."""
    let_go = late()
    _read_by("quick")
    assert audit_seals.seal(now=timezone.now(), patience=0.2) == audit_seals.Sealed(0, 0, 1)
    let_go.set()
    assert audit_seals.seal(now=timezone.now()).entries == 2
    assert list(AuditEntry.objects.order_by("id").values_list("actor", flat=True)) == ["slow", "quick"]
    assert audit_verification.verify().faults == []


@pytest.mark.django_db(databases=["default", "keystore"], transaction=True)
def test_p35_ids_that_a_rollback_left_out_are_no_gap() -> None:
    _read_by("first")
    with transaction.atomic():
        _read_by("never")
        transaction.set_rollback(True)
    _read_by("third")
    assert audit_seals.seal(now=timezone.now()).entries == 2
    first, third = AuditEntry.objects.order_by("id").values_list("id", flat=True)
    assert third - first == 2
    assert audit_verification.verify().sound
    assert AuditSeal.objects.order_by("number").last().upto_id == third


@pytest.fixture
def late() -> Iterator[Callable[[], Event]]:
    """Starts a transaction that has written its entry and not ended."""
    let_go, wrote = Event(), Event()

    def write() -> None:
        try:
            with transaction.atomic():
                _read_by("slow")
                wrote.set()
                let_go.wait(20)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:

        def start() -> Event:
            pool.submit(write)
            assert wrote.wait(10)
            return let_go

        yield start
        let_go.set()


def _read_by(actor: str) -> None:
    AuditEntry.objects.create(
        at=timezone.now(), actor=actor, actor_kind="person", action="read identifiers", purpose="service",
        reason=f"ticket {actor}", subjects=[actor.encode()], count=1, fields=["email"],
    )  # fmt: skip


def _as_owner(statement: str, *, third: int) -> None:
    """Who owns a table can switch its triggers off."""
    with connection.cursor() as cursor:
        for table in ("vault_auditentry", "vault_auditseal"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only")
        cursor.execute(statement, {"third": third})
