"""What pairs of people come to, as the match model has it: one by one where they are few, else in columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from identity.matching import (
    COMPARISONS,
    NO_EVIDENCE,
    Levels,
    Model,
    People,
    Person,
    Scores,
    compare,
    contradicts,
    score,
)
from identity.matching.few import FewPeople, Weighed
from identity.matching.waterfall import Step, steps_of

# Two rows of a scene, the lower first.
Rows = tuple[int, int]
# With evidence in fewer fields nobody could decide about a pair.
LEAST_FIELDS = 2

_EMAIL = [comparison.name for comparison in COMPARISONS].index("email")
NOT_KNOWN: Mapping[str, Mapping[str, float]] = {"given_name": {}}
_SAME_EMAIL = len(COMPARISONS[_EMAIL].levels) - 1


class Compared(Protocol):
    """What comparing pairs found, by their place: the odds that each is one person, in bits; whether the two have one
    mailbox that no household shares; in how many fields they could be compared."""

    @property
    def bits(self) -> Sequence[float]: ...

    @property
    def same_mailbox(self) -> Sequence[bool]: ...

    @property
    def fields(self) -> Sequence[int]: ...

    def steps(self, row: int) -> list[Step]:
        """The odds before any evidence, what each comparison adds, and what a shared household or a contradiction takes
        off: levels and bits, which sum to the odds of the pair."""


class Weighing(Protocol):
    """People, as rows, and the model that weighs pairs of them."""

    def weigh(self, pairs: Sequence[Rows]) -> Compared:
        """What these pairs come to."""

    def contradicts(self, pairs: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Which of these, shape (pairs, 2), contradict themselves, shape (pairs,)."""


def weighing(persons: Sequence[Person], model: Model) -> Weighing:
    """How pairs of these people are weighed by this model."""
    return _OneByOne(persons, model) if FewPeople.fits(persons) else _InColumns(persons, model)


class _OneByOne:
    def __init__(self, persons: Sequence[Person], model: Model) -> None:
        self._people = FewPeople(persons, model)

    def contradicts(self, pairs: NDArray[np.int32]) -> NDArray[np.bool_]:
        return self._people.contradicts(pairs)

    def weigh(self, pairs: Sequence[Rows]) -> "_FewCompared":
        weighed = [self._people.weigh(*pair) for pair in pairs]
        same = [self._people.same_mailbox(pair[0], one) for pair, one in zip(pairs, weighed, strict=True)]
        return _FewCompared(
            [one.log_odds for one in weighed], same, [one.fields for one in weighed], self._people, weighed
        )


@dataclass(frozen=True, eq=False, slots=True)
class _FewCompared:
    bits: Sequence[float]
    same_mailbox: Sequence[bool]
    fields: Sequence[int]
    people: FewPeople
    weighed: Sequence[Weighed]

    def steps(self, row: int) -> list[Step]:
        return self.people.steps(self.weighed[row])


class _InColumns:
    def __init__(self, persons: Sequence[Person], model: Model) -> None:
        self._people = People.build(range(len(persons)), persons, to_block=False, junk=model.junk)
        # How rare a name is the model knows, or nobody does: not whoever happens to be in one scene.
        self._model = model if model.frequencies else replace(model, frequencies=NOT_KNOWN)

    def contradicts(self, pairs: NDArray[np.int32]) -> NDArray[np.bool_]:
        return contradicts(self._people, self._model, pairs)

    def weigh(self, pairs: Sequence[Rows]) -> "_ComparedInColumns":
        rows = np.array(pairs, dtype=np.int32).reshape(-1, 2)
        levels = compare(self._people, rows)
        scores = score(levels, self._model, people=self._people, pairs=rows)
        # One place more than there are values, so that the code of a missing e-mail (-1) finds it.
        shared = np.append(self._people.shared_emails.household, True)[self._people.email.codes[rows[:, 0]]]
        same = (levels[:, _EMAIL] == _SAME_EMAIL) & ~shared & ~scores.contradiction
        fields = (levels != NO_EVIDENCE).sum(axis=1).tolist()
        return _ComparedInColumns(scores.log_odds.tolist(), same.tolist(), fields, levels, scores)


@dataclass(frozen=True, eq=False, slots=True)
class _ComparedInColumns:
    bits: Sequence[float]
    same_mailbox: Sequence[bool]
    fields: Sequence[int]
    levels: Levels
    scores: Scores

    def steps(self, row: int) -> list[Step]:
        return steps_of(self.levels, self.scores, row)
