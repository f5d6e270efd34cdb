"""The gate before every page and route while the database is away."""

import pytest
from django.test import Client

from tests.outage import database_away

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keystore"])


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/v1/batch", "application/problem+json"),
        ("/api/sources/", "application/problem+json"),
        ("/admin/", "text/plain"),
    ],
)
def test_whoever_asks_is_told_that_the_database_is_away(path: str, kind: str) -> None:
    with database_away():
        answer = Client().get(path)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer["Content-Type"].startswith(kind)
    assert b"The database does not answer. Nothing was kept; try again." in answer.content
