"""What is done for very many values at once has the outcome of doing it value by value."""

from collections.abc import Iterable

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from identity.matching import in_bulk, normalize, people, phonetic, word_sets
from identity.matching.column import MISSING, Rule, derive, encode
from identity.matching.in_bulk import RULES, Texts, applied, are_plain, encoded
from identity.matching.local_parts import say_only_the_name, says_only_the_name
from identity.matching.person import Person

# Words that the rules know, signs that they look at, and letters of other scripts.
WORDS = (
    "Dr.", "von", "der", "St", "str", "Hauptstr.", "c/", "V.le", "12", "12a", "a", "unknown", "nan", "N.N.", "4011.0",
    "-", "Müller", "Σοφία", "O'Hara", "Schmidt", "Bordeaux", "Tzschach", "Knight", "bill", "eau", "cecil", "\t", "x_y",
    "ß",
)  # fmt: skip
DOMAINS = (
    "gmail.com", "googlemail.com", "yahoo.de", "ann.fastmail.com", "fastmail.com", ".fastmail.fm", "proton.me", "pm.me",
    "example.org", "Example.COM", "",
)  # fmt: skip
plain = st.text("abcdeéoustph 0123456789.+-_'/,@", max_size=12)
marked = st.text("aeoEOáäÄæœßøØłñıİǅẞệπ '́", max_size=8)
phrases = st.lists(st.sampled_from(WORDS) | plain | marked, max_size=4).map(" ".join)
locals_ = plain | st.sampled_from(("a.b+c", "+", "..", "info", "x-y"))
emails = st.builds("{}@{}".format, locals_, st.sampled_from(DOMAINS))
TEXTS = st.lists(phrases | emails, min_size=1, max_size=30)

# What a rule is asked for: the outcome of another.
AFTER: dict[Rule, Rule] = {
    normalize.email_mailbox: normalize.email,
    normalize.mailbox_local: normalize.email_mailbox,
    normalize.mailbox_domain: normalize.email_mailbox,
    normalize.main_word: normalize.name,
    phonetic.phonetic: normalize.main_word,
    people.class_sound: normalize.main_word,
    normalize.street_name: normalize.street,
    normalize.street_number: normalize.street,
    people.dwelling_sound: normalize.street,
    word_sets.run_together: normalize.name,
}


def asked(rule: Rule, texts: Iterable[str]) -> list[str]:
    before = AFTER.get(rule)
    wanted = texts if before is None else (before(text) for text in asked(before, texts))
    return [text for text in dict.fromkeys(wanted) if text]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@given(texts=TEXTS)
def test_a_rule_in_bulk(rule: Rule, texts: list[str]) -> None:
    values = asked(rule, texts)
    found = applied(rule, pl.Series(values, dtype=pl.String)).to_list()
    assert [text or None for text in found] == [rule(value) or None for value in values]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@given(texts=st.lists(plain, min_size=1, max_size=30))
def test_what_a_rule_makes_of_plain_texts_is_plain(rule: Rule, texts: list[str]) -> None:
    values = pl.Series([text for text in asked(rule, texts) if are_plain(pl.Series([text]))], dtype=pl.String)
    found = applied(rule, values, plain=True)
    assert found.to_list() == applied(rule, values).to_list()
    assert are_plain(found)


@given(st.lists(st.none() | st.text(max_size=3) | plain, max_size=9))
@example([" ", "~"])
@example(["a", "\x1f"])
@example(["\x7f"])
@example(["é"])
def test_texts_are_plain_when_all_their_signs_are(texts: list[str | None]) -> None:
    expected = all(" " <= sign <= "~" for text in texts for sign in text or "")
    assert are_plain(pl.Series(texts, dtype=pl.String)) == expected


def test_a_cell_has_an_end() -> None:
    texts = ["x" * 1_000 + " y", "x" * 1_000, "ü" * 1_001, "Ann"]
    expected = ["x" * 1_000, "x" * 1_000, "ü" * 1_000, "Ann"]
    assert applied(normalize.cell, pl.Series(texts)).to_list() == expected == [normalize.cell(text) for text in texts]


