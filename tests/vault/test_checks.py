"""`check --deploy` fails while the keys lie in the same cluster as what they seal."""

from types import SimpleNamespace

import dj_database_url
import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from vault import checks
from vault.checks import key_store_stands_apart

RECORDS = "postgresql://onym@database.example/onym"


@pytest.fixture
def point(monkeypatch):
    """Points the two addresses somewhere."""

    def to(records: str, keys: str) -> None:
        databases = {"default": dj_database_url.parse(records), "keystore": dj_database_url.parse(keys)}
        monkeypatch.setattr(checks, "settings", SimpleNamespace(DATABASES=databases))

    return to


@pytest.mark.parametrize(
    ("records", "keys"),
    [
        (RECORDS, RECORDS),
        (RECORDS, "postgresql://onym@database.example/onym_keys"),
        (RECORDS, "postgresql://other@database.example:5432/onym_keys"),
        (RECORDS, "postgresql://other@DATABASE.example./onym_keys"),
        (RECORDS, "postgresql://onym@/onym_keys?host=keys.example,database.example"),
        (RECORDS, "postgresql://onym@/onym_keys?host=DATABASE.EXAMPLE"),
        ("postgresql:///onym?hostaddr=192.0.2.7", "postgresql://192.0.2.7/onym_keys"),
        ("postgresql:///onym", "postgresql://localhost/onym_keys"),
        ("postgresql://127.0.0.1/onym", "postgresql://[::1]/onym_keys"),
        ("postgresql:///onym?host=/srv/sockets", "postgresql:///onym_keys?host=/srv/sockets/"),
        ("postgresql:///onym?host=/var/run/postgresql", "postgresql://localhost:5432/onym_keys"),
    ],
)
def test_one_cluster_is_an_error_that_says_what_to_do(point, records, keys):
    point(records, keys)
    (error,) = key_store_stands_apart()
    assert error.id == "vault.E001"
    assert error.is_serious()
    assert "KEYSTORE_URL" in error.hint


@pytest.mark.parametrize(
    ("records", "keys"),
    [
        (RECORDS, "postgresql://onym@keys.example/onym"),
        (RECORDS, "postgresql://onym@database.example:5433/onym"),
        ("postgresql:///onym?host=/srv/sockets", "postgresql:///onym_keys?host=/srv/other"),
        ("postgresql:///onym?host=/srv/sockets&port=5432", "postgresql:///onym_keys?host=/srv/sockets&port=5433"),
    ],
)
def test_two_clusters_are_right(point, records, keys):
    point(records, keys)
    assert key_store_stands_apart() == []


@pytest.mark.django_db(databases=["default", "keystore"])
def test_it_speaks_up_before_deployment_only(point):
    point(RECORDS, RECORDS)
    call_command("check")
    with pytest.raises(SystemCheckError, match=r"vault\.E001"):
        call_command("check", deploy=True)


def test_passwords_stay_out_of_it(point):
    point("postgresql://onym:hunter2@db.example/onym", "postgresql://onym:hunter2@db.example/onym_keys")
    assert "hunter2" not in str(key_store_stands_apart())
