import pytest

from identity.matching import normalize
from identity.matching.nicknames import are_lookalikes, are_nicknames, nickname_class
from identity.matching.phonetic import phonetic


@pytest.mark.parametrize(
    ("spellings", "folded"),
    [
        (("Müller", "MUELLER", "Muller", "Mu\u0308ller"), "muller"),
        (("Bäuerle", "Baeuerle", "Bauerle"), "bauerle"),
        (("Bauer",), "bauer"),
        (("Steuer",), "steuer"),
        (("Größe", "GROESSE"), "grosse"),
        (("O'Brien", "O\u2019Brien", "OBrien"), "obrien"),
        (("François",), "francois"),
        (("Søren", "Soeren"), "soren"),
        (("Jean-Luc", "Jean  Luc"), "jean luc"),
        (("Иванов", "Ivanov"), "ivanov"),
        (("Κωνσταντίνος", "ΚΩΝΣΤΑΝΤΙΝΟΣ", "Konstantinos"), "konstantinos"),
        (("Παπαδόπουλος", "Papadopoulos"), "papadopoulos"),
        (("Ευάγγελος", "Evangelos"), "evangelos"),
        (("Дмитрий", "Dmitriy"), "dmitriy"),
        (("Щербаков", "Shcherbakov"), "shcherbakov"),
        (("김민준",), "gimminjun"),
        (("--",), ""),
    ],
)
def test_fold_brings_spellings_together(spellings: tuple[str, ...], folded: str) -> None:
    assert {normalize.fold(spelling) for spelling in spellings} == {folded}


def test_name_drops_titles_and_placeholders() -> None:
    assert normalize.name("Dr. Anna Maria") == "anna maria"
    assert normalize.name("Unknown") is None
    assert normalize.name("…") is None
    assert normalize.name("Prof.") == "prof"


@pytest.mark.parametrize(
    ("address", "mailbox", "local"),
    [
        ("anna.lang@me.com", "anna.lang@icloud.com", "annalang"),
        ("anna-lang_1@pm.me", "annalang1@proton.me", "annalang1"),
        ("anna.lang-shop@yahoo.de", "anna.lang@yahoo.de", "annalang"),
        ("anna-lang@gmx.de", "anna-lang@gmx.de", "annalang"),
        ("shop@annalang.fastmail.com", "annalang@fastmail.com", "annalang"),
        ("anna.lang+shop@fastmail.com", "anna.lang@fastmail.com", "annalang"),
        ("anna.lang+shop@outlook.com", "anna.lang@outlook.com", "annalang"),
        ("...@gmail.com", "...@gmail.com", None),
        ("anna.lang+shop@googlemail.com", "annalang@gmail.com", "annalang"),
        ("anna.lang@example.org", "anna.lang@example.org", "annalang"),
        ("anna.lang@hotmail.com", "anna.lang@hotmail.com", "annalang"),
        ("info@example.org", "info@example.org", None),
        ("al@example.org", "al@example.org", None),
    ],
)
def test_email_mailbox_and_local_part(address: str, mailbox: str, local: str | None) -> None:
    assert normalize.email_mailbox(address) == mailbox
    assert normalize.email_local(address) == local


@pytest.mark.parametrize("broken", ["anna", "@example.org", "anna@", ""])
def test_email_without_local_part_or_domain_is_none(broken: str) -> None:
    assert normalize.email(broken) is None


def test_birth_date_refuses_placeholders_and_other_formats() -> None:
    assert normalize.birth_date("1980-03-04") == "1980-03-04"
    assert normalize.birth_date("1900-01-01") is None
    assert normalize.birth_date("04.03.1980") is None


@pytest.mark.parametrize(
    ("street", "normalized"),
    [
        ("12, Main St.", "main street 12"),
        ("Lange Str. 12a", "lange strasse 12a"),
        ("Lange Straße 12 A", "lange strasse 12a"),
        ("Hauptstr. 5", "hauptstrasse 5"),
        ("4 Mill Rd.", "mill road 4"),
        ("12 r de la Paix", "r de la paix 12"),
        ("3, bd Voltaire", "boulevard voltaire 3"),
        ("C/ Mayor 5", "calle mayor 5"),
        ("Avda. Europa 7", "avenida europa 7"),
        ("V.le Europa 3", "viale europa 3"),
        ("ul. Długa 9", "ulica dluga 9"),
        ("Atatürk Cad. 5", "ataturk caddesi 5"),
    ],
)
def test_street_writes_out_abbreviations_and_puts_numbers_last(street: str, normalized: str) -> None:
    assert normalize.street(street) == normalized


def test_street_without_letters_or_digits_is_none() -> None:
    assert normalize.street(" - ") is None


@pytest.mark.parametrize(
    ("names", "key"),
    [
        (("muller", "miller", "moeller"), "MLR"),
        (("schmidt", "schmitt", "schmid"), "SMT"),
        (("meyer", "maier", "mayr"), "MR"),
        (("philipp", "filip"), "FLP"),
        (("renault", "renaud"), "RNLT RNT"),
        (("moreau", "moreaux", "moro"), "MR"),
        (("hoffmann", "hofmann"), "HFMN"),
        (("иванов",), "иванов"),
        (("ivanov", "iwanow"), "AFNF"),
        (("o",), "A"),
    ],
)
def test_phonetic_keys(names: tuple[str, ...], key: str) -> None:
    assert " ".join(dict.fromkeys(phonetic(name) for name in names)) == key


def test_nicknames_join_a_class_but_not_each_other() -> None:
    assert nickname_class("bill") == nickname_class("william") == nickname_class("liam")
    assert are_nicknames("bill", "william")
    assert are_nicknames("alex", "alexandra")
    assert not are_nicknames("alexander", "alexandra")
    assert nickname_class("nobody") == "nobody"


def test_lookalikes_are_different_people() -> None:
    assert are_lookalikes("martin", "martina")
    assert are_lookalikes("alexander", "alexandra")
    assert not are_lookalikes("martin", "martin")
    assert not are_lookalikes("eric", "erik")
    assert not are_lookalikes("hanna", "hannah")