@given(st.lists(st.none() | phrases, max_size=40))
def test_texts_are_encoded(texts: list[str | None]) -> None:
    column = encoded(pl.Series(texts, dtype=pl.String))
    assert len(set(column.values)) == len(column.values)
    assert [None if code == MISSING else column.values[code] for code in column.codes.tolist()] == [
        text or None for text in texts
    ]


@given(TEXTS)
def test_many_texts_have_the_words_and_lengths_of_few(texts: list[str]) -> None:
    values = asked(normalize.name, texts)
    few, many = encode(values), encode(values)
    many = type(many)(many.codes, Texts(pl.Series(many.values, dtype=pl.String)))
    assert many.lengths.tolist() == few.lengths.tolist()
    one, other = word_sets.word_sets(few), word_sets.word_sets(many)
    assert (one.many == other.many).all()
    rows = range(len(values))
    pairs = [(x, y) for x in rows for y in rows]
    x, y = encode([]).codes, encode([]).codes
    if pairs:
        x, y = (many.codes[[pair[side] for pair in pairs]] for side in (0, 1))
    assert (one.within(x, y) == other.within(x, y)).all()
    assert (one.run_together(x, y) == other.run_together(x, y)).all()


@pytest.mark.parametrize("others", [(), ("bob", "cid", "dan")])
def test_two_texts_with_one_hash_stay_two(monkeypatch: pytest.MonkeyPatch, others: tuple[str, ...]) -> None:
    by_hash = in_bulk._by_hash
    monkeypatch.setattr(in_bulk, "_by_hash", lambda texts: by_hash(texts.str.head(1)))
    column = encoded(pl.Series(["ann", "abe", None, "ann", *others]))
    assert [column.values[code] for code in column.codes[[0, 1, 3]]] == ["ann", "abe", "ann"]


def test_a_derived_column_speaks_of_the_same_rows() -> None:
    texts = [f"person.{number % 7_000}@example.org" for number in range(9_000)]
    many, few = encoded(pl.Series(texts)), encode(texts)
    assert isinstance(many.values, Texts)
    local, wanted = derive(many, normalize.email_local), derive(few, normalize.email_local)
    assert [local.values[code] for code in local.codes] == [wanted.values[code] for code in wanted.codes]


@given(st.characters(min_codepoint=0xC0, max_codepoint=0x1EFF), st.sampled_from("aeiouqzé "), st.sampled_from("aez"))
def test_a_letter_with_a_mark_is_folded_whatever_stands_beside_it(letter: str, before: str, after: str) -> None:
    text = before + letter + after
    assert normalize.fold(in_bulk.in_plain_letters(pl.Series([text]))[0]) == normalize.fold(text)


PARTS = ("an", "ann", "berg", "aue", "von", "anna lena", "o")
parts = st.none() | st.sampled_from(PARTS)
spelled = st.lists(st.sampled_from((*PARTS, "a", "b", "7", "ä", "auer", "ue")), min_size=1, max_size=3).map("".join)


@given(st.lists(st.tuples(st.none() | spelled, parts, parts), min_size=1, max_size=20))
@example([("a", "ann", None), ("an", "an", None)])
def test_whose_local_part_says_only_the_name(persons: list[tuple[str | None, str | None, str | None]]) -> None:
    rows = [(local.replace(" ", "") if local else None, one, other) for local, one, other in persons]
    everybody = [
        Person(given_name=one, family_name=other, email=f"{local}@example.org" if local else None)
        for local, one, other in rows
    ]
    people_ = people.People.build(range(len(rows)), everybody)
    columns = (people_.email_local, people_.given_name, people_.family_name)
    known = [[column.values[code] if code >= 0 else None for code in column.codes.tolist()] for column in columns]
    found = say_only_the_name(people_, np.arange(len(rows), dtype=np.int32)).tolist()
    assert found == [says_only_the_name(*texts) for texts in zip(*known, strict=True)]
