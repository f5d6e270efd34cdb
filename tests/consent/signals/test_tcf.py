"""TC strings: what goes in comes out, published strings read as they were meant, everything else is malformed."""

import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.signals import tcf
from consent.signals.bits import Bits, Ids, Malformed
from tests.conftest import NOW
from tests.consent.signals.encoder import base64, binary, tc

PURPOSES = st.frozensets(st.integers(1, 24))


@st.composite
def some_ranges(draw: st.DrawFn) -> list[tuple[int, int]]:
    edges = sorted(draw(st.sets(st.integers(1, 3000), max_size=12)))
    return [(first, last) for first, last in zip(edges[::2], edges[1::2], strict=False)]


@given(
    consent=PURPOSES,
    interest=PURPOSES,
    features=st.frozensets(st.integers(1, 12)),
    vendors=some_ranges(),
    disclosed=some_ranges(),
    restrictions=st.lists(st.tuples(st.integers(1, 24), st.integers(0, 2), some_ranges()), max_size=4),
    publisher=st.none() | st.tuples(PURPOSES, PURPOSES, st.just(5), st.just(frozenset({2})), st.just(frozenset({5}))),
    as_ranges=st.booleans(),
)
def test_what_was_encoded_is_read(
    consent, interest, features, vendors, disclosed, restrictions, publisher, as_ranges
) -> None:
    said = tc(
        NOW,
        consent=consent,
        interest=interest,
        special_features=features,
        vendors_consent=vendors,
        vendors_interest=disclosed,
        disclosed=disclosed,
        restrictions=restrictions,
        publisher=publisher,
        as_ranges=as_ranges,
        language="FR",
    )
    read = tcf.parse(said.text())
    assert (read.purposes_consent, read.purposes_interest, read.special_features) == (consent, interest, features)
    assert (read.language, read.publisher_country, read.cmp, read.vendor_list) == ("FR", "DE", 31, 126)
    assert read.created_at == read.updated_at == NOW - timedelta(days=1)
    assert ids(read.vendors_consent) == numbers(vendors)
    assert ids(read.vendors_interest) == ids(read.disclosed) == numbers(disclosed)
    assert [(one.purpose, one.kind, ids(one.vendors)) for one in read.restrictions] == [
        (purpose, kind, numbers(who)) for purpose, kind, who in restrictions
    ]
    assert (read.publisher is None) == (publisher is None)
    if read.publisher and publisher:
        assert (read.publisher.purposes_consent, read.publisher.purposes_interest) == publisher[:2]
        assert (read.publisher.custom_consent, read.publisher.custom_interest) == (frozenset({2}), frozenset({5}))


def ids(found: Ids | None) -> set[int]:
    assert found is not None
    return {id for id in range(1, 3001) if id in found}


def numbers(ranges: list[tuple[int, int]]) -> set[int]:
    return {id for first, last in ranges for id in range(first, last + 1)}


def test_a_published_canadian_string() -> None:
    read = tcf.parse_canadian("BPSG_8APSG_8AAAAAAENAACAAAAAAAAAAAAAAAAAAA.YAAAAAAAAAA.IAGO5w")
    assert (read.created_at, read.language) == (datetime(2022, 1, 1, tzinfo=UTC), "EN")
    assert ids(read.disclosed) == {1, 2, 3, 5, 6, 7, 10, 11, 12}
    assert read.purposes_consent == frozenset()


def test_a_string_without_disclosed_vendors_is_of_an_earlier_framework() -> None:
    with pytest.raises(Malformed, match="disclosed vendors"):
        tcf.parse("CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA")


def test_its_core_is_read_once_the_vendors_are_disclosed() -> None:
    read = tcf.parse("CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA." + base64("001" + binary(2, 16) + "0" + "01"))
    assert (read.cmp, read.cmp_version, read.language, read.vendor_list, read.policy) == (31, 640, "EN", 126, 2)
    assert ids(read.disclosed) == {2}


# The service-specific example of the specification, and the disclosed vendors of a string that Prebid's pages show.
SPECIFICATION = "CLcVDxRMWfGmWAVAHCENAXCkAKDAADnAABRgA5mdfCKZuYJez-NQm0TBMYA4oCAAGQYIAAAAAAEAIAEgAA.argAC0gAAAAAAAAAAAA"
DISCLOSED = (
    "IFoEUQQgAIQwgIwQABAEAAAAOIAACAIAAAAQAIAgEAACEAAAAAgAQBAAAAAAAGBAAgAAAAAAAFAAECAAAgAAQARAEQAAAAAJAAIAAgAAAYQEAAAQ"
    "mAgBC3ZAYzUw"
)


