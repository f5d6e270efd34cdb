"""How alike whole profiles are: twins are told apart, a nickname is not."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from identity.golden import GoldenRead
from identity.likeness import likeness

NOW = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db
ALICE, BOB_HER_TWIN, NOBODY = UUID(int=1), UUID(int=2), UUID(int=3)


def record(**values: str) -> dict[str, GoldenRead]:
    return {field: GoldenRead(value, "crm", NOW, "only value") for field, value in values.items()}


def test_a_twin_differs_in_given_name_and_a_nickname_does_not() -> None:
    home = {"street": "7 Rosewood Lane", "postcode": "SW1A 1AA", "phone": "+442079460111"}
    this = record(given_name="Alice", family_name="Archer", birth_date="1984-05-06", **home)
    alike = likeness(
        this,
        {
            ALICE: record(given_name="Alice", family_name="Archer", birth_date="1984-05-06", **home),
            BOB_HER_TWIN: record(given_name="Bob", family_name="Archer", birth_date="1984-05-06", **home),
            NOBODY: {},
        },
    )
    same, twin = alike[ALICE], alike[BOB_HER_TWIN]
    assert [(name, level) for name, level, _ in same.levels] == [
        ("given_name", "exact"),
        ("family_name", "exact"),
        ("birth_date", "exact"),
        ("phone", "exact"),
        ("address", "same_address"),
    ]
    assert same.probability is not None
    assert same.probability > 0.99
    assert twin.levels[0][:2] == ("given_name", "different")
    assert twin.probability is not None
    assert twin.probability < 0.9
    assert (alike[NOBODY].probability, alike[NOBODY].levels) == (None, [])


def test_without_anybody_to_compare_nothing_is_said() -> None:
    assert likeness(record(given_name="Alice"), {}) == {}
