"""The data dictionary over the API: every field, its rule and version, and whose value wins."""

import pytest

from records.dictionary import FIELDS, OTHER_LANGUAGES
from tests.api.conftest import Caller, assert_problem

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def test_every_field_is_listed_with_its_rules(service: Caller) -> None:
    rows = service.get("/api/dictionary/").json()
    assert [row["name"] for row in rows] == list(FIELDS)
    assert rows[0] == {
        "name": "email",
        "type": "email",
        "sensitivity": "direct",
        "identifier": True,
        "rule": {"name": "email", "version": 1, "description": "Checked by RFC 5321, in small letters."},
        "survivorship": "most_trusted",
        "aliases": ["email_address", "mail", *OTHER_LANGUAGES["email"].split()],
    }
    assert rows[-1]["survivorship"] == "most_recent"


def test_a_query_it_does_not_know_is_refused(service: Caller) -> None:
    assert_problem(service.get("/api/dictionary/", field="email"), 400, "invalid")
