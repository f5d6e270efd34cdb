"""Fields in normal form, with what was changed kept as it came and what could not be read flagged."""

from datetime import UTC, datetime

import pytest

from records import names
from records.cleaning import STEPS, Cleaned, clean
from records.dictionary import FIELDS
from records.envelope import Unreadable
from records.rules import RULES
from records.standardize import STANDARDIZERS, Setting

SETTING = Setting(region="GB", date_order=None, now=datetime(2026, 11, 22, 12, 0, tzinfo=UTC))


def cleaned(**values: object) -> Cleaned:
    return clean({name: (f"their {name}", value) for name, value in values.items()}, SETTING)


def test_what_is_changed_is_kept_as_it_came() -> None:
    result = cleaned(email=" Alice@Example.com", phone="07700 900123", city="Leeds")
    assert result.fields == {"email": "alice@example.com", "phone": "+447700900123", "city": "Leeds"}
    assert result.raw == {"email": " Alice@Example.com", "phone": "07700 900123"}
    assert result.flags == []


def test_what_cannot_be_read_is_flagged_and_kept_as_it_came() -> None:
    result = cleaned(email="alice@", phone="0000000000", birth_date="04/05/1980", country="Atlantis")
    assert result.fields == {}
    assert result.raw == {"email": "alice@", "phone": "0000000000", "birth_date": "04/05/1980", "country": "Atlantis"}
    assert sorted(result.flags) == ["birth_date:ambiguous", "country:unknown", "email:invalid", "phone:invalid"]


def test_what_is_missing_is_left_out() -> None:
    assert cleaned(email=None, phone="", city="N/A", birth_date="00/00/0000") == Cleaned(
        raw={"city": "N/A", "birth_date": "00/00/0000"},
        flags=["birth_date:empty"],
        steps=["city:place/1", "birth_date:date/2"],
    )


def test_a_step_is_kept_where_it_changed_something_and_nowhere_else() -> None:
    result = cleaned(given_name="ALICE", family_name="Example", city="Leeds", country="Royaume-Uni", gender="F")
    assert result.fields == {
        "given_name": "Alice",
        "family_name": "Example",
        "city": "Leeds",
        "country": "GB",
        "gender": "female",
    }
    assert result.steps == ["given_name:name/2", "country:country/2", "gender:gender/1"]
    assert result.raw == {"given_name": "ALICE", "country": "Royaume-Uni", "gender": "F"}


def test_an_event_without_a_person_is_left_as_it_came() -> None:
    values = {"account_id": "U-1", "device_id": "d-1", "ip_address": "192.0.2.7", "page_url": "https://shop.example/"}
    assert cleaned(**values) == Cleaned(fields=values)


def test_a_name_that_is_taken_apart_is_kept_as_it_came() -> None:
    result = cleaned(full_name="VAN DER BERG,  JAN")
    assert result.fields == {"given_name": "Jan", "family_name": "van der Berg"}
    assert result.raw == {"full_name": "VAN DER BERG,  JAN"}
    assert result.steps == ["full_name:name/2", "family_name:split/1", "given_name:split/1"]


def test_a_postcode_is_written_and_judged_by_the_country_of_its_record() -> None:
    assert cleaned(postcode="1234ab", country="NL").fields["postcode"] == "1234 AB"
    odd = cleaned(postcode="75001", country="NL")
    assert (odd.fields["postcode"], odd.flags) == ("75001", ["postcode:unusual"])
    # Of nobody is it said that they live where their source is at home.
    assert cleaned(postcode="75001") == Cleaned(fields={"postcode": "75001"})


def test_every_field_has_a_rule_and_a_step_that_fits_its_column() -> None:
    assert STEPS.keys() == FIELDS.keys()
    assert RULES.keys() == STANDARDIZERS.keys() | {"split"}
    assert max(map(len, STEPS.values())) <= 60


def test_a_national_number_belongs_to_the_country_of_the_record() -> None:
    assert cleaned(phone="01 99 00 12 34", country="France").fields == {"phone": "+33199001234", "country": "FR"}
    assert cleaned(phone="07700 900123", country="Atlantis").fields == {"phone": "+447700900123"}


def test_a_full_name_is_split_unless_the_parts_are_known() -> None:
    assert cleaned(full_name="Example, Alice").fields == {"given_name": "Alice", "family_name": "Example"}
    assert cleaned(full_name="A. E.", given_name="Alice", family_name="Example").fields == {
        "given_name": "Alice",
        "family_name": "Example",
    }
    assert cleaned(full_name="Ally Example", given_name="Alice").fields == {
        "given_name": "Alice",
        "family_name": "Example",
    }


def test_a_name_of_punctuation_is_no_name() -> None:
    assert cleaned(full_name=",").fields == {}


def test_numbers_are_read_as_text() -> None:
    assert cleaned(customer_number=7001, phone=447700900123).fields["customer_number"] == "7001"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"a": 1}, "wrong_type"),
        (["alice@example.com"], "wrong_type"),
        (True, "wrong_type"),
        ("alice\0@example.com", "invalid_text"),
    ],
)
def test_a_value_of_a_wrong_type_names_the_field(value: object, code: str) -> None:
    with pytest.raises(Unreadable) as raised:
        cleaned(email=value)
    assert (raised.value.code, raised.value.field) == (code, "their email")
    assert raised.value.message.startswith("'their email' ")
    assert "alice" not in raised.value.message


def test_an_absurd_date_names_the_field() -> None:
    with pytest.raises(Unreadable) as raised:
        cleaned(birth_date="1980-02-30")
    assert (raised.value.code, raised.value.field) == ("absurd_date", "their birth_date")
    assert raised.value.message == "'their birth_date' is not a date of the calendar; write it as YYYY-MM-DD."


def test_no_name_stays_in_memory() -> None:
    assert not [name for name, it in vars(names).items() if hasattr(it, "cache_info")]


@pytest.mark.parametrize("region", ["GB", "TR", "NL", "IT"])
@pytest.mark.parametrize(
    ("typed", "shown"), [("mcdonald", "McDonald"), ("VAN", "Van"), ("ß", "ß"), ("iv", "Iv"), ("MC", "Mc")]
)
def test_a_name_of_one_word_is_a_name_whatever_it_looks_like(typed: str, shown: str, region: str) -> None:
    if region == "TR" and typed.startswith("i"):
        shown = "İv"
    assert names.family_name(typed, region) == names.given_name(typed, region) == shown
