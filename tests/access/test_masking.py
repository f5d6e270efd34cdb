"""Masks show enough to recognize an identifier by, and never all of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.masking import mask, mask_addresses


@pytest.mark.parametrize(
    ("namespace", "value", "masked"),
    [
        ("email", "alice@example.com", "a•••@e•••.com"),
        ("email", "alice.bob+news@mail.example.co.uk", "a•••@m•••.uk"),
        ("email", "alice@localhost", "a•••@l•••"),
        ("email", "alice@example.", "a•••@e•••."),
        ("email", "alice@.com", "a•••@.•••"),
        ("email", '"alice@home"@example.com', '"•••@e•••.com'),
        ("email", "李小龍@例え.jp", "李•••@例•••.jp"),
        ("email", "a@b.com", "•••@•••.com"),
        ("email", "a@b", "•••@•••"),
        ("email", "@", "•••@•••"),
        ("email", "@example.com", "•••@e•••.com"),
        ("email", "alice@", "a•••@•••"),
        ("email", "alice", "a••••"),
        ("email", "", ""),
        ("phone", "+442079460123", "+44•••••23"),
        ("phone", "0301234567", "030•••••67"),
        ("phone", "030123456", "•••••56"),
        ("phone", "12345", "•••••45"),
        ("phone", "1234", "•••••"),
        ("phone", "", ""),
        ("customer_number", "C-100042", "C••••"),
        ("given_name", "Alice", "A••••"),
        ("given_name", "Zoë", "Z••••"),
        ("given_name", "X", "••••"),
        ("gender", "female", "••••"),
        ("birth_date", "1984-05-06", "••••"),
        ("anything_else", "value", "v••••"),
    ],
)
def test_masks(namespace, value, masked):
    assert mask(namespace, value) == masked


def test_addresses_in_a_text_are_masked_and_the_rest_stays():
    text = "gift for alice@example.com, order 4711000123 (bob.b@mail.example)"
    assert mask_addresses(text) == "gift for a•••@e•••.com, order 4711000123 (b•••@m•••.example)"


def test_an_address_in_the_address_of_a_page_is_masked():
    assert mask_addresses("/?email=alice%40example.com&n=5%25") == "/?email=a•••@e•••.com&n=5%25"


@given(st.sampled_from(["email", "phone", "device_id"]), st.text(min_size=1).filter(lambda text: "•" not in text))
def test_a_mask_hides_something_whatever_the_value(namespace, value):
    assert "•••" in mask(namespace, value)
    assert value not in mask(namespace, value) or value in ("@", ".")


@given(st.text(min_size=1, max_size=64), st.text(min_size=1, max_size=64))
def test_the_local_part_of_an_address_gives_away_one_letter(local, name):
    masked = mask("email", f"{local}@{name.replace('@', '')}.example")
    assert masked.partition("•••@")[0] in ("", local[0])
