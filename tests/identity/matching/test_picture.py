"""The picture of a pair: bars that add up, words for levels, and a text for those who listen."""

from xml.etree import ElementTree

import pytest

from identity.matching.picture import TITLE, picture
from identity.matching.waterfall import Step, bars_of, probability_of
from identity.matching.words import in_words, level_in_words, odds_in_words, probability_in_words

SVG = "{http://www.w3.org/2000/svg}"
STEPS: list[Step] = [
    ("prior", "before any evidence", -10.0),
    ("family_name", "swapped", 6.0),
    ("phone", "different", -2.0),
    ("email", "exact", 9.0),
]


def drawn(steps: list[Step]) -> ElementTree.Element:
    return ElementTree.fromstring(picture(steps))


def bars(root: ElementTree.Element) -> list[tuple[str, float, float]]:
    """Return the kind, the left and the right end of each bar."""
    found = [rect.attrib for rect in root.iter(f"{SVG}rect") if rect.attrib["class"] != "ground"]
    return [(bar["class"], float(bar["x"]), float(bar["x"]) + float(bar["width"])) for bar in found]


def test_each_bar_begins_where_the_last_one_ended() -> None:
    start, swapped, phone, email, together = bars(drawn(STEPS))
    assert [each[0] for each in (start, swapped, phone, email, together)] == ["start", "good", "bad", "good", "sum"]
    # From -10 to 3 bits over 418 points: 32.15 a bit; even odds are at 547.5.
    assert start[1:] == pytest.approx((226, 547.5), abs=0.1)
    assert swapped[1:] == pytest.approx((226, 418.9), abs=0.1)
    assert phone[1:] == pytest.approx((354.6, 418.9), abs=0.1)
    assert email[1:] == pytest.approx((354.6, 644), abs=0.1)
    assert together[1:] == pytest.approx((547.5, 644), abs=0.1)


def test_it_can_be_read_aloud() -> None:
    root = drawn(STEPS)
    assert root.attrib["role"] == "img"
    title, told = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert told is not None
    assert root.attrib["aria-labelledby"].split() == [title.attrib["id"], told.attrib["id"]]
    assert title.text == TITLE
    assert told.text == (
        "Starting point, before any evidence: −10.0 bits; Family name, in the other field: +6.0 bits; "
        "Phone, different: −2.0 bits; E-mail, exact: +9.0 bits. 88.9 % likely: odds of 8 to 1."
    )


def test_it_follows_light_and_dark() -> None:
    assert "@media (prefers-color-scheme: dark)" in picture(STEPS)


def test_without_a_starting_point_nothing_is_said_of_odds() -> None:
    text = picture(STEPS[1:])
    assert "likely" not in text
    assert "even odds" not in text
    assert "without the starting point" in text


@pytest.mark.parametrize("steps", [[], [("prior", "before any evidence", 0.0)], [("email", "exact", 1e4)]])
def test_whatever_the_steps_it_is_a_picture(steps: list[Step]) -> None:
    assert drawn(steps).tag == f"{SVG}svg"


def test_what_is_drawn_is_escaped() -> None:
    assert "<script" not in picture([("<script>", "<script>", 1.0)], title="<script>")


def test_bars_add_up() -> None:
    assert [(bar.before, bar.after, bar.bits) for bar in bars_of(STEPS)] == [
        (0, -10, -10),
        (-10, -4, 6),
        (-4, -6, -2),
        (-6, 3, 9),
    ]
    assert bars_of([]) == []
    assert probability_of(0) == 0.5
    assert probability_of(-5_000) == pytest.approx(0)
    assert probability_of(5_000) == 1


@pytest.mark.parametrize(
    ("bits", "odds"),
    [
        (0, "1 to 1"),
        (1.5, "2.8 to 1"),
        (-3, "1 to 8"),
        (10.1, "1,100 to 1"),
        (-21, "1 to 2.1 million"),
        (31, "2.15 billion to 1"),
        (-41, "1 to 2.2 trillion"),
        (5_000, "over a thousand trillion to 1"),
    ],
)
def test_odds_in_words(bits: float, odds: str) -> None:
    assert odds_in_words(bits) == odds


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0.9995, "over 99.9 %"), (0.0005, "under 0.1 %"), (0.876, "87.6 %"), (1.0, "over 99.9 %")],
)
def test_probabilities_in_words_are_never_certain(probability: float, words: str) -> None:
    assert probability_in_words(probability) == words


def test_comparisons_and_levels_in_words() -> None:
    assert (in_words("email"), in_words("birth_date"), in_words("trait_3")) == ("E-mail", "Birth date", "Third trait")
    assert (level_in_words("typo"), level_in_words("same_city"), level_in_words("exact")) == (
        "one slip",
        "same city",
        "exact",
    )
