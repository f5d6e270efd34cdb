"""The same on PostgreSQL 16, the oldest that is supported: the wheel carries it beside 18."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ["vault", "access", "consent", "records", "identity", "segments", "privacy", "pipeline", "journeys", "api"]


def test_every_room_works_on_postgresql_16(tmp_path: Path) -> None:
    environment = os.environ | {"ONYM_HOME": str(tmp_path / "home"), "ONYM_EMBEDDED_POSTGRES": "16"}
    environment = {name: value for name, value in environment.items() if name not in ("DATABASE_URL", "KEYSTORE_URL")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow and not data"]
    rooms = [f"tests/{room}" for room in ROOMS]
    run = subprocess.run([*command, *rooms], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-3000:]
    assert (tmp_path / "home" / "postgres16" / "PG_VERSION").read_text().strip() == "16"
