"""Files that lack much: what is learned of them without labels still tells persons apart."""

import random
from itertools import product

from identity.matching import People, Person, pairwise_metrics
from identity.matching.batch import find_people

_chance = random.Random(11)
_SYLLABLES = [a + b for a, b in product("bdfgklmnprst", "aeiou")]


def _word(syllables: int) -> str:
    return "".join(_chance.choice(_SYLLABLES) for _ in range(syllables)).capitalize()


def _slip(word: str) -> str:
    at = _chance.randrange(1, len(word) - 1)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


GIVEN = [_word(3) for _ in range(60)]
FAMILY = [_word(4) for _ in range(200)]


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


def test_towns_that_are_called_alike_are_no_evidence_by_themselves() -> None:
    persons, truth = [], []
    for number in range(400):
        given, family, town = _chance.choice(GIVEN), _chance.choice(FAMILY), f"Northwestern {_word(2)}"
        for copy in range(_chance.choice((1, 2, 2))):
            renamed = family if not copy or _chance.random() < 0.8 else _chance.choice(FAMILY)
            persons.append(Person(given_name=given, family_name=renamed, city=town))
            truth.append(number)
    assert _f1(persons, truth) > 0.9
