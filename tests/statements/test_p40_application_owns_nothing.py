"""The application's role of the database is neither owner nor superuser, and works all the same."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone
from psycopg.errors import DuplicateObject, UniqueViolation

from consent.decide import decide
from identity import golden, profiles
from records import sources
from tests.senders import process, send_messages
from tests.statements.sabotage import Sabotage
from vault import audit_aging, audit_seals, audit_verification
from vault.audit_aging import KEPT, Aged
from vault.checks import application_owns_nothing
from vault.grants import Actor, Grant
from vault.models import AuditEntry, AuditSeal
from vault.roles_of_database import standing

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "vault/roles_of_database.py",
    "        yield f\"REVOKE UPDATE, DELETE ON {', '.join(WRITTEN_ONCE)} FROM {{app}}\"",
    '        yield "SELECT 1"',
)
APP, OWNER = "onym_p40_app", "onym_p40_owner"
MEMBERS = "GRANT onym_p40_owner TO onym_p40_app"
FORBIDDEN = [
    "ALTER TABLE vault_auditentry DISABLE TRIGGER append_only",
    "DROP TRIGGER append_only ON vault_auditentry",
    "DROP TABLE vault_auditentry",
    "TRUNCATE vault_auditentry",
    "TRUNCATE consent_act",
    "DELETE FROM vault_auditentry",
    "UPDATE vault_auditentry SET reason = 'none'",
    "DELETE FROM vault_auditseal",
    "UPDATE vault_auditseal SET count = 0",
    "DELETE FROM vault_auditaging",
    "UPDATE vault_auditaging SET count = 0",
    "CREATE TABLE mine (id int)",
    "CREATE OR REPLACE FUNCTION onym_never_changes() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "SET LOCAL session_replication_role = 'replica'",
    "DROP TABLE records_record",
    "SELECT records_drop_partition('vault_auditentry')",
    "DELETE FROM django_migrations",
]


@pytest.fixture
def _committed(db: None) -> None:
    """Roles belong to the whole cluster, so they are made outside of the transactions of a test."""
    settings = connection.settings_dict
    place = {**settings["OPTIONS"], "dbname": settings["NAME"], "user": settings["USER"]}
    place |= {"host": settings["HOST"], "port": settings["PORT"]} if settings["HOST"] else {}
    place.pop("server_side_binding", None)
    with psycopg.connect(**{name: value for name, value in place.items() if value}, autocommit=True) as own:
        for role in (APP, OWNER):
            # Another worker may have made it, or is just making it.
            with suppress(DuplicateObject, UniqueViolation):
                own.execute(f"CREATE ROLE {role}")


@pytest.fixture
def roles(_committed: None) -> None:
    """Tables that belong to an owner who is no superuser, and the application's role, set up by the command."""
    for alias in ("default", "keystore"):
        with connections[alias].cursor() as cursor:
            cursor.execute(f"GRANT ALL ON SCHEMA public TO {OWNER}")
            cursor.execute(GIVE_AWAY.format(owner=OWNER))
    with _as(OWNER):
        call_command("database_roles", "--app", APP, stdout=StringIO())


def test_p40_the_application_works_as_a_role_that_owns_nothing(roles: None) -> None:
    """Records come in, are resolved and read, and the month's partition is made: all as the application's role."""
    with _as(APP):
        now = timezone.now()
        shop, _ = sources.add("shop", kind="online", purposes=["service"])
        send_messages(
            shop,
            {"type": "identify", "userId": "u-1", "traits": {"email": "alice@example.com", "firstName": "Alice"}},
            now=now,
        )
        process(timezone.now())
        alice = profiles.look_up("email", "alice@example.com", now=timezone.now())
        assert alice is not None
        grant = decide(
            profiles.source_profiles(alice), purpose="service", at=now, actor=Actor("person", "p"), reason="a call"
        )
        assert isinstance(grant, Grant)
        assert golden.read([alice], grant)[alice]["email"].value == "alice@example.com"
        assert AuditEntry.objects.filter(actor="p").count() == 1
        _run("SELECT records_make_partition('2031-07-01'::date)")
        _run("SELECT count(*) FROM records_record_2031_07")
        _run("SELECT records_drop_partition('records_record_2031_07')")


def test_p40_it_may_have_old_entries_of_the_log_removed_and_no_young_ones(roles: None) -> None:
    with _as(APP):
        times = (timezone.now() - KEPT - timedelta(hours=1), timezone.now())
        for at in times:
            AuditEntry.objects.create(
                at=at, actor="p", actor_kind="person", action="read", purpose="service", reason="a call", subjects=[],
                count=1,
            )  # fmt: skip
            audit_seals.seal(now=at)
        # Ids that tests before this one have used up are sealed as well, so many a seal.
        old, young = (AuditSeal.objects.filter(sealed_at=at).count() for at in times)
        assert (old > 0, young) == (True, 1)
        assert audit_aging.age(now=timezone.now()) == Aged(entries=1, seals=old)
        with pytest.raises(DatabaseError, match="younger than 24 months"), _undone():
            _run(f"SELECT vault_remove_aged_entries(1, {old + 1})")
        assert audit_verification.verify(now=timezone.now()).sound


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_p40_it_changes_no_table_and_no_log(roles: None, statement: str) -> None:
    with _as(APP), pytest.raises(DatabaseError, match=r"permission denied|must be owner|no partition of"), _undone():
        _run(statement)


def test_p40_the_check_before_production_tells_owner_and_superuser_from_the_application(roles: None) -> None:
    assert [message.id for message in application_owns_nothing()] == ["vault.E003", "vault.E003"]
    assert "is a superuser" in application_owns_nothing()[0].msg
    with _as(OWNER):
        assert standing("default").superuser is False
        owner = application_owns_nothing()
        assert [message.id for message in owner] == ["vault.E003", "vault.E003"]
        assert "tables" in owner[0].msg
    with _as(APP):
        assert application_owns_nothing() == []
    _run(MEMBERS)
    with _as(APP):
        assert [message.id for message in application_owns_nothing()][:1] == ["vault.E003"]


def test_p40_the_command_takes_no_role_that_is_more_than_it_should_be(roles: None) -> None:
    with pytest.raises(CommandError, match="no role 'nobody-of-this-name'"):
        call_command("database_roles", "--app", "nobody-of-this-name")
    with pytest.raises(CommandError, match="superuser or a member of the owner"):
        call_command("database_roles", "--app", "postgres")
    _run(MEMBERS)
    with _as(OWNER), pytest.raises(CommandError, match="superuser or a member of the owner"):
        call_command("database_roles", "--app", APP)


# Tables, sequences and functions of the schema, given to another role.
GIVE_AWAY = """
DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT oid::regclass AS name FROM pg_class
               WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO {owner}', one.name);
    END LOOP;
    FOR one IN SELECT oid::regprocedure AS name FROM pg_proc WHERE pronamespace = 'public'::regnamespace LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO {owner}', one.name);
    END LOOP;
END $$
"""


@contextmanager
def _as(role: str) -> Iterator[None]:
    """Both connections in this role."""
    for alias in ("default", "keystore"):
        with connections[alias].cursor() as cursor:
            cursor.execute(f"SET ROLE {role}")
    try:
        yield
    finally:
        for alias in ("default", "keystore"):
            with connections[alias].cursor() as cursor:
                cursor.execute("RESET ROLE")


@contextmanager
def _undone() -> Iterator[None]:
    with transaction.atomic():
        yield


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
