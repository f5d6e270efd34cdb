"""kill -9 in the middle of the work: what was acknowledged is there once, and the rest is taken up again."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent
PEOPLE, VISITS = 400, 50
MAPPING = {
    "kind": "purchase",
    "message_id": ["receipt_id"],
    "occurred_at": "sold_at",
    "fields": {name: name for name in ("loyalty_number", "email", "given_name")},
    "properties": {"amount": "number"},
    "consents": {"analytics": {"purpose": "analytics"}},
}
# Activity is kept of those alone who agreed to analytics.
TILLS = f"""
from records import sources
purposes = ["service", "analytics"]
sources.add("tills", kind="offline", stable_key="loyalty_number", purposes=purposes, mapping={MAPPING})
"""


class Installation:
    """An embedded installation of its own, driven through manage.py as an operator would."""

    def __init__(self, home: Path) -> None:
        kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "KEYSTORE_URL")}
        self.environment = kept | {"ONYM_HOME": str(home)}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def run(self, *arguments: str) -> str:
        process = self.start(*arguments)
        output, _ = process.communicate()
        assert process.returncode == 0, arguments
        return output

    def kill_when(self, condition: str, *arguments: str) -> None:
        """Start a command and kill -9 it as soon as the database says so."""
        with psycopg.connect(self.url, autocommit=True) as watcher:
            process = self.start(*arguments)
            while process.poll() is None:
                if watcher.execute(condition).fetchone()[0]:
                    process.send_signal(signal.SIGKILL)
                    break
                time.sleep(0.02)
        assert process.wait() == -signal.SIGKILL

    @property
    def url(self) -> str:
        return self.run("shell", "-v0", "-c", "from django.conf import settings; print(settings.DATABASE_URL)").strip()

    def count(self, query: str) -> int:
        script = f"from django.db import connection as c; k = c.cursor(); k.execute({query!r}); print(k.fetchone()[0])"
        return int(self.run("shell", "-v0", "-c", script))


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path / "home")
    keeper = made.start("shell", "-v0", "-c", "import time; time.sleep(600)")
    made.run("migrate", "-v0")
    made.run("migrate", "vault", "-v0", "--database", "keystore")
    made.run("shell", "-v0", "-c", TILLS)
    yield made
    keeper.kill()
    keeper.wait()


@pytest.fixture
def visits(tmp_path: Path) -> Path:
    path = tmp_path / "visits.ndjson"
    with path.open("w") as file:
        for visit in range(VISITS):
            for person in range(PEOPLE):
                row = {
                    "receipt_id": f"R{person}-{visit}",
                    "loyalty_number": f"L{person}",
                    "email": f"person{person}@example.com",
                    "amount": 10,
                    "analytics": "yes",
                    "sold_at": f"2026-{1 + visit % 10:02}-11T10:00:00Z",
                }
                file.write(json.dumps(row) + "\n")
    return path


def test_a_killed_load_goes_on_without_loss_or_duplicate(installation: Installation, visits: Path) -> None:
    installation.kill_when("SELECT count(*) > 4000 FROM records_record", "ingest", str(visits), "--source", "tills")
    before = installation.count("SELECT count(*) FROM records_record")
    assert 4_000 < before < PEOPLE * VISITS
    counts = json.loads(installation.run("ingest", str(visits), "--source", "tills", "--json").splitlines()[-1])
    # It goes on behind the last batch that was committed, so nothing is read twice.
    assert (counts["stored"], counts["duplicate"]) == (PEOPLE * VISITS - before, 0)
    assert installation.count("SELECT count(*) FROM records_record") == PEOPLE * VISITS
    assert installation.count("SELECT count(DISTINCT message_hash) FROM records_record") == PEOPLE * VISITS
    assert installation.count("SELECT count(*) FROM records_sourceprofile") == PEOPLE


def test_killed_processing_goes_on(installation: Installation, visits: Path) -> None:
    installation.run("ingest", str(visits), "--source", "tills")
    installation.kill_when("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory')", "process")
    assert installation.count("SELECT count(*) FROM identity_assignment") == 0
    installation.run("process")
    assert installation.count("SELECT count(*) FROM pipeline_work") == 0
    assert installation.count("SELECT count(*) FROM identity_assignment WHERE ended_at IS NULL") == PEOPLE
    assert installation.count("SELECT count(DISTINCT profile_id) FROM identity_assignment") == PEOPLE
    assert installation.count("SELECT sum(amount)::int FROM segments_dailyactivity") == PEOPLE * VISITS * 10
