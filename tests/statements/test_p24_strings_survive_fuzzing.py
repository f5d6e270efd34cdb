"""TCF and GPP parsers survive fuzzing; what is malformed means no."""

import sys
import tracemalloc
from datetime import UTC, datetime

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from consent.signals import gpp, meaning, tcf
from consent.signals.bits import Malformed
from consent.signals.meaning import Heard
from tests.consent.signals.encoder import ALPHABET, tc, us
from tests.consent.signals.encoder import gpp as encode
from tests.statements.sabotage import Sabotage

SABOTAGE = Sabotage(
    "consent/signals/meaning.py",
    "    return Heard(withdrawn=terms.opt_out | terms.needs.keys(), readable=False)",
    "    return Heard()",
)
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
EVERYTHING = frozenset({"analytics", "marketing", "personalization"})
REFUSED = Heard(withdrawn=EVERYTHING, readable=False)
TERMS = meaning.terms({})
YES = tc(
    NOW,
    consent=frozenset(range(1, 11)),
    vendors_consent=[(7, 900)],
    disclosed=[(7, 900)],
    publisher=(frozenset({1}), frozenset({2}), 2, frozenset({1}), frozenset()),
).text()
NATIONAL = [1] * 6 + [2, 2, 2] + [0] * 16 + [0] * 3 + [0] + [1, 0, 0]
PLATFORM = encode({2: YES, 6: "1YNN", 7: us(2, NATIONAL, gpc=False), 9: "BAAAABA"})
# A sound string takes some twelve calls a letter, and a few kilobytes.
CALLS, CALLS_A_LETTER, MOST_BYTES = 500, 60, 2_000_000
LETTERS = st.text(alphabet=ALPHABET + ".~", max_size=400)
fuzzing = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def hear(kind: str, text: str) -> Heard:
    """What the signal means, with work bounded by its length, and never with an error."""
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    try:
        heard = meaning.hear(kind, text, TERMS, now=NOW)
    finally:
        sys.setprofile(None)
    assert calls < CALLS + CALLS_A_LETTER * len(text)
    assert heard.granted & (heard.withdrawn | heard.denied) == set()
    return heard


def is_sound(kind: str, text: str) -> bool:
    try:
        (tcf if kind == "tcf" else gpp).parse(text)
    except Malformed:
        return False
    return True


def test_p24_sound_strings_say_what_they_say() -> None:
    assert hear("tcf", YES).granted == EVERYTHING
    assert hear("gpp", PLATFORM).granted == EVERYTHING
    opted_out = encode({2: YES, 7: us(2, [*NATIONAL[:6], 1, *NATIONAL[7:]])})
    heard = hear("gpp", opted_out)
    assert (heard.granted, heard.withdrawn, heard.denied) == ({"analytics"}, EVERYTHING - {"analytics"}, set())


@fuzzing
@given(st.sampled_from(["tcf", "gpp", "unheard of"]), st.text(max_size=200) | LETTERS)
@example("tcf", "")
@example("gpp", "")
def test_p24_any_text_is_refused_and_raises_nothing(kind: str, text: str) -> None:
    if kind == "unheard of" or not is_sound(kind, text):
        assert hear(kind, text) == REFUSED


@st.composite
def mutants(draw: st.DrawFn) -> tuple[str, str]:
    """A sound string with bits flipped, cut short, or with a piece of itself repeated."""
    kind, text = draw(st.sampled_from([("tcf", YES), ("gpp", PLATFORM)]))
    at = draw(st.integers(0, len(text) - 1))
    match draw(st.sampled_from(["flip", "cut", "repeat", "drop"])):
        case "flip":
            letter = ALPHABET.find(text[at])
            flipped = (
                ALPHABET[letter ^ (1 << draw(st.integers(0, 5)))] if letter >= 0 else draw(st.sampled_from("~.-A"))
            )
            return kind, text[:at] + flipped + text[at + 1 :]
        case "cut":
            return kind, text[:at]
        case "repeat":
            return kind, text[:at] + text[at : at + 9] * draw(st.integers(2, 40)) + text[at:]
    return kind, text[:at] + text[at + 1 :]


@fuzzing
@given(mutants())
def test_p24_a_broken_string_is_refused(mutant: tuple[str, str]) -> None:
    heard = hear(*mutant)
    assert (heard == REFUSED) or is_sound(*mutant)


def test_p24_every_cut_of_a_sound_string_is_refused_or_says_no_more() -> None:
    for kind, text in (("tcf", YES), ("gpp", PLATFORM)):
        for end in range(len(text)):
            assert hear(kind, text[:end]) == REFUSED or text[end] in "A.~" or is_sound(kind, text[:end])
    assert hear("tcf", YES.split(".")[0]) == REFUSED, "vendors must be disclosed since 2.3"


def test_p24_wide_ranges_cost_no_more_than_narrow_ones() -> None:
    everybody = [(1, 65_535)] * 900
    text = tc(NOW, consent=frozenset(range(1, 11)), vendors_consent=everybody, disclosed=everybody).text()
    tracemalloc.start()
    try:
        assert hear("tcf", text).granted == EVERYTHING
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MOST_BYTES
    assert len(text) < 16_384
    assert hear("gpp", encode({2: text})).granted == EVERYTHING


def test_p24_a_string_from_the_future_is_refused() -> None:
    assert hear("tcf", tc(datetime(2027, 1, 1, tzinfo=UTC), consent=frozenset(range(1, 11))).text()) == REFUSED
    assert hear("gpp", encode({13: "BAAAABA"})) == REFUSED, "a section that nobody here knows may say no"
