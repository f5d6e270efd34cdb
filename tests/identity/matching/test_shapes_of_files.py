"""Files that lack much: what is learned of them without labels still tells persons apart."""

import random
from importlib import import_module
from itertools import product

import pytest

from identity.matching import Model, People, Person, pairwise_metrics
from identity.matching.batch import find_people
from identity.matching.levels import ADDRESS, COLUMN

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


def test_refining_does_not_take_namesakes_for_persons() -> None:
    """Twelve branches bear one name each in towns of their own; only a number tells which records are one."""
    persons, truth = [], []
    for number in range(1_200):
        bank, town, tax = f"{FAMILY[number % 100]} bank", f"{_word(3)}", f"{_chance.randrange(10**9, 10**10)}"
        for copy in range(_chance.choice((1, 2))):
            moved = _word(3) if copy and _chance.random() < 0.3 else town
            known = tax if _chance.random() < 0.9 else None
            persons.append(Person(given_name="bank", family_name=bank.split()[0], city=moved, identifier=known))
            truth.append(number)
    assert _f1(persons, truth) > 0.85
