"""Whatever an erasure asks of a table is answered by an index, so one person is found among a million at once."""

import pytest
from django.apps import apps
from django.db import connection
from django.db.models.sql.compiler import SQLCompiler

from privacy.holdings import erasable, rows_of
from privacy.models import SubjectRequest, Tombstone
from privacy.subjects import Subject
from vault.annotations import Table
from vault.ids import new_id

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
NOBODY = Subject(new_id(), frozenset({new_id()}), frozenset({new_id()}))


@pytest.mark.parametrize("table", list(erasable()), ids=lambda table: table.model)
def test_the_rows_of_a_person_are_found_by_index(table: Table) -> None:
    assert "Seq Scan" not in plan(rows_of(table, NOBODY).query.get_compiler("default"))


@pytest.mark.parametrize("table", list(erasable()), ids=lambda table: table.model)
def test_what_points_at_the_rows_of_a_person_is_found_by_index(table: Table) -> None:
    """Deleting a row looks for the rows that point at it, here and in PostgreSQL's own checks of foreign keys."""
    for relation in apps.get_model(table.model)._meta.related_objects:
        if relation.field.model._meta.managed and not relation.many_to_many:
            rows = relation.related_model._default_manager.filter(**{f"{relation.field.name}__in": [new_id()]})
            assert "Seq Scan" not in plan(rows.query.get_compiler("default")), relation.field


def test_requests_and_tombstones_of_a_person_are_found_by_index() -> None:
    for rows in (SubjectRequest.objects.filter(profile_id=new_id()), Tombstone.objects.filter(pk=new_id())):
        assert "Seq Scan" not in plan(rows.query.get_compiler("default"))


def plan(query: SQLCompiler) -> str:
    """How PostgreSQL answers when it is told to read no table from end to end unless it must."""
    text, values = query.as_sql()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {text}", values)
        return "\n".join(line for (line,) in cursor.fetchall())
