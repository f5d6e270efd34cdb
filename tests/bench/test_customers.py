"""The customer file of bench-identity: households, duplicates and dirt, the same each time."""

import csv
from collections import Counter
from itertools import islice, pairwise
from pathlib import Path
from random import Random

import pytest

from bench.identity import customers
from bench.identity.customers.dirt import misheard, nickname, transliterated, typo, without_marks, wrong_date
from bench.identity.customers.households import MOST, TODAY, Person, household
from bench.identity.customers.places import Places

ROWS = 10_000
HOUSEHOLDS = 3_000


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    return [dict(zip(customers.HEADER, row, strict=True)) for row in customers.rows(ROWS)]


@pytest.fixture(scope="module")
def homes() -> list[list[Person]]:
    random, places = Random(5), Places(7_000)
    return [list(household(random, places, number)) for number in range(HOUSEHOLDS)]


def test_the_file_is_the_same_each_time_and_another_with_another_seed(tmp_path: Path) -> None:
    once, again, other = (tmp_path / name for name in ("once.csv", "again.csv", "other.csv"))
    customers.write(once, 500)
    customers.write(again, 500)
    customers.write(other, 500, seed=2)
    assert once.read_bytes() == again.read_bytes() != other.read_bytes()
    with once.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [list(customers.HEADER), *map(list, customers.rows(500))]


def test_the_rows_of_a_huge_file_come_one_by_one() -> None:
    assert [row[0] for row in islice(customers.rows(3_000_000), 3)] == ["C0000001", "C0000002", "C0000003"]


def test_each_row_has_an_id_and_a_person(rows: list[dict[str, str]]) -> None:
    assert len({row[customers.ID] for row in rows}) == len(rows) == ROWS
    assert all(row[customers.TRUTH].partition("-")[2] in set("12345") for row in rows)


def test_half_of_the_rows_are_duplicates_up_to_five_of_a_person(rows: list[dict[str, str]]) -> None:
    records = Counter(row[customers.TRUTH] for row in rows)
    assert 0.49 < 1 - len(records) / ROWS < 0.53
    sizes = Counter(records.values())
    assert sorted(sizes) == [1, 2, 3, 4, 5]
    assert sizes[1] > sizes[2] > sizes[3] > sizes[4] > sizes[5] > 50


def test_the_records_of_a_person_do_not_stand_together(rows: list[dict[str, str]]) -> None:
    beside = sum(one[customers.TRUTH] == next_[customers.TRUTH] for one, next_ in pairwise(rows))
    assert beside < ROWS / 200


def test_each_column_is_missing_now_and_then(rows: list[dict[str, str]]) -> None:
    missing = {
        column: sum(not row[column] for row in rows) / ROWS for column in set(customers.HEADER) - {"id", "person"}
    }
    assert 0.05 <= min(missing.values()) < max(missing.values()) <= 0.4


def test_homes_are_of_one_to_five_who_live_together(homes: list[list[Person]]) -> None:
    assert {len(home) for home in homes} == set(range(1, MOST + 1))
    together = [home for home in homes if len(home) > 1]
    assert sum(len({person.addresses for person in home}) == 1 for home in together) > 0.75 * len(together)
    assert all(int(person.birth_date[:4]) <= TODAY - 12 for home in homes for person in home)


def test_homes_hold_what_is_hard_to_tell_apart(homes: list[list[Person]]) -> None:
    assert 20 < sum(len({person.birth_date for person in home}) < len(home) for home in homes) < 90  # twins
    assert (
        30 < sum(len({(one.given, one.families[1]) for one in home}) < len(home) for home in homes) < 120
    )  # namesakes
    assert sum(len({person.families[1] for person in home}) > 1 for home in homes) > HOUSEHOLDS / 10
    assert sum(person.families[0] != person.families[1] for home in homes for person in home) > HOUSEHOLDS / 20
    assert sum(bool(home[0].reach.family_email) for home in homes) > HOUSEHOLDS / 4
    assert sum(person.addresses[0] != person.addresses[1] for home in homes for person in home) > HOUSEHOLDS / 4


def test_a_family_of_one_name_shares_it_and_its_phone() -> None:
    home = next(
        home
        for home in (household(Random(seed), Places(500), seed) for seed in range(200))
        if len(home) == MOST and home[0].reach.family_phone
    )
    assert [person.number.partition("-")[2] for person in home] == ["1", "2", "3", "4", "5"]
    assert len({person.reach.family_phone for person in home}) == 1
    assert len({person.reach.phones for person in home}) == MOST


def test_places_are_as_dense_in_a_small_file_as_in_a_large_one() -> None:
    people_per_postcode = []
    for people in (10_000, 80_000):
        random, places = Random(1), Places(people)
        codes = Counter(places.somewhere(random).postcode for _ in range(people))
        people_per_postcode.append(people / len(codes))
    assert all(40 < density < 70 for density in people_per_postcode)


def test_a_few_names_are_common_and_most_are_rare(rows: list[dict[str, str]]) -> None:
    names = Counter(row["family_name"] for row in rows if row["family_name"].istitle())
    assert 0.005 < names.most_common(1)[0][1] / names.total() < 0.03
    assert sum(count == 1 for count in names.values()) > len(names) / 3


def test_errors_are_those_that_people_make() -> None:
    random = Random(3)
    assert {typo(random, "Meier") for _ in range(200)} >= {"Meeir", "Mier", "Meirr"}
    assert typo(random, "Ng") == "Ng"
    assert {misheard(random, "Schmitt") for _ in range(50)} >= {"Schmit"}
    assert {nickname(random, "Elisabeth") for _ in range(50)} == {"Lisa", "Elli", "Betty", "Lisbeth"}
    assert {wrong_date(random, "1980-03-09") for _ in range(200)} >= {"1980-09-03", "1980-01-01", "1981-03-09"}
    assert transliterated("Müller Straße") == "Mueller Strasse"
    assert without_marks("Müller Straße") == "Muller Strasse"
