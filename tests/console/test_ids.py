"""Ids as they stand in addresses and forms."""

from uuid import UUID

import pytest

from console.ids import uuid_in


@pytest.mark.parametrize("text", ["", "x", "0198c0de", "0198c0de-0000-7000-8000-0000000000e", "1; DROP TABLE"])
def test_what_writes_no_id_is_none(text: str) -> None:
    assert uuid_in(text) is None


def test_an_id_is_read_as_it_is_written() -> None:
    assert uuid_in("0198c0de-0000-7000-8000-0000000000e1") == UUID("0198c0de-0000-7000-8000-0000000000e1")