def test_the_specifications_example() -> None:
    read = tcf.parse(f"{SPECIFICATION}.{DISCLOSED}")
    assert (read.purposes_consent, read.purposes_interest) == ({1, 3, 9, 10}, {3, 4, 5, 8, 9, 10})
    assert (read.special_features, read.cmp, read.vendor_list, read.publisher_country) == ({2}, 21, 23, "KM")
    assert {2, 3, 115} < ids(read.vendors_consent)
    assert 4 not in read.vendors_consent
    assert ids(read.vendors_interest) == {1, 9, 26, 27, 30, 36, 37, 43, 86, 97, 110, 113}
    assert {714, 716, 719, 720} < ids(read.disclosed)
    assert read.publisher is not None
    assert read.publisher.purposes_consent == {2, 4, 6, 8, 9, 10}
    assert read.publisher.purposes_interest == {2, 4, 5, 7, 10}


@pytest.mark.parametrize(
    "different",
    [
        {"version": 3},
        {"disclosed": None},
        {"service_specific": False},
        {"updated_at": NOW - timedelta(days=2)},
        {"restrictions": [(0, 1, [(1, 1)])]},
        {"restrictions": [(25, 1, [(1, 1)])]},
        {"restrictions": [(1, 3, [(1, 1)])]},
        {"vendors_consent": [(5, 4)]},
        {"vendors_consent": [(0, 4)]},
        {"more": ["YAAAAAAAAAA", "YAAAAAAAAAA"]},
        {"more": ["QAGO5w"]},
        {"more": [""]},
        {"more": ["YAAA AAAAAA"]},
        {"language": "[]"},
    ],
    ids=str,
)
def test_what_the_format_forbids_is_malformed(different: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        tcf.parse(tc(NOW, **different).text())


@pytest.mark.parametrize("text", ["", ".", "C", "CPX=", "CPXx+RfA", "ÇPXxRfA", "\0" * 50, "C" * 20_000, "." * 20_000])
def test_rubbish_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        tcf.parse(text)


def test_a_range_entry_may_not_pass_the_highest_vendor() -> None:
    text = base64("001" + binary(10, 16) + "1" + binary(1, 12) + "1" + binary(1, 16) + binary(65_535, 16))
    with pytest.raises(Malformed):
        tcf.parse(tc(NOW, disclosed=None, more=[text]).text())


def test_a_huge_range_repeated_costs_next_to_nothing() -> None:
    everybody = [(1, 65_535)] * 2_000
    text = tc(NOW, vendors_consent=everybody, disclosed=[(1, 65_535)]).text()
    tracemalloc.start()
    try:
        read = tcf.parse(text)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (65_535 in read.vendors_consent, 65_536 in read.vendors_consent) == (True, False)
    assert len(read.vendors_consent.ranges) == 2_000
    assert peak < 2_000_000


def test_a_vendor_must_be_consented_to_disclosed_and_unrestricted() -> None:
    said = {"consent": frozenset({1, 8}), "vendors_consent": [(7, 9)], "disclosed": [(7, 8)]}
    read = tcf.parse(tc(NOW, **said).text())
    assert read.consents({1, 8}, vendor=None)
    assert read.consents({1, 8}, vendor=7)
    assert not read.consents({1, 9}, vendor=None)
    assert not read.consents({1, 8}, vendor=6)
    assert not read.consents({1, 8}, vendor=9), "it was not disclosed"
    assert not read.consents(set(), vendor=None), "a purpose that needs nothing is a mistake in the settings"
    for kind, allowed in ((0, False), (1, True), (2, False)):
        restricted = tcf.parse(tc(NOW, restrictions=[(8, kind, [(7, 7)])], **said).text())
        assert restricted.consents({1, 8}, vendor=7) is allowed
        assert restricted.consents({1}, vendor=7)


def test_fibonacci_numbers_read_as_the_specification_has_them() -> None:
    codes = {1: "11", 2: "011", 3: "0011", 4: "1011", 5: "00011", 6: "10011", 7: "01011"}
    for number, code in codes.items():
        assert Bits(base64(code), place="here").fibonacci() == number
