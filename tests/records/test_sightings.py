"""What is known already is not written again, unless it is deleted at that very moment."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Model

from records.models import Attribute, Identifier, Record, Source
from tests.crossing import cross
from tests.records.cast import NOW, keep, said, stranger

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
ROWS = "SELECT ctid::text FROM records_identifier UNION ALL SELECT ctid::text FROM records_attribute ORDER BY 1"


def rows() -> list[tuple[str]]:
    """Where the rows lie: a row that is written anew lies elsewhere."""
    with connection.cursor() as cursor:
        cursor.execute(ROWS)
        return list(cursor.fetchall())


def test_what_says_nothing_new_is_not_written(crm: Source) -> None:
    id = stranger(crm)
    for days in (9, 2):
        keep(crm, id, said(days_ago=days, email="alice@example.com", city="Leeds"))
    before = rows()
    keep(crm, id, said(days_ago=5, email="alice@example.com", city="Leeds"))
    assert rows() == before
    keep(crm, id, said(days_ago=1, email="alice@example.com", city="Leeds"))
    assert not set(rows()) & set(before)


@pytest.mark.django_db(transaction=True, databases=["default", "keystore"])
@pytest.mark.parametrize(
    ("model", "fields"),
    [(Identifier, {"email": "alice@example.com"}), (Attribute, {"city": "Leeds"})],
    ids=["identifier", "attribute"],
)
def test_what_is_deleted_meanwhile_is_noted_anew(crm: Source, model: type[Model], fields: dict[str, str]) -> None:
    id = stranger(crm)
    keep(crm, id, said(days_ago=400, **fields))
    old = model._default_manager.filter(last_seen_at__lt=NOW - timedelta(days=365))
    cross(old.delete, lambda: keep(crm, id, said(**fields)))
    assert Record.objects.count() == 2
    assert model._default_manager.count() == 1
