"""Arrays that are written in one go are what psycopg would have written."""

from typing import Any

from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from vault.arrays import ByteArray, Texts, Uuids

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)))


class Arrays(TestCase):
    @given(st.lists(st.uuids()))
    def test_uuids(self, values: list[Any]) -> None:
        assert came_back(Uuids(values), "uuid") == values

    @given(st.lists(st.binary(max_size=40)))
    def test_byte_strings(self, values: list[Any]) -> None:
        assert came_back(ByteArray(values), "bytea") == values

    @given(st.lists(texts))
    def test_texts(self, values: list[Any]) -> None:
        assert came_back(Texts(values), "text") == values


def came_back(values: list[Any], kind: str) -> list[Any]:
    """The array as the server has it: each element in its place, and none beside them."""
    asked = f"unnest(%b::{kind}[]) WITH ORDINALITY AS all_of_them (one, place)"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT one, cardinality(%b::{kind}[]) FROM {asked} ORDER BY place", [values, values])
        rows = cursor.fetchall()
    assert all(count == len(values) for _, count in rows)
    return [bytes(one) if kind == "bytea" else one for one, _ in rows]
