"""The search finds the person however they are written, and nobody else who merely shares a name or a phone."""

import pytest

from privacy.matcher import Matcher
from privacy.search import Search
from privacy.wanted import Wanted

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

ALICE = Wanted(
    own=frozenset(
        {
            ("email", "al.archer@gmail.com"),
            ("customer_number", "17"),
            ("loyalty_number", "471147"),
            ("phone", "+442079460111"),
        }
    ),
    shared=frozenset({("phone", "+442079460123")}),
    about=frozenset({("given_name", "al"), ("family_name", "archer"), ("postcode", "sw1a1aa"), ("city", "london")}),
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("write to AL.ARCHER@GMAIL.COM", True),
        ("alarcher@gmail.com", True),
        ("al.arc.her+shop@googlemail.com", True),
        ("call 020 7946 0111 today", True),
        ("call (020) 7946-0111", True),
        ("order 471147", False),
        ("the household's phone is +442079460123", False),
        ("al was here", False),
        ("archer, al", False),
        ('{"given": "Al", "family": "ARCHER", "zip": "sw1a1aa"}', True),
        ("al archer in london", False),
        ("alarcher sw1a1aa", False),
        ("al archer" + " " * 500 + "sw1a1aa", False),
        ("number 17", False),
        ("", False),
    ],
)
def test_who_is_meant(text: str, found: bool) -> None:
    assert (Search(ALICE).bearing([text.encode()]) == {0}) is found


def test_a_value_across_two_pieces_of_a_stream_is_found_once() -> None:
    search = Search(ALICE)
    text = b"x" * 5_000 + b"al.archer@gmail.com" + b"y" * 5_000
    for cut in range(4_990, 5_030):
        before, after = text[:cut], text[cut:]
        kept = before[-search.longest :]
        first = search.in_stream(before, overlap=0)
        assert first + search.in_stream(kept + after, overlap=len(kept)) == search.in_stream(text, overlap=0)


def test_the_rows_that_bear_are_counted_once_each() -> None:
    rows = [b"nothing", b"al.archer@gmail.com twice al.archer@gmail.com", b"", b"AL.ARCHER@GMAIL.COM"]
    assert Search(ALICE).in_parts(rows).values == 2


def test_the_matcher_agrees_with_a_plain_search() -> None:
    patterns = [b"abcd", b"bcde", b"abcde", b"\x00\x00\x00\x01", b"zzzzzz"]
    data = b"xxABCDEyy\x00\x00\x00\x01zzzzzzzABCD" + bytes(range(256)) * 3
    plain = sorted(
        (at, number)
        for number, pattern in enumerate(sorted(patterns))
        for at in range(len(data))
        if data.lower().startswith(pattern, at)
    )
    assert sorted(Matcher(patterns).find(data)) == plain


@pytest.mark.parametrize("pattern", [b"abc", b"ABCD"])
def test_a_pattern_that_cannot_be_found_is_refused(pattern: bytes) -> None:
    with pytest.raises(ValueError, match="pattern"):
        Matcher([pattern])
