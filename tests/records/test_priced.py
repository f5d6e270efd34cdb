"""Currencies among the properties: codes where one is meant, sealed and flagged where none is."""

import pytest

from records.cleaning import Cleaned
from records.priced import with_currencies


def test_a_currency_becomes_its_code_and_is_kept_as_it_came() -> None:
    cleaned = Cleaned()
    before = {"total": 12.5, "currency": "€", "tender": "gbp", "note": "€"}
    types = {"total": "number", "currency": "string", "tender": "currency", "note": "string"}
    after = with_currencies(before, types, cleaned)
    assert after == {"total": 12.5, "currency": "EUR", "tender": "GBP", "note": "€"}
    assert cleaned.raw == {"properties.currency": "€", "properties.tender": "gbp"}
    assert cleaned.steps == ["properties.currency:currency/1", "properties.tender:currency/1"]
    assert (cleaned.flags, before["currency"]) == ([], "€")


@pytest.mark.parametrize(("raw", "flag"), [("$", "ambiguous"), ("alice@example.com", "unknown")])
def test_what_is_no_currency_leaves_the_plain_properties(raw: str, flag: str) -> None:
    cleaned = Cleaned()
    assert with_currencies({"total": 12.5, "currency": raw}, {}, cleaned) == {"total": 12.5}
    assert (cleaned.raw, cleaned.flags) == ({"properties.currency": raw}, [f"properties.currency:{flag}"])


def test_a_code_costs_nothing_and_leaves_no_trace() -> None:
    cleaned, before = Cleaned(), {"total": 12.5, "currency": "EUR"}
    assert with_currencies(before, {}, cleaned) is before
    assert cleaned == Cleaned()


def test_a_long_name_fits_its_column() -> None:
    cleaned = Cleaned()
    with_currencies({"c" * 150: "$"}, {"c" * 150: "currency"}, cleaned)
    assert all(len(word) <= 60 for word in (*cleaned.steps, *cleaned.flags))
