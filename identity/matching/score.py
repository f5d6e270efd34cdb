"""Score: the probability that a pair is one person, and what each field adds to it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from identity.matching.column import Column
from identity.matching.contradict import compared_contradict
from identity.matching.learn import log_levels
from identity.matching.levels import COLUMN, COMPARISONS, NO_EVIDENCE, Levels
from identity.matching.model import LEAST_SEEN, Model
from identity.matching.patterns import Patterns, patterns_of
from identity.matching.people import People
from identity.matching.rarity import MOST_RARITY_BITS, RARITY_WORTH, rarity_of_all

# Probabilities: at LINK and above a pair is linked by itself, from REVIEW on a person decides.
LINK = 0.9
REVIEW = 0.5
# What a pair that contradicts itself is held to: below LINK, whatever else agrees.
CONTRADICTION_CEILING = 0.8

_ENOUGH_VALUES = 200
_LN2 = np.log(2)

Floats = NDArray[np.float64]


# The bits by which an agreement is rarer than the average: of a comparison, by its place, for some pairs.
Rarity = Sequence[tuple[int, NDArray[np.int64], Floats]]


@dataclass(frozen=True, eq=False, kw_only=True)
class Scores:
    """What the model says of n pairs; bits are log2 odds.

    log_odds: shape (n,), that the pair is one person: what `cluster` takes. They are the sum of base, the odds before
    any evidence, of the weights, and of alternative: shape (n,), zero or less, what is taken off because a shared
    household explains the agreement as well, or because the pair contradicts itself.
    housemates: shape (n,), the odds of two of one household over strangers.
    contradiction: shape (n,), which pairs would be likelier but are held below LINK, because clearly different given
    names or birth dates a generation apart contradict all else.
    """

    log_odds: Floats
    base: float
    alternative: Floats
    housemates: Floats
    contradiction: NDArray[np.bool_]
    patterns: Patterns
    model: Model
    rarity: Rarity

    @cached_property
    def probability(self) -> Floats:
        """Return that the pair is one person, shape (n,)."""
        return _probability(self.log_odds)

    @cached_property
    def household(self) -> Floats:
        """Return that the pair is two of one household, shape (n,)."""
        household: Floats = (1 - self.probability) * _probability(self.housemates)
        return household

    @cached_property
    def weight(self) -> Floats:
        """Return what each comparison adds, against chance, shape (n, comparisons)."""
        weight = _weights(self.model, self.patterns.levels)[self.patterns.of]
        for place, rows, bits in self.rarity:
            weight[rows, place] += bits
        return weight


def log_odds(probability: float) -> float:
    """Return the odds of a probability in bits."""
    return float(np.log2(probability) - np.log2(1 - probability))


def score(levels: Levels, model: Model, *, people: People, pairs: NDArray[np.int32], closely: bool = False) -> Scores:
    """Return the scores of `pairs`, shape (n, 2), whose levels, shape (n, comparisons), `compare` gave.

    A weight is log2 of a level's probability for one person over its probability by chance (Fellegi and Sunter, JASA
    64, 1969). An exact name counts more the rarer it is, at half weight. `closely` also weighs how rare
    similar names, places and traits are among these people: for a file, of which all are at hand.
    """
    return score_patterns(patterns_of(levels), model, people=people, pairs=pairs, closely=closely)


def score_patterns(
    patterns: Patterns,
    model: Model,
    *,
    people: People,
    pairs: NDArray[np.int32],
    closely: bool = False,
    rare_names: Mapping[str, Floats] | None = None,
) -> Scores:
    """Return the same from the patterns of the levels. `rare_names` may come from `rarity_of_names`."""
    base = float(np.log2(model.prior) - np.log2(1 - model.prior - model.household_prior))
    odds = (base + _weights(model, patterns.levels).sum(axis=1)).take(patterns.of)
    household = _household_odds(patterns.levels, model).take(patterns.of)
    rarity = [
        *_rarity(patterns, people, pairs, rarity_of_names(model, people) if rare_names is None else rare_names),
        *(rarity_of_all(patterns, people, pairs) if closely else ()),
    ]
    for place, rows, bits in rarity:
        odds[rows] += bits
        # A rare family name tells a household from strangers too; a rare given name does not, since housemates share
        # it by chance.
        if place == COLUMN["family_name"]:
            household[rows] += bits
    alternative = -np.logaddexp2(0, household)
    odds += alternative
    contradiction = np.zeros(len(odds), dtype=np.bool_)
    ceiling = log_odds(CONTRADICTION_CEILING)
    contradiction[compared_contradict(people, model, pairs, patterns, np.flatnonzero(odds > ceiling))] = True
    alternative[contradiction] -= odds[contradiction] - ceiling
    odds[contradiction] = ceiling
    return Scores(
        log_odds=odds,
        base=base,
        alternative=alternative,
        housemates=household,
        contradiction=contradiction,
        patterns=patterns,
        model=model,
        rarity=rarity,
    )


def _weights(model: Model, levels: Levels) -> Floats:
    """Return the bits of each level, shape (rows, comparisons)."""
    weights: Floats = (log_levels(model.match, levels) - log_levels(model.chance, levels)) / _LN2
    return weights


def _household_odds(levels: Levels, model: Model) -> Floats:
    """Return the odds of housemates over strangers, shape (rows,), in bits."""
    if model.household is None or not model.household_prior:
        return np.full(len(levels), -np.inf)
    bits = (log_levels(model.household, levels) - log_levels(model.chance, levels)).sum(axis=1) / _LN2
    prior = np.log2(model.household_prior) - np.log2(1 - model.prior - model.household_prior)
    odds: Floats = bits + prior
    return odds


def _probability(odds: Floats) -> Floats:
    probability: Floats = 1 / (1 + np.exp2(np.clip(-odds, -1000, 1000)))
    return probability


def evidence(levels: NDArray[np.int8], weight: Floats) -> list[tuple[str, str, float]]:
    """Return (comparison, level, bits) of one pair wherever there is evidence; both inputs have shape (comparisons,).

    Levels only, never values: this is what the ledger stores and the screens show.
    """
    return [
        (comparison.name, comparison.levels[level], round(float(bits), 2))
        for comparison, level, bits in zip(COMPARISONS, levels.tolist(), weight.tolist(), strict=True)
        if level != NO_EVIDENCE
    ]


def rarity_of_names(model: Model, people: People) -> dict[str, Floats]:
    """Return the bits by which each name is rarer (or commoner) than the average one, by field and distinct value."""
    found = {}
    for field in ("given_name", "family_name"):
        shares = _shares(field, people.free(field), model)
        if shares is not None:
            rarer = RARITY_WORTH * (np.log2(model.chance[COLUMN[field]][-1]) - np.log2(shares))
            found[field] = np.clip(rarer, -MOST_RARITY_BITS, MOST_RARITY_BITS)
    return found


def _rarity(
    patterns: Patterns, people: People, pairs: NDArray[np.int32], rare_names: Mapping[str, Floats]
) -> Iterator[tuple[int, NDArray[np.int64], Floats]]:
    """Yield the bits by which exact names are rarer than the average one."""
    for field, bits in rare_names.items():
        place = COLUMN[field]
        exact = patterns.showing(place, len(COMPARISONS[place].levels) - 1)
        yield place, exact, bits.take(people.free(field).codes.take(pairs[:, 0].take(exact)))


def _shares(field: str, column: Column, model: Model) -> Floats | None:
    """Return the share of bearers per distinct value: of these people when they are many, else as the model knows."""
    counts = column.counts()
    if counts.sum() >= _ENOUGH_VALUES and not model.frequencies:
        return np.asarray(counts / counts.sum(), dtype=np.float64)
    if not model.frequencies.get(field) or not model.learned_on:
        return None
    rare = LEAST_SEEN / 2 / model.learned_on
    known = model.frequencies[field]
    return np.array([known.get(value, rare) for value in column.values], dtype=np.float64)
