"""Yes and no in many languages: read where they can mean one thing alone, in consents, properties and schemas."""

import json
import unicodedata
from pathlib import Path

import pytest

from records import properties
from records.contracts import contract_of
from records.envelope import Unreadable
from records.models import Source
from records.yes_no import WORDS, yes_or_no
from tests.records.test_rows import SALE, TILL, read

BY_LANGUAGE = {
    "en": ("yes true y 1", "no false n 0"),
    "de": ("ja wahr j", "nein falsch"),
    "fr": ("oui vrai", "non faux"),
    "es": ("sí si verdadero s", "no falso"),
    "it": ("sì vero", "no falso"),
    "nl": ("ja waar", "nee onwaar"),
    "pt": ("sim verdadeiro", "não nao falso"),
    "pl": ("tak prawda", "nie fałsz"),
    "tr": ("evet doğru", "hayır hayir yanlış yanliş"),
    "sv": ("ja sant", "nej falskt"),
}
# What may be a yes in one language and a no or a zero in another, and what says nothing.
LEFT_OPEN = ("ne", "o", "x", "ok", "perhaps", "on", "off", "2", "-", "da", "né", "janein", "ja nein")


@pytest.mark.parametrize("language", BY_LANGUAGE)
def test_each_language_has_its_words_whatever_their_case(language: str) -> None:
    yes, no = (words.split() for words in BY_LANGUAGE[language])
    for change in (str, str.upper, str.capitalize, lambda word: unicodedata.normalize("NFD", f" {word} ")):
        assert {yes_or_no(change(word)) for word in yes} == {True}
        assert {yes_or_no(change(word)) for word in no} == {False}


def test_no_word_is_read_that_stands_in_no_language_of_this_list() -> None:
    listed = {word for words in BY_LANGUAGE.values() for part in words for word in part.split()}
    assert set(WORDS) - listed == {"nei", "falsz"}


@pytest.mark.parametrize("text", LEFT_OPEN)
def test_what_may_mean_either_or_nothing_is_not_read(text: str) -> None:
    assert yes_or_no(text) is None


@pytest.mark.parametrize(("answer", "granted"), [("ja", True), ("NEIN", False), (True, True), (0, False)])
def test_a_consent_is_read_in_any_of_them(answer: object, granted: bool) -> None:
    (letters,) = (said for said in read({**SALE, "letters": answer}, TILL).said if said.channel == "post")
    assert letters.granted is granted


def test_whoever_writes_another_word_is_told_of_examples() -> None:
    rejected = read({**SALE, "letters": "vielleicht"}, TILL)
    assert (rejected.code, rejected.field) == ("wrong_type", "letters")
    assert rejected.message == "'letters' must be yes or no, such as ja/nein, oui/non, 1/0."


def test_properties_and_schemas_read_the_same_words() -> None:
    schema = json.dumps({"properties": {"member": {"type": "boolean"}}})
    contract = contract_of(Source(name="crm", kind="offline", format="rows", contract_schema=schema))
    assert contract is not None
    contract.check_row({"member": "nein"})
    with pytest.raises(Unreadable):
        contract.check_row({"member": "vielleicht"})
    assert properties.typed("member", "nein", "boolean") is False


def test_the_words_stand_in_the_documentation() -> None:
    told = Path("docs/sources.md").read_text()
    section = told[told.index("## Yes and no") : told.index("## A mapping for rows")]
    assert [word for word in WORDS if f"`{word}`" not in section] == []
