"""Cursors for many rows: in binary, and planned once where a statement asks for it."""

import pytest
from django.db import connection

from vault.arrays import Texts
from vault.cursors import binary_cursor, plan_once, planned_cursor

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
