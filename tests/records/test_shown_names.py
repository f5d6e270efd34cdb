"""Names that a sender chose are shown without what may be somebody's."""

import pytest

from records.shown_names import LONGEST, shown


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("shoe_size", "shoe_size"),
        ("items.0.price", "items.0.price"),
        ("calls.020.7946.0958", "calls.…"),
        ("calls 020 7946 0958", "calls …"),
        ("jane@example.com.visits", "…"),
        ("calls.jane＠example.com", "…"),  # a full-width sign
        ("ｎａｍｅ", "name"),
        ("half\ud800\0", "half"),
        ("x" * 500, "x" * LONGEST),
    ],
)
def test_what_may_be_somebodys_is_not_shown(name: str, told: str) -> None:
    assert shown(name) == told
