"""Whatever the owner of its table does to the audit log shows against a checkpoint kept elsewhere."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from threading import Event

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone

from privacy import holds, retention
from privacy.models import RetentionRun
from tests.privacy.cast import Person, World, make_world, settle
from tests.statements.sabotage import Sabotage
from vault import audit_aging, audit_seals, audit_verification, kept_keys, signatures
from vault.audit import subject_hash
from vault.audit_aging import KEPT, Aged
from vault.audit_verification import BadCheckpoint, Verification
from vault.models import AuditAging, AuditEntry, AuditSeal

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "vault/audit_seals.py",
    "                digest.update(part)",
    "                digest.update(part[:8])",
)
FURTHER = [
    Sabotage("vault/audit_aging.py", "        said.save(force_insert=True)\n", ""),
    Sabotage(
        "vault/audit_verification.py",
        "    elif not youngest.sealed_at + KEPT <= one.aged_at <= now:",
        "    elif False:",
    ),
]
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
    found = verified(checkpoint)
    assert (found.sound, found.seals, found.entries, found.unsealed) == (True, 4, 13, 0)


@pytest.mark.parametrize("deed", DEEDS)
def test_p35_what_the_owner_of_the_table_does_shows(checkpoint: Path, deed: str) -> None:
    statement, kind = DEEDS[deed]
    third = AuditEntry.objects.order_by("id")[2].pk
    _as_owner(statement, third=third)
    found = verified(checkpoint)
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
    found = verified(checkpoint)
    assert {fault.kind for fault in found.faults} == {"forged seal", "cut off"}


@pytest.mark.parametrize("change", [("12,", "11,"), ("onym", "onyx"), ("{", "[")])
def test_p35_a_changed_checkpoint_is_no_checkpoint(checkpoint: Path, change: tuple[str, str]) -> None:
    with pytest.raises(BadCheckpoint):
        audit_verification.read(checkpoint.read_text().replace(*change, 1))


@pytest.mark.parametrize("table", ["vault_auditentry", "vault_auditseal", "vault_auditaging"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET count = 0"])
@pytest.mark.parametrize("leave", ["onym.erasing", "onym.aging"])
def test_p35_nobody_else_changes_the_tables(old: Path, table: str, statement: str, leave: str) -> None:
    _read_by("reader-13")
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL {leave} = 'on'")
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
    assert verified().faults == []


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
    assert verified().sound
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


# Entries end: two years after they were sealed.

THEN = timezone.now() - KEPT - timedelta(hours=1)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A log of six reads in three seals, of which two are two years old and have aged, and an old checkpoint."""
    for start, at in ((0, THEN), (2, THEN), (4, timezone.now() - timedelta(days=700))):
        for name in HOUR[start : start + 2]:
            _read_by(name, at=at)
        audit_seals.seal(now=at)
    file = tmp_path / "checkpoint.json"
    call_command("audit", "checkpoint", "--out", str(file), stdout=StringIO())
    assert audit_aging.age(now=timezone.now()) == Aged(entries=4, seals=2)
    return file


def test_p35_what_is_two_years_old_goes_and_the_rest_verifies_still(old: Path) -> None:
    assert list(AuditEntry.objects.order_by("id").values_list("actor", flat=True)) == HOUR[4:6]
    assert verified(old) == Verification([], seals=3, entries=2, unsealed=0, aged_seals=2, aged=4)
    said = StringIO()
    call_command("audit", "verify", "--checkpoint", str(old), stdout=said)
    assert "2 entries in 1 seals verified" in said.getvalue()
    assert "4 entries in 2 seals have aged" in said.getvalue()
    assert audit_aging.age(now=timezone.now()) == Aged()
    # The chain goes on, and a new checkpoint counts all that there ever was.
    _read_by("reader-13")
    audit_seals.seal(now=timezone.now())
    assert audit_verification.checkpoint(now=timezone.now()).entries == 7
    assert verified(old).sound


@pytest.mark.parametrize(
    ("deed", "kinds"),
    [
        ("DELETE FROM vault_auditentry", {"removed"}),
        ("DELETE FROM vault_auditaging", {"removed"}),
        ("UPDATE vault_auditaging SET last = 3, count = 6", {"forged aging", "removed"}),
        ("UPDATE vault_auditaging SET signature = sha512('mine'::bytea)", {"forged aging", "removed"}),
        ("UPDATE vault_auditaging SET aged_at = aged_at + interval '1 day'", {"forged aging", "removed"}),
        ("DELETE FROM vault_auditseal WHERE number = 1", {"gap"}),
        ("DELETE FROM vault_auditseal WHERE number = 2", {"gap", "removed"}),
        ("UPDATE vault_auditseal SET count = 1 WHERE number = 1", {"forged seal"}),
        (
            "INSERT INTO vault_auditentry (id, at, actor, actor_kind, action, purpose, reason, subjects, cohort, "
            "count, fields) SELECT 1, at, actor, actor_kind, action, purpose, reason, subjects, cohort, count, fields "
            "FROM vault_auditentry LIMIT 1",
            {"removed"},
        ),
    ],
    # Sets have no order, and workers must agree on names.
    ids=lambda value: value if isinstance(value, str) else " ".join(sorted(value)),
)
def test_p35_what_is_done_to_a_log_that_has_aged_shows(old: Path, deed: str, kinds: set[str]) -> None:
    _as_owner(deed, third=0)
    assert {fault.kind for fault in verified(old).faults} == kinds


