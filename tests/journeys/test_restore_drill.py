"""The restore drill with PostgreSQL's own tools: both databases dumped, people erased, the dumps put back, replayed."""

import subprocess
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections
from django.test import Client
from psycopg import sql

from cdp.embedded import DEFAULT_VERSION, Cluster
from identity.profiles import look_up, profile_of
from privacy import requests
from privacy.erasure import erase
from records.models import Source, SourceProfile
from tests.pipeline.cast import seed_purposes
from tests.privacy.scan import hits
from tests.senders import process, send_rows
from vault import kept_keys
from vault.models import DataKey

pytestmark = [pytest.mark.slow, pytest.mark.django_db(databases=["default", "keystore"], transaction=True)]
PEOPLE, ERASED = 200, 20


def run(program: str, alias: str, *arguments: str) -> None:
    """One of PostgreSQL's programs on this database."""
    where = connections[alias].get_connection_params()
    command = [str(Cluster(Path("/"), DEFAULT_VERSION).programs / program), "-h", where["host"], "-U", where["user"]]
    command += ["-p", str(where.get("port", 5432)), "-d", where["dbname"], *arguments]
    subprocess.run(command, check=True, capture_output=True)


def restore(alias: str, dump: Path) -> None:
    """Put the dump in the database's place."""
    where = connections[alias].get_connection_params()
    connections.close_all()
    name = sql.Identifier(where["dbname"])
    server = {key: where[key] for key in ("host", "port", "user") if where.get(key)}
    with psycopg.connect(dbname="postgres", autocommit=True, **server) as administration:
        administration.execute(sql.SQL("DROP DATABASE {}").format(name))
        administration.execute(sql.SQL("CREATE DATABASE {}").format(name))
    run("pg_restore", alias, "--exit-on-error", str(dump))


def email(number: int) -> str:
    return f"canary{number}@example.com"


def test_what_was_erased_since_the_dump_stays_erased(crm: Source, now: datetime, tmp_path: Path) -> None:
    seed_purposes()
    kept_keys.make_for_installation()
    rows = [
        {"customer_number": f"C-{number}", "email": email(number), "updated_at": now.isoformat()}
        for number in range(PEOPLE)
    ]
    send_rows(crm, *rows, now=now + timedelta(seconds=1))
    process(now)
    for alias in ("default", "keystore"):
        run("pg_dump", alias, "-Fc", "-f", str(tmp_path / alias))
    gone = {number: look_up("email", email(number), now=now) for number in range(ERASED)}
    homes = profile_of(list(SourceProfile.objects.values_list("id", flat=True)))
    parts = [id for id, home in homes.items() if home in gone.values()]
    for profile in gone.values():
        request = requests.open("erasure", profile_id=profile, actor="officer-1", now=now)
        erase(requests.approve(request, actor="officer-2", now=now), actor="officer-2", now=now)
    for alias in ("default", "keystore"):
        restore(alias, tmp_path / alias)
    assert look_up("email", email(0), now=now) == gone[0]
    assert Client().get("/admin/").status_code == Client().get("/readyz").status_code == 503
    said = StringIO()
    call_command("privacy", "replay-erasures", stdout=said)
    assert said.getvalue().startswith(f"{ERASED} entries repeated: ")
    assert hits([*parts, *(email(number) for number in range(ERASED))]) == {}
    assert [look_up("email", email(number), now=now) for number in range(ERASED)] == [None] * ERASED
    assert look_up("email", email(ERASED), now=now) is not None
    assert DataKey.objects.count() >= PEOPLE - ERASED
    assert Client().get("/readyz").json()["checks"]["erasure_ledger"] == "ok"
    send_rows(crm, *({**row, "customer_number": f"N-{row['customer_number']}"} for row in rows[:ERASED]), now=now)
    process(now)
    assert [look_up("email", email(number), now=now) for number in range(ERASED)] == [None] * ERASED
