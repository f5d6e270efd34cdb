"""GPP strings: the specification's own examples, published sections, and everything else is malformed."""

from itertools import combinations

import pytest

from consent.signals import gpp
from consent.signals.bits import Malformed
from consent.signals.gpp import SALE, SHARING, TARGETED
from tests.conftest import NOW
from tests.consent.signals.encoder import base64, binary, header, tc, us
from tests.consent.signals.encoder import gpp as encode


@pytest.mark.parametrize(
    ("text", "ids"),
    [("DBABM", [2]), ("DBABMA", [2]), ("DBACNY", [2, 6]), ("DBACNYA", [2, 6]), ("DBABjw", [5, 6]), ("DBABzw", [6, 7])],
)
def test_headers_of_the_specification(text: str, ids: list[int]) -> None:
    assert list(gpp.section_ids(text)) == ids


@pytest.mark.parametrize("grouped", [True, False])
def test_every_choice_of_sections_reads_back(grouped: bool) -> None:
    for count in range(1, 5):
        for ids in combinations(sorted(gpp.KNOWN), count):
            assert list(gpp.section_ids(header(ids, grouped=grouped))) == list(ids)


# As the reference implementations publish them in their tests: section, text, opt-outs, GPC, and some answers.
PUBLISHED = [
    (7, "CVVVkkkkkpFY.YA", {SALE, SHARING, TARGETED}, True, {"KnownChildSensitiveDataConsents": (2, 1, 0)}),
    (8, "BVWSSSVY.YA", {SALE, SHARING}, True, {"SensitiveDataProcessing": (2, 1, 0, 2, 1, 0, 2, 1, 0)}),
    (8, "BAAAAABA.QA", set(), False, {"MspaCoveredTransaction": (1,)}),
    (9, "BVWSSVY", {SALE, TARGETED}, None, {"SensitiveDataProcessing": (2, 1, 0, 2, 1, 0, 2, 1)}),
    (9, "BAAAABA", set(), None, {"MspaCoveredTransaction": (1,)}),
    (10, "BVWSSVg.YA", {SALE, TARGETED}, True, {"SensitiveDataProcessing": (2, 1, 0, 2, 1, 0, 2)}),
    (10, "BAAAAEA", set(), None, {"MspaCoveredTransaction": (1,)}),
    (11, "BVVkklWA", {SALE, TARGETED}, None, {"SensitiveDataProcessing": (2, 1, 0, 2, 1, 0, 2, 1)}),
    (11, "BAAAAAQA", set(), None, {"MspaCoveredTransaction": (1,)}),
    (12, "BVWSSZFg.YA", {SALE, TARGETED}, True, {"KnownChildSensitiveDataConsents": (2, 1, 0)}),
    (12, "BAAAAAEA.QA", set(), False, {"MspaCoveredTransaction": (1,)}),
]


@pytest.mark.parametrize(("id", "text", "opted_out", "gpc", "answers"), PUBLISHED)
def test_published_sections(id, text, opted_out, gpc, answers) -> None:
    read = parse(encode({id: text}))
    (section,) = read.us
    assert (section.id, section.opted_out, section.gpc) == (id, opted_out, gpc)
    assert answers.items() <= section.answers.items()
    assert section.answers["MspaServiceProviderMode"] == ((2,) if opted_out else (0,))
    assert (read.opted_out, read.gpc) == (opted_out, bool(gpc))


def parse(text: str) -> gpp.GppString:
    return gpp.parse(text)


def test_a_published_string_of_two_sections() -> None:
    read = parse("DBABzw~1YNN~BVVqAAEABCA.QA")
    assert [section.name for section in read.us] == ["uspv1", "usnat"]
    assert (read.opted_out, read.gpc) == (set(), False)


@pytest.mark.parametrize(("text", "opted_out"), [("1YYN", {SALE}), ("1YNN", set()), ("1---", set()), ("1NY-", {SALE})])
def test_us_privacy(text: str, opted_out: set[str]) -> None:
    assert parse(encode({6: text})).opted_out == opted_out


@pytest.mark.parametrize("text", ["", "1YY", "2YNN", "1yNN", "1YNNN", "1Y~N"])
def test_us_privacy_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        parse(f"{header([6])}~{text}")


def test_the_frameworks_inside() -> None:
    said = tc(NOW, consent=frozenset({1, 8}), disclosed=[(2, 2)])
    canada = tc(NOW, version=1, consent=frozenset({8}), disclosed=None)
    read = parse(encode({2: said.text(), 5: canada.text()}))
    assert read.europe is not None
    assert read.canada is not None
    assert (read.europe.purposes_consent, read.canada.purposes_consent) == ({1, 8}, {8})


NATIONAL = [1] * 6 + [2, 2, 2] + [0] * 16 + [0] * 3 + [0] + [1, 0, 0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "DBAA",
        "DBABM",
        "DBABM~",
        "DBABM~a~b",
        "CBABM~1YNN",
        encode({3: "A"}),
        encode({1: "A"}),
        encode({13: us(1, NATIONAL)}),
        encode({20: "BAAAABA"}),
        encode({7: us(3, NATIONAL)}),
        encode({7: us(2, [3, *NATIONAL[1:]])}),
        encode({7: us(2, NATIONAL[:-4])}),
        encode({7: us(2, [*NATIONAL, 1])}),
        encode({7: us(2, NATIONAL) + ".QA.QA"}),
        encode({7: us(2, NATIONAL) + ".gA"}),
        encode({7: us(2, NATIONAL) + "."}),
        encode({9: "BVWSSVY.YA"}),
        encode({7: us(2, NATIONAL), 9: "BVWSSVY"}).replace("~B", "~"),
        base64(binary(3, 6) + binary(1, 6) + binary(1, 12) + "1" + "11" + "0" * 20 + "11") + "~a",
        base64(binary(3, 6) + binary(1, 6) + binary(4095, 12) + "111" * 4095) + "~a",
        "~" * 16_000,
        "D" * 17_000,
    ],
)
def test_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        parse(text)
