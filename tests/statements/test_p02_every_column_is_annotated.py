"""Every column of every table says whose it is, why it is kept, how sensitive it is, and for how long."""

import pytest
from django.apps import apps
from django.db import connections, router

from tests.statements.sabotage import Sabotage
from tests.test_annotations import faults
from vault.annotations import Table, tables

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage("records/personal_data.py", '            "stable_index": PSEUDONYM,\n', "")

COLUMNS = """
SELECT c.relname, a.attname FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
  AND a.attnum > 0 AND NOT a.attisdropped AND c.relname <> 'django_migrations'
"""


def actual(alias: str) -> set[tuple[str, str]]:
    """Every column that this database really has, with its table."""
    with connections[alias].cursor() as cursor:
        cursor.execute(COLUMNS)
        return set(cursor.fetchall())


def annotated(alias: str) -> set[tuple[str, str]]:
    """Every column of this database that an annotation speaks of, with its table."""
    found = set()
    for table in tables():
        model = apps.get_model(table.model)
        if (router.db_for_read(model) or "default") == alias:
            found |= {(model._meta.db_table, model._meta.get_field(name).column) for name in table.fields}
    return found


def test_p02_the_annotations_hold_for_every_model():
    models = [model for model in apps.get_models(include_auto_created=True) if not model._meta.proxy]
    assert list(faults(tables(), models)) == []


@pytest.mark.parametrize("alias", ["default", "keystore"])
def test_p02_every_column_that_a_database_has_is_annotated(alias):
    assert actual(alias) == annotated(alias)


@pytest.mark.parametrize(
    "statement",
    ["ALTER TABLE records_sourceprofile ADD COLUMN nickname text", "CREATE TABLE notes_about_people (note text)"],
)
def test_p02_a_column_or_table_made_behind_our_back_is_found(statement):
    with connections["default"].cursor() as cursor:
        cursor.execute(statement)
    assert len(actual("default") - annotated("default")) == 1


@pytest.mark.parametrize(
    ("lacking", "named"),
    [({"purpose": ""}, "no purpose"), ({"retention": ""}, "no retention"), ({"subject": "nobody"}, "does not resolve")],
)
def test_p02_an_annotation_that_lacks_something_is_a_fault(lacking, named):
    sound = next(table for table in tables() if table.model == "records.Identifier")
    broken = Table(**{**{name: getattr(sound, name) for name in Table.__dataclass_fields__}, **lacking})
    assert [fault for fault in faults([broken], [apps.get_model("records.Identifier")]) if named in fault]
