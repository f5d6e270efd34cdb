from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from identity.matching import COMPARISONS, Levels, People, Person, compare
from tests.identity.matching import cast


def level_of(one: Person, other: Person) -> Levels:
    people = People.build([0, 1], [one, other])
    forth: Levels = compare(people, np.array([(0, 1)], dtype=np.int32))
    back = compare(people, np.array([(1, 0)], dtype=np.int32))
    assert (forth == back).all()
    row: Levels = forth[0]
    return row


def named(comparison: str, one: Person, other: Person) -> str | None:
    levels: NDArray[np.int8] = level_of(one, other)
    column = [each.name for each in COMPARISONS].index(comparison)
    return COMPARISONS[column].levels[levels[column]] if levels[column] >= 0 else None


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("Elizabeth", "ELIZABETH", "exact"),
        ("Elizabeth", "Liz", "variant"),
        ("Elizabeth", "E.", "variant"),
        ("Bill", "William", "variant"),
        ("Anna Maria", "Anna", "variant"),
        ("Jean-Luc", "Jeanluc", "variant"),
        ("Elizabeth", "Elizabteh", "similar"),
        ("Oscar", "Osacar", "similar"),
        ("Kai", "Kia", "different"),
        ("Tim", "Tom", "different"),
        ("Martin", "Martina", "different"),
        ("Alexander", "Alexandra", "different"),
        ("Elizabeth", "Robert", "different"),
        ("Elizabeth", "R.", "different"),
        ("Elizabeth", None, None),
    ],
)
def test_given_names(one: str, other: str | None, level: str | None) -> None:
    assert named("given_name", Person(given_name=one), Person(given_name=other)) == level


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("Müller", "Mueller", "exact"),
        ("Müller", "Müler", "similar"),
        ("Müller-Schmidt", "Schmidt", "similar"),
        ("Müller", "Schmidt", "different"),
        (None, "Schmidt", None),
    ],
)
def test_family_names(one: str | None, other: str, level: str | None) -> None:
    assert named("family_name", Person(family_name=one), Person(family_name=other)) == level


def test_swapped_names_count_once() -> None:
    assert named("family_name", cast.ALICE, cast.ALICE_SWAPPED) == "swapped"
    assert named("given_name", cast.ALICE, cast.ALICE_SWAPPED) is None


def test_half_swapped_names_say_nothing() -> None:
    swapped = Person(given_name="Müller", family_name=None)
    assert named("given_name", cast.ALICE, swapped) is None


@pytest.mark.parametrize(
    ("other", "level"),
    [
        ("1980-03-04", "exact"),
        ("1980-04-03", "typo"),
        ("1980-03-14", "typo"),
        ("1908-03-04", "typo"),
        ("1980-11-27", "near"),
        ("1957-03-04", "two_parts"),
        ("1957-11-27", "different"),
        ("1900-01-01", None),
        (None, None),
    ],
)
def test_birth_dates(other: str | None, level: str | None) -> None:
    assert named("birth_date", Person(birth_date="1980-03-04"), Person(birth_date=other)) == level


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("anna.lang@example.org", "anna.lang@example.org", "exact"),
        ("anna.lang@gmail.com", "annalang+shop@googlemail.com", "same_local_part"),
        ("anna.lang@example.org", "anna.lang@example.net", "same_local_part"),
        ("anna.lang@example.org", "anna.lnag@example.org", "similar"),
        ("info@example.org", "info@shop.test", "different"),
        ("anna.lang@example.org", "kurt@shop.test", "different"),
        ("anna.lang@example.org", None, None),
    ],
)
def test_emails(one: str, other: str | None, level: str | None) -> None:
    assert named("email", Person(email=one), Person(email=other)) == level


@pytest.mark.parametrize(
    ("local", "other", "level"),
    [
        # Any Anna Lang may be called so, at one provider or another.
        ("anna.lang", "example.net", None),
        ("a.lang", "example.net", None),
        ("langa", "example.net", None),
        # Not every one has this number or this hobby, and nobody else this mailbox.
        ("anna.lang81", "example.net", "same_local_part"),
        ("anna.paints", "example.net", "same_local_part"),
        ("anna.lang", "example.org", "exact"),
    ],
)
def test_a_local_part_that_says_only_the_name_tells_nothing_elsewhere(local: str, other: str, level: str) -> None:
    one = Person(given_name="Anna", family_name="Läng", email=f"{local}@example.org")
    assert named("email", one, replace(one, email=f"{local}@{other}")) == level


@pytest.mark.parametrize("local", ["anna.muehlen", "a.muhlen", "muehlen", "vondermuehlen"])
def test_a_name_of_several_words_is_said_by_its_main_one_as_well(local: str) -> None:
    one = Person(given_name="Anna Sophie", family_name="von der Mühlen", email=f"{local}@example.org")
    assert named("email", one, replace(one, email=f"{local}@example.net")) is None


def test_a_local_part_that_says_the_name_of_one_alone_is_evidence() -> None:
    unmarried = Person(given_name="Anna", family_name="Lang", email="anna.lang@example.org")
    married = Person(given_name="Anna", family_name="Berg", email="anna.lang@example.net")
    assert named("email", unmarried, married) == "same_local_part"


def test_phones() -> None:
    assert named("phone", cast.ALICE, cast.BOB_HER_TWIN) == "exact"
    assert named("phone", cast.ALICE, replace(cast.ALICE, phone="+4930999")) == "different"
    assert named("phone", cast.ALICE, cast.ALICE_AT_WORK) is None


@pytest.mark.parametrize(
    ("other", "level"),
    [
        (cast.ALICE, "same_address"),
        (replace(cast.ALICE, street="LANGE STR. 12"), "same_address"),
        (replace(cast.ALICE, street="Lagne Strasse"), "same_address"),
        (replace(cast.ALICE, street="Lange Straße 14"), "same_postcode"),
        (replace(cast.ALICE, street=None), "same_postcode"),
        (replace(cast.ALICE, street="Ring 1", postcode="10117"), "same_city"),
        (replace(cast.ALICE, postcode="80331", city="München"), "different"),
        (replace(cast.ALICE, country="US"), "different"),
        (Person(country="DE"), None),
    ],
)
def test_addresses(other: Person, level: str | None) -> None:
    assert named("address", cast.ALICE, other) == level


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("Birmingham", "Brimingham", "same_city"),
        ("Northfield", "Northgate", "different"),
        ("Saint-Julien-des-Bois", "Saint-Julien-sur-Mer", "different"),
    ],
)
def test_towns_that_only_begin_alike_are_two(one: str, other: str, level: str) -> None:
    assert named("address", Person(city=one), Person(city=other)) == level


def test_no_pairs_give_no_levels() -> None:
    people = People.build([0], [cast.ALICE])
    assert compare(people, np.empty((0, 2), dtype=np.int32)).shape == (0, len(COMPARISONS))


def test_another_number_in_an_address_is_no_slip() -> None:
    def level(other: str) -> str | None:
        return named("email", Person(email="clara.braun65@example.com"), Person(email=other))

    assert (level("clara.brau65@example.com"), level("clara.braun25@example.com")) == ("similar", "different")
