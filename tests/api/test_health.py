"""Alive, and ready: ready only when everything is there."""

from datetime import timedelta
from typing import cast

import pytest
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from api.health import SILENT
from pipeline.heartbeat import PROCESSES, beat
from vault.key_service import KeyServiceFailed
from vault.models import DataKey

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


@pytest.fixture
def alive() -> None:
    """Every process gave a sign of life just now."""
    for process in PROCESSES:
        beat(process, now=timezone.now())


def test_alive_needs_nothing(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        response = Client().get("/livez")
    assert (response.status_code, response.json()) == (200, {"status": "alive"})


def test_ready_when_all_is_there(alive: None) -> None:
    response = Client().get("/readyz")
    assert (response.status_code, response.json()["status"]) == (200, "ready")
    assert set(response.json()["checks"].values()) == {"ok"}
    assert set(response.json()["checks"]) == {
        "database",
        "key_store",
        "keys",
        "migrations",
        "erasure_ledger",
        *PROCESSES,
    }


@pytest.mark.parametrize("process", PROCESSES)
def test_not_ready_when_a_process_is_silent(process: str, alive: None) -> None:
    beat(process, now=timezone.now() - timedelta(seconds=31))
    response = Client().get("/readyz")
    assert (response.status_code, response.json()["status"]) == (503, "not ready")
    assert [name for name, state in response.json()["checks"].items() if state != "ok"] == [process]


def test_a_consumer_that_runs_is_told_of_and_its_silence_leaves_the_rest_ready(alive: None) -> None:
    beat("mqtt", now=timezone.now())
    beat("kafka", now=timezone.now() - timedelta(seconds=31))
    response = Client().get("/readyz")
    assert (response.status_code, response.json()["status"]) == (200, "ready")
    checks = response.json()["checks"]
    assert (checks["mqtt"], checks["kafka"]) == ("ok", SILENT)
    beat("kafka", now=timezone.now() - timedelta(days=1, seconds=1))
    assert "kafka" not in Client().get("/readyz").json()["checks"]


def last_of(room: str) -> tuple[str, str]:
    """The latest migration of this room."""
    (last,) = MigrationLoader(connection).graph.leaf_nodes(room)
    return cast(tuple[str, str], last)


def test_not_ready_when_a_migration_is_missing(alive: None) -> None:
    MigrationRecorder(connection).record_unapplied(*last_of("pipeline"))
    response = Client().get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"]["migrations"] == "1 not applied"


def test_not_ready_without_the_key_store(alive: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: object) -> None:
        raise DatabaseError("canary")

    monkeypatch.setattr(DataKey.objects, "exists", away, raising=False)
    response = Client().get("/readyz")
    assert (response.status_code, response.json()["checks"]["key_store"]) == (503, "does not answer")
    assert b"canary" not in response.content


def test_not_ready_without_the_key_encryption_key(alive: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise KeyServiceFailed("the key service does not answer")

    monkeypatch.setattr("api.health.key_encryption_key", away)
    response = Client().get("/readyz")
    assert (response.status_code, response.json()["checks"]["keys"]) == (
        503,
        "the key-encryption key cannot be reached: nothing is read or stored",
    )
