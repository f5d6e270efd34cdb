"""Who lives together in one house, by what they share; and from which golden values a house is told."""

from itertools import permutations
from uuid import UUID

import pytest

from identity.dwelling import Dwelling, dwelling_of
from identity.housemates import MOST_FAMILIES, MOST_MEMBERS, Resident, going_on, households, why

OLD, NEW = UUID(int=77), UUID(int=78)


def lives(number: int, *, household: UUID | None = None, **ties: str) -> Resident:
    return Resident(UUID(int=number), {field: value.encode() for field, value in ties.items()}, household)


def numbers(groups: list[list[Resident]]) -> set[frozenset[int]]:
    return {frozenset(one.profile.int for one in group) for group in groups}


ANN = lives(1, family_name="smith", email="ann")
BEN = lives(2, family_name="smith", phone="1")
CID = lives(3, family_name="jones", phone="1")
DOT = lives(4, family_name="baker")
NOBODY = lives(5)
NOBODY_EITHER = lives(6)


def test_a_shared_name_or_number_ties_and_ties_go_on_from_one_to_the_next():
    assert numbers(households([ANN, BEN, CID, DOT, NOBODY, NOBODY_EITHER])) == {frozenset({1, 2, 3})}


def test_the_order_in_which_they_became_known_changes_nothing():
    people = [ANN, BEN, CID, DOT, lives(7, family_name="baker"), NOBODY]
    found = {frozenset(numbers(households(list(order)))) for order in permutations(people)}
    assert found == {frozenset({frozenset({1, 2, 3}), frozenset({4, 7})})}


def test_in_a_house_of_many_names_a_name_alone_ties_nobody():
    others = [lives(100 + number, family_name=f"family {number}") for number in range(MOST_FAMILIES - 1)]
    smiths = [lives(1, family_name="smith", phone="1"), lives(2, family_name="smith"), lives(3, phone="1")]
    assert numbers(households([*smiths, *others])) == {frozenset({1, 2, 3})}
    assert numbers(households([*smiths, *others, DOT])) == {frozenset({1, 3})}


def test_more_than_a_household_holds_is_none():
    crowd = [lives(number, phone="desk") for number in range(1, MOST_MEMBERS + 1)]
    assert numbers(households(crowd)) == {frozenset(range(1, MOST_MEMBERS + 1))}
    assert households([*crowd, lives(99, phone="desk")]) == []


def test_each_is_told_by_what_they_share_with_somebody():
    assert why([ANN, BEN, CID]) == {
        ANN.profile: ["family_name"],
        BEN.profile: ["family_name", "phone"],
        CID.profile: ["phone"],
    }


def test_a_household_goes_on_where_most_of_it_went_and_in_one_group_alone():
    stayed = [lives(1, household=OLD), lives(2, household=OLD)]
    parted = [lives(3, household=OLD), lives(4)]
    assert going_on([parted, stayed]) == [None, OLD]
    joined = [lives(1, household=OLD), lives(2, household=OLD), lives(3, household=NEW)]
    assert going_on([joined]) == [OLD]
    assert going_on([[lives(1), lives(2)]]) == [None]


LIVES = {"street": "12, Main St.", "postcode": "ab1 2cd", "family_name": "Müller"}


def house_and_flat(street: str) -> tuple[str, str] | None:
    told = dwelling_of({"street": street, "city": "GRAZ"})
    return (told.house.removeprefix("graz|"), told.ties.get("flat", "")) if told else None


@pytest.mark.parametrize(
    "street",
    [
        "Main Street 12",
        "12 MAIN ST",
        "12-14 Main Street",
        "Mainstreet 12",
        "12, Main St.",
        "Main St No. 12",
        "12 Main St",
    ],
)
def test_spellings_of_one_house_and_name_are_one(street):
    told = dwelling_of({"street": street, "postcode": "AB12CD", "family_name": "MUELLER", "city": "Leeds"})
    assert told == dwelling_of(LIVES) == Dwelling("AB12CD|mainstreet|12", {"family_name": "muller"})


@pytest.mark.parametrize(
    ("street", "flat"),
    [
        ("Rosenweg 60", ""),
        ("Rosenweg 60/3/12", "3 12"),
        ("Rosenweg 60 Top 12", "12"),
        ("60 Rosenweg, Apt 4b", "4b"),
        ("60 Rosenweg Apt 4 B", "4b"),
        ("60 Rosenweg Apt C", "c"),
        ("Rosenweg 60 #4", "4"),
        ("Flat 3, 60 Rosenweg", "3"),
        ("Suite 5, 60 Rosenweg", "5"),
        ("3/60 Rosenweg", "3"),
        ("Unit 2/60 Rosenweg", "2"),
        # No flat: floors, stairs, and what is behind the street.
        ("Rosenweg 60 Stiege 2", ""),
        ("Rosenweg 60, 2. Stock", ""),
        ("60 Rosenweg Floor 3", ""),
        ("Rosenweg 60, 8010 Graz", ""),
    ],
)
def test_a_flat_makes_no_other_house_and_ties_who_shares_it(street, flat):
    assert house_and_flat(street) == ("rosenweg|60", flat)


@pytest.mark.parametrize(
    ("street", "house"),
    [
        ("350 5th Avenue", "avenu|350 5th"),
        ("12 rue du 8 mai 1945", "rudumai|12 8 1945"),
        ("Straße des 17. Juni 100", "strassedesjuni|17 100"),
        ("1200 Highway 66", "highway|1200 66"),
        ("Via 4 Novembre 12", "vianovembre|4 12"),
        ("12 A Main St", "mainstreet|12a"),
        ("12a Main St", "mainstreet|12a"),
    ],
)
def test_numbers_in_the_name_of_a_street_are_of_the_house_and_no_flat(street, house):
    assert house_and_flat(street) == (house, "")


@pytest.mark.parametrize(
    ("hers", "his"),
    [
        ("Kowalska", "Kowalski"),
        ("Nováková", "Novák"),
        ("Novotná", "Novotný"),
        ("Ivanova", "Ivanov"),
        ("Medvedeva", "Medvedev"),
    ],
)
def test_a_family_is_one_whichever_of_it_bears_the_name(hers, his):
    assert dwelling_of(LIVES | {"family_name": hers}) == dwelling_of(LIVES | {"family_name": his})


@pytest.mark.parametrize(
    ("one", "other"), [("Mark", "Markov"), ("Martin", "Martinov"), ("Adam", "Adamova"), ("Lev", "Leva"), ("Ro", "Rova")]
)
def test_names_that_only_begin_alike_are_two(one, other):
    assert dwelling_of(LIVES | {"family_name": one}) != dwelling_of(LIVES | {"family_name": other})


@pytest.mark.parametrize(
    "missing", [{"street": ""}, {"street": "Main Street"}, {"street": "12"}, {"postcode": ""}, {"street": "–"}]
)
def test_without_street_number_and_place_there_is_no_house(missing):
    assert dwelling_of(LIVES | missing) is None


def test_a_mailbox_and_a_number_are_told_by_their_normal_form():
    told = dwelling_of(LIVES | {"email": "A.nn+shop@GMAIL.com", "phone": "+43 664 1234567"})
    assert told is not None
    assert told == dwelling_of(LIVES | {"email": "ann@googlemail.com", "phone": "0664 1234567"})
    assert set(told.ties) == {"family_name", "email", "phone"}
