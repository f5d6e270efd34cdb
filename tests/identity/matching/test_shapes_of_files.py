"""Files that lack much: what is learned of them without labels still tells persons apart."""

import random
from dataclasses import replace
from importlib import import_module
from itertools import product

import numpy as np
import pytest

from identity.matching import Model, People, Person, pairwise_metrics
from identity.matching.batch import find_people
from identity.matching.levels import ADDRESS, COLUMN, COMPARISONS
from identity.matching.patterns import patterns_of

_chance = random.Random(11)
_SYLLABLES = [a + b for a, b in product("bdfgklmnprst", "aeiou")]


def _word(syllables: int) -> str:
    return "".join(_chance.choice(_SYLLABLES) for _ in range(syllables)).capitalize()


def _slip(word: str) -> str:
    at = _chance.randrange(1, len(word) - 1)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


GIVEN = [_word(3) for _ in range(60)]
FAMILY = [_word(4) for _ in range(200)]


learning = import_module("identity.matching.learn")


def _f1(persons: list[Person], truth: list[int]) -> float:
    found = find_people(People.build(range(len(persons)), persons))
    assert found.model.learned_on == len(persons)
    return pairwise_metrics(found.labels, truth).f1


def test_a_file_of_names_alone_is_learned_from() -> None:
    persons, truth = [], []
    for number in range(300):
        given, family = _chance.choice(GIVEN), _chance.choice(FAMILY)
        for copy in range(_chance.choice((1, 2, 2, 3))):
            persons.append(
                Person(
                    given_name=_slip(given) if copy and _chance.random() < 0.3 else given,
                    family_name=_slip(family) if copy and _chance.random() < 0.3 else family,
                )
            )
            truth.append(number)
    assert _f1(persons, truth) > 0.8


def test_where_many_towns_are_called_alike_a_town_tells_little() -> None:
    towns = [f"North{a}{b}" for a, b in product(("mar", "mer", "mor", "mur"), ("den", "don", "ton", "tan", "lan"))]
    persons = [
        Person(given_name=_chance.choice(GIVEN), family_name=_chance.choice(FAMILY), city=_chance.choice(towns))
        for _ in range(600)
    ]
    learner = learning.Learner(People.build(range(len(persons)), persons))
    alike = learner.everyone.equal[COLUMN["address"]] / learner.everyone.known[COLUMN["address"]]
    start: Model = learning._start(learner.everyone, learner.random)
    chance = start.chance[COLUMN["address"]][ADDRESS["same_city"]]
    assert alike == pytest.approx(0.05, abs=0.01)
    # Nearly all towns are three slips apart at most.
    assert chance > 0.5


@pytest.mark.parametrize(
    ("before", "refined_to", "kept"),
    [(0.3, 0.8, False), (0.3, 0.45, True), (0.6, 0.89, False), (0.6, 0.65, True), (0.95, 0.96, True)],
)
def test_refining_that_takes_namesakes_for_persons_is_given_up(
    before: float, refined_to: float, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Matches agreed on an identifier, and mostly differ in it once they are refined, or far more than before: firms of
    one name. Numbers of records differ, before and after."""
    persons = [Person(family_name="Berg", identifier="4711-1"), Person(family_name="Berg", identifier="4711-2")]
    learner = learning.Learner(People.build([0, 1], persons))

    def differing(share: float) -> Model:
        shares = list(Model.default().match)
        shares[COLUMN["identifier"]] = (share, 0.01, 0.99 - share)
        return replace(Model.default(), learned_on=300, match=tuple(shares))

    given, refined = differing(before), differing(refined_to)
    monkeypatch.setattr(learner, "_fit", lambda model, candidates: refined)
    nothing = patterns_of(np.empty((0, len(COMPARISONS)), dtype=np.int8))
    assert learner.refine(given, nothing) is (refined if kept else given)
