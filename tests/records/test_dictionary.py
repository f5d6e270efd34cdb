"""The data dictionary knows what sources call its fields."""

import pytest

from identity.matching.column_names import fields_named
from records.dictionary import (
    ALIASES,
    DIRECT,
    FIELDS,
    IDENTIFIERS,
    OTHER_LANGUAGES,
    SENSITIVITIES,
    SURVIVORSHIP,
    TYPES,
    names_of,
    recognize,
)
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
        ("Vorname", "given_name"),
        ("Nachname", "family_name"),
        ("Straße", "street"),
        ("PLZ", "postcode"),
        ("Prénom", "given_name"),
        ("Nom de famille", "family_name"),
        ("Code postal", "postcode"),
        ("Apellidos", "family_name"),
        ("Teléfono", "phone"),
        ("Fecha de nacimiento", "birth_date"),
        ("Cognome", "family_name"),
        ("Città", "city"),
        ("Achternaam", "family_name"),
        ("Woonplaats", "city"),
        ("total", None),
        ("", None),
        ("email2", None),
    ],
)
def test_columns_are_recognized(column: str, field: str | None) -> None:
    assert recognize(column) == field


def test_no_name_stands_for_two_fields() -> None:
    assert len(ALIASES) == sum(len(names_of(field)) for field in FIELDS.values())


# Columns that matching reads by what stands in them, or reads in parts, whatever they are called.
BY_CONTENT = {"customer_number", "loyalty_number", "account_id", "device_id", "gender", "language"}
COMPARED = FIELDS.keys() - BY_CONTENT - {"ip_address", "page_url"}


@pytest.mark.parametrize(
    ("field", "name"), [(field, name) for field in sorted(COMPARED) for name in OTHER_LANGUAGES[field].split()]
)
def test_matching_takes_a_column_for_the_same(field: str, name: str) -> None:
    assert field in fields_named(name)


def test_identifiers_are_direct_and_every_standardizer_exists() -> None:
    assert {FIELDS[name].sensitivity for name in IDENTIFIERS} == {DIRECT}
    assert {field.standardizer for field in FIELDS.values()} <= STANDARDIZERS.keys()


def test_every_field_is_described_by_words_that_there_are() -> None:
    for field in FIELDS.values():
        assert field.type in TYPES, field.name
        assert field.sensitivity in SENSITIVITIES, field.name
        assert field.survivorship in SURVIVORSHIP, field.name
