"""Cursors for many rows: in binary, and planned once where a statement asks for it."""

import pytest
from django.db import connection, transaction

from vault.arrays import Texts
from vault.cursors import binary_cursor, plan_for_all, plan_once, planned_cursor

# A connection of its own for each test: what is planned stays with it.
pytestmark = pytest.mark.django_db(transaction=True)

SEARCH = "SELECT name FROM unnest(%b::text[]) AS asked (name) WHERE name > %b"


def planned() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%%AS asked (name)%%'")
        return int(cursor.fetchone()[0])


@pytest.fixture(autouse=True)
def fresh() -> None:
    connection.close()


def test_a_statement_that_asks_for_it_is_planned_once_and_answers_alike() -> None:
    for names, answer in ((["a", "b", "c"], [("b",), ("c",)]), (["e"], [("e",)]), ([], [])):
        with planned_cursor() as cursor:
            cursor.execute(SEARCH, [Texts(names), "a"])
            assert cursor.fetchall() == answer
    assert planned() == 1
    with connection.cursor() as cursor:
        plan_once(cursor).execute("SELECT %s::text", ["plain"])
        assert cursor.fetchone() == ("plain",)


def test_others_are_planned_each_time() -> None:
    for _ in range(20):
        with binary_cursor() as cursor:
            cursor.execute(SEARCH, [Texts(["a", "b"]), "a"])
    assert planned() == 0
    with planned_cursor() as cursor:
        cursor.execute(SEARCH, [Texts(["a"]), "a"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert planned() == 1


def mode() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW plan_cache_mode")
        return str(cursor.fetchone()[0])


@pytest.mark.parametrize(
    ("rows", "counted", "others", "found"),
    [
        (20_000, ("many",), 0, "force_generic_plan"),
        (20_000, (), 0, "auto"),
        (9_000, ("many",), 0, "auto"),
        (20_000, ("many",), 9_000, "auto"),
        (20_000, ("many", "others"), 9_000, "force_generic_plan"),
    ],
    ids=["known", "not counted", "few", "another is filled and not counted", "all counted"],
)
def test_what_is_planned_once_is_planned_for_all_once_the_tables_are_known(
    rows: int, counted: tuple[str, ...], others: int, found: str
) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE many AS SELECT generate_series(1, %s) AS number", [rows])
        cursor.execute("CREATE TEMPORARY TABLE others AS SELECT generate_series(1, %s) AS number", [others])
        for table in counted:
            cursor.execute(f"ANALYZE {table}")
        plan_for_all(large=["many"], others=["others"])
        assert mode() == found
        transaction.set_rollback(True)
    assert mode() == "auto"
