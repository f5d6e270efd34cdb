"""The data dictionary knows what sources call its fields."""

import pytest

from records.dictionary import ALIASES, DIRECT, FIELDS, IDENTIFIERS, SENSITIVITIES, SURVIVORSHIP, TYPES, recognize
from records.standardize import STANDARDIZERS


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("email", "email"),
        ("E-Mail", "email"),
        (" Email Address ", "email"),
        ("Phone Number", "phone"),
        ("firstName", "given_name"),
        ("Last-Name", "family_name"),
        ("DOB", "birth_date"),
        ("Customer ID", "customer_number"),
        ("ZIP", "postcode"),
        ("user_id", "account_id"),
        ("anonymousId", "device_id"),
        ("total", None),
        ("", None),
        ("email2", None),
    ],
)
def test_columns_are_recognized(column: str, field: str | None) -> None:
    assert recognize(column) == field


def test_no_name_stands_for_two_fields() -> None:
    assert len(ALIASES) == sum(1 + len(field.aliases) for field in FIELDS.values())


def test_identifiers_are_direct_and_every_standardizer_exists() -> None:
    assert {FIELDS[name].sensitivity for name in IDENTIFIERS} == {DIRECT}
    assert {field.standardizer for field in FIELDS.values()} <= STANDARDIZERS.keys()


def test_every_field_is_described_by_words_that_there_are() -> None:
    for field in FIELDS.values():
        assert field.type in TYPES, field.name
        assert field.sensitivity in SENSITIVITIES, field.name
        assert field.survivorship in SURVIVORSHIP, field.name
