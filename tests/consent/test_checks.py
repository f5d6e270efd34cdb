"""Purposes that sources and API keys name must exist."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection

from access import api_keys
from consent.checks import purposes_exist
from records import sources

pytestmark = pytest.mark.django_db


@pytest.fixture
def _misspelled():
    sources.add("shop", kind="online", purposes=["service", "marketign"])
    api_keys.add("till", purposes=["anaytics", "service"])


@pytest.mark.usefixtures("shop", "crm")
def test_known_purposes_are_right():
    api_keys.add("till", purposes=["service", "analytics"])
    assert purposes_exist(databases=["default"]) == []


@pytest.mark.usefixtures("_misspelled")
def test_each_unknown_one_is_an_error_that_says_whose_and_what_to_do():
    assert [
        (error.id, error.is_serious(), error.msg, error.hint) for error in purposes_exist(databases=["default"])
    ] == [
        (
            "consent.E001",
            True,
            "The source 'shop' names the purpose 'marketign', which does not exist.",
            "Change its purposes in the admin, or add the purpose.",
        ),
        (
            "consent.E002",
            True,
            "The API key 'till' names the purpose 'anaytics', which does not exist.",
            "Revoke it and make another, or add the purpose.",
        ),
    ]


def test_a_revoked_key_is_let_be(now):
    key, _ = api_keys.add("till", purposes=["anaytics"])
    api_keys.revoke(key, now=now)
    assert purposes_exist(databases=["default"]) == []


@pytest.mark.usefixtures("_misspelled")
def test_it_runs_when_the_database_is_asked_for():
    call_command("check", stdout=StringIO())
    call_command("check", databases=["keystore"], stdout=StringIO())
    with pytest.raises(SystemCheckError, match=r"consent\.E001"):
        call_command("check", databases=["default"], stdout=StringIO())


@pytest.mark.usefixtures("_misspelled")
@pytest.mark.parametrize("missing", ["records_source", "access_apikey", "consent_purpose"])
def test_before_the_tables_are_made_there_is_nothing_to_check(monkeypatch, missing):
    tables = [name for name in connection.introspection.table_names() if name != missing]
    monkeypatch.setattr(connection.introspection, "table_names", lambda: tables)
    assert purposes_exist(databases=["default"]) == []