def test_p35_what_is_removed_before_its_time_shows_even_with_a_word_about_it(checkpoint: Path) -> None:
    """Whoever has the key and turns the clock forward: aging says when it was done, and that lies ahead."""
    _as_owner("DELETE FROM vault_auditentry WHERE id <= %(third)s + 1", third=AuditEntry.objects.order_by("id")[2].pk)
    one = AuditSeal.objects.get(number=1)
    version, key = kept_keys.newest(audit_seals.KEY)
    for aged_at in (timezone.now() + KEPT + timedelta(days=1), timezone.now()):
        said = AuditAging(first=1, last=1, count=one.count, aged_at=aged_at, key_version=version)
        said.signature = signatures.sign(key, audit_aging.statement(said, one))
        said.save(force_insert=True)
        assert {fault.kind for fault in verified(checkpoint).faults} == {"aged too early", "removed"}
        _as_owner("DELETE FROM vault_auditaging", third=0)


def test_p35_the_database_itself_removes_nothing_before_its_time(checkpoint: Path) -> None:
    """The clock of the application is two years ahead, that of the database is not."""
    with pytest.raises(DatabaseError, match="younger than 24 months"), transaction.atomic():
        audit_aging.age(now=timezone.now() + KEPT + timedelta(days=1))
    assert AuditEntry.objects.count() == 12
    assert verified(checkpoint).sound


def test_p35_what_was_changed_does_not_age_away(old: Path) -> None:
    _read_by("reader-13", at=THEN)
    audit_seals.seal(now=THEN)
    _as_owner("UPDATE vault_auditentry SET reason = 'a call' WHERE actor = 'reader-13'", third=0)
    assert audit_aging.age(now=timezone.now()) == Aged()
    assert {fault.kind for fault in verified(old).faults} == {"changed"}


def test_p35_a_seal_with_a_read_of_somebody_on_hold_stays_as_a_whole(old: Path) -> None:
    for name in ("reader-7", "reader-8", "reader-9"):
        _read_by(name, at=THEN)
        audit_seals.seal(now=THEN)
    assert audit_aging.age(now=timezone.now(), kept=[b"reader-8"]) == Aged(entries=2, seals=2, held=1)
    assert list(AuditEntry.objects.order_by("id").values_list("actor", flat=True)) == [*HOUR[4:6], "reader-8"]
    assert verified(old).sound
    assert audit_aging.age(now=timezone.now()) == Aged(entries=1, seals=1)
    found = verified(old)
    assert (found.sound, found.aged, found.aged_seals) == (True, 7, 5)


def test_p35_retention_ages_the_log_and_says_so_before(old: Path, world: World) -> None:
    alice = settle(Person("alice"), world)
    audit_seals.seal(now=timezone.now())
    for subject in (b"somebody", subject_hash(alice.source_profiles[0])):
        AuditEntry.objects.create(
            at=THEN, actor="steward", actor_kind="person", action="read identifiers", purpose="service",
            reason="ticket", subjects=[subject], count=1, fields=["email"],
        )  # fmt: skip
        audit_seals.seal(now=THEN)
    holds.put(alice.profile, reference="case 7", reason="claim", actor="officer", now=timezone.now())
    before, now = AuditEntry.objects.count(), timezone.now()
    shown = [one for one in retention.carry_out(now=now, dry_run=True) if one.what == "vault.AuditEntry"]
    assert [(one.rows, one.held) for one in shown] == [(1, 1)]
    assert AuditEntry.objects.count() == before
    done = [one for one in retention.carry_out(now=now) if one.what == "vault.AuditEntry"]
    assert done == shown
    assert AuditEntry.objects.count() == before - 1
    assert RetentionRun.objects.filter(what="vault.AuditEntry").values_list("rows", "held").get() == (1, 1)
    assert verified(old).sound


@pytest.fixture
def world() -> World:
    return make_world()


def verified(checkpoint: Path | None = None) -> Verification:
    known = audit_verification.read(checkpoint.read_text()) if checkpoint else None
    return audit_verification.verify(known, now=timezone.now())


def _read_by(actor: str, *, at: datetime | None = None) -> None:
    AuditEntry.objects.create(
        at=at or timezone.now(), actor=actor, actor_kind="person", action="read identifiers", purpose="service",
        reason=f"ticket {actor}", subjects=[actor.encode()], count=1, fields=["email"],
    )  # fmt: skip


def _as_owner(statement: str, *, third: int) -> None:
    """Who owns a table can switch its triggers off."""
    with connection.cursor() as cursor:
        for table in ("vault_auditentry", "vault_auditseal", "vault_auditaging"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only")
        cursor.execute(statement, {"third": third})
