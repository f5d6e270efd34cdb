from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from identity.matching import (
    LINK,
    REVIEW,
    Model,
    People,
    Person,
    Scores,
    blocking_keys,
    candidate_pairs,
    cluster,
    compare,
    contradicts,
    score,
)
from tests.identity.matching import cast

MUST_MERGE = {
    "nickname, moved, same birth date and e-mail": cast.ALICE_AT_WORK,
    "swapped names": cast.ALICE_SWAPPED,
    "day and month swapped": cast.ALICE_DAY_AND_MONTH,
    "married name, same phone": cast.ALICE_MARRIED,
    "diacritics written out": replace(cast.ALICE, family_name="Mueller", email=None),
    "diacritics dropped": replace(cast.ALICE, family_name="Muller", phone=None),
    "married name, same e-mail": replace(cast.ALICE, family_name="Schneider", phone=None, street=None),
    "initial only": replace(cast.ALICE, given_name="E."),
    "no birth date, same e-mail and phone": replace(cast.ALICE, birth_date=None),
}
MUST_NOT_MERGE = {
    "twin": (cast.ALICE, cast.BOB_HER_TWIN),
    "twins with like names": (replace(cast.ALICE, given_name="Martin"), replace(cast.ALICE, given_name="Martina")),
    "mother": (cast.ALICE, cast.DORA_HER_MOTHER),
    "spouse": (cast.ALICE, cast.ERIC_HER_SPOUSE),
    "spouses without birth dates": (replace(cast.ALICE, birth_date=None), cast.ERIC_HER_SPOUSE),
    "father and son of one name": (cast.FRANK, cast.FRANK_HIS_SON),
    "namesakes elsewhere": (
        cast.FRANK,
        Person(given_name="Frank", family_name="Müller", birth_date="1961-02-09", city="Kiel"),
    ),
}


def scored(*persons: Person, model: Model | None = None) -> Scores:
    people = People.build(range(len(persons)), persons)
    pairs = np.array([(0, 1)], dtype=np.int32)
    return score(compare(people, pairs), model or Model.default(), people=people, pairs=pairs)


def resolved(*persons: Person) -> list[int]:
    people = People.build(range(len(persons)), persons)
    pairs, _ = candidate_pairs(people)
    scores = score(compare(people, pairs), Model.default(), people=people, pairs=pairs)
    rule = partial(contradicts, people, Model.default())
    labels: list[int] = cluster(len(persons), pairs, scores.log_odds, contradicts=rule).tolist()
    return labels


@pytest.mark.parametrize("other", MUST_MERGE.values(), ids=MUST_MERGE.keys())
def test_one_person_is_linked(other: Person) -> None:
    assert scored(cast.ALICE, other).probability[0] >= LINK
    assert blocking_keys(cast.ALICE) & blocking_keys(other)
    assert resolved(cast.ALICE, other) == [0, 0]


@pytest.mark.parametrize("pair", MUST_NOT_MERGE.values(), ids=MUST_NOT_MERGE.keys())
def test_two_people_are_not_linked(pair: tuple[Person, Person]) -> None:
    assert scored(*pair).probability[0] < LINK
    assert resolved(*pair) == [0, 1]


def test_a_twin_goes_to_review_under_the_default_model() -> None:
    scores = scored(cast.ALICE, cast.BOB_HER_TWIN)
    assert scores.contradiction[0]
    assert scores.probability[0] >= REVIEW


def test_a_spouse_is_recognized_as_a_housemate() -> None:
    assert scored(cast.ALICE, cast.ERIC_HER_SPOUSE).household[0] > 0.8


def test_a_record_between_father_and_son_does_not_join_them() -> None:
    undated = replace(cast.FRANK, birth_date=None)
    labels = resolved(cast.FRANK, undated, cast.FRANK_HIS_SON)
    assert labels[0] != labels[2]


def test_a_record_between_twins_does_not_join_them() -> None:
    nameless = replace(cast.ALICE, given_name=None)
    labels = resolved(cast.ALICE, nameless, cast.BOB_HER_TWIN)
    assert labels[0] != labels[2]


def test_a_family_comes_apart_into_its_members() -> None:
    everyone = (cast.ALICE, cast.ALICE_AT_WORK, cast.BOB_HER_TWIN, cast.DORA_HER_MOTHER, cast.ERIC_HER_SPOUSE)
    assert resolved(*everyone) == [0, 0, 2, 3, 4]


@pytest.mark.parametrize("other", [cast.ALICE_AT_WORK, cast.BOB_HER_TWIN, cast.DORA_HER_MOTHER])
def test_what_is_explained_sums_to_the_log_odds_of_the_probability(other: Person) -> None:
    scores = scored(cast.ALICE, other)
    assert scores.log_odds[0] == pytest.approx(np.log2(scores.probability[0] / (1 - scores.probability[0])), abs=1e-6)
    assert scores.alternative[0] <= 0


def test_a_file_without_housemates_lets_a_name_be_a_slip() -> None:
    model = replace(Model.default(), household=None, household_prior=0.0, housemates=False)
    assert scored(cast.ALICE, cast.BOB_HER_TWIN, model=model).probability[0] >= LINK
