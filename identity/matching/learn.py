"""Learn a model from the people themselves, without labels: expectation maximization over agreement patterns."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from identity.matching.column import Codes, Column, combine
from identity.matching.compare import compare_all
from identity.matching.identifiers import distinct_partners
from identity.matching.levels import (
    ADDRESS,
    BIRTH_DATE,
    COLUMN,
    COMPARISONS,
    FAMILY_NAME,
    FREE,
    GIVEN_NAME,
    IDENTIFIERS,
    NO_EVIDENCE,
    Levels,
)
from identity.matching.model import LEAST_SEEN, Distributions, Model
from identity.matching.patterns import Tally, patterns_of
from identity.matching.people import People
from identity.matching.threads import each

LEAST_PEOPLE = 200
LEAST_MATCHES = 10.0
# No single field may count for more than 20 bits: no identifier alone outweighs the prior of a million records.
LEAST_CHANCE = 1e-6

_MOST_RANDOM_PAIRS = 400_000
_RANDOM_PAIRS_PER_PERSON = 20
# The default model counts as much as this many matched pairs.
_DEFAULT_WORTH = 10.0
_CONVERGED = 1e-4
# Of fewer comparisons it cannot be learned how often matches differ: those of one field would explain any difference.
_LEAST_TO_COMPARE = 3
# Housemates who agree on a personal field for a reason: a son named after his father, twins.
_PERSONAL_EXCEPTION = 0.02
_ENOUGH_NAMED_APART = 30
# Pairs of housemates per record. Larger is no household but a town: where a file knows of no smaller place.
_MOST_HOUSEMATES = 5.0
_NO_HOUSEMATES = 0.8
_PERSONAL = ("given_name", "birth_date")
_MOSTLY_DIFFERENT = 0.5
# What a share of different identifiers may be more than another, and be about the same.
_AS_DIFFERENT = 0.1
_SHARED_PLACES = ("email", "phone", "address")
_MATCH, _HOUSEHOLD, _CHANCE = 0, 1, 2

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class _AllPairs:
    """What is known of all N(N-1)/2 pairs without comparing them; arrays have shape (comparisons,).

    known: pairs that have a value on both sides. equal: those of them whose values are the same, which is the level
    `exact`: the last one, but for addresses in a file that knows no streets. coarse_places: whether no street is known
    together with its postcode or city, so that most who count as of one place may be of two that are written alike.
    """

    total: float
    known: Floats
    equal: Floats
    exact: NDArray[np.int64]
    coarse_places: bool
    crossed_names: float


def learn(levels: Levels, *, people: People, iterations: int = 100, seed: int = 0) -> Model:
    """Return the model that EM finds in the levels of the candidate pairs, shape (pairs, comparisons).

    The prior is over all N(N-1)/2 pairs: posterior matches among the candidates divided by all pairs (normalizing over
    blocked pairs only would make everything a match). Chance levels come from value frequencies (exact) and from random
    pairs (the rest), less what the current model takes for matches. The household class is kept when it lowers the
    Bayesian information criterion (Schwarz, Annals of Statistics 6, 1978). With fewer than 200 people, too few matches
    or no convergence the default model is returned. The same input and `seed` give the same model.
    """
    return Learner(people, iterations=iterations, seed=seed).learn(patterns_of(levels))


class Learner:
    """Learns models of these people, from several sets of candidates."""

    def __init__(self, people: People, *, iterations: int = 100, seed: int = 0) -> None:
        self.people = people
        self.iterations = iterations
        self.everyone = _all_pairs(people)
        enough = len(people) >= LEAST_PEOPLE
        self.random = compare_all(people, _random_pairs(len(people), seed)) if enough else None
        self.frequencies = _frequencies(people) if enough else {}

    def learn(self, candidates: Tally) -> Model:
        """Return what `learn` does, from the patterns of the candidate pairs."""
        if self.random is None or not len(candidates.counts):
            return self.default()
        start = _start(self.everyone, self.random)
        starts = [start]
        if any(self.everyone.known[COLUMN[place]] > 0 for place in _SHARED_PLACES):
            starts.append(_with_household(start, self.everyone))
        fitted = each(lambda model: self._fit(model, candidates), starts, rows=len(self.people))
        plausible = [
            model
            for model in fitted
            if model is not None and _are_homes(model, self.everyone) and _are_persons(model, self.everyone)
        ]
        if not plausible:
            return self.default()
        chosen = min(plausible, key=lambda model: _criterion(model, candidates, self.everyone))
        return replace(
            chosen,
            housemates=_may_hold_housemates(candidates),
            learned_on=len(self.people),
            frequencies=self.frequencies,
        )

    def default(self) -> Model:
        """Return the default model, with how often identifiers of these people are one slip apart by chance.

        Numbers that were handed out in order are so very often; then a slip says little.
        """
        model = Model.default()
        numbered = [COLUMN[one.name] for one in IDENTIFIERS if self.everyone.known[COLUMN[one.name]] > 0]
        if not numbered:
            return model
        random = self.random or compare_all(self.people, _random_pairs(len(self.people), seed=0))
        chance = list(model.chance)
        for column in numbered:
            chance[column] = _with_slips(chance[column], random, column)
        return replace(model, chance=tuple(chance))

    def refine(self, model: Model, candidates: Tally) -> Model:
        """Return the model to which EM leads on from a learned one, over more pairs than it was learned from.

        A wide net holds pairs that the narrow one missed, but also so many neighbors and namesakes that EM, begun
        there, may take them for the matches. Where it does not converge, where its matches mostly differ in an
        identifier, and more often than those of the given model, or where this is the default, the given one is
        returned.
        """
        refined = self._fit(model, candidates) if model.learned_on else None
        kept = refined is not None and _are_persons(refined, self.everyone) and _identified(refined, as_in=model)
        return refined if refined is not None and kept else model

    def _fit(self, model: Model, candidates: Tally) -> Model | None:
        """Return the model at which EM settles; `None` when it does not, or settles where nobody matches."""
        if self.random is None:
            return None
        for _ in range(self.iterations):
            posterior = _posterior(model, candidates.levels)
            random_chance = _posterior(model, self.random.levels)[:, _CHANCE]
            updated = _maximize(model, candidates, posterior, self.random, random_chance, self.everyone)
            settled = abs(updated.prior - model.prior) <= _CONVERGED * model.prior
            model = updated
            if settled:
                likely = model.prior * self.everyone.total >= LEAST_MATCHES
                return _sane(model, self.everyone) if likely else None
        return None


def _are_persons(model: Model, everyone: _AllPairs) -> bool:
    """Return whether the match class holds persons: in a file without duplicates it would be housemates or namesakes,
    whose given names or birth dates mostly differ.
    """
    return all(
        not everyone.known[COLUMN[name]] or model.match[COLUMN[name]][0] <= _MOSTLY_DIFFERENT for name in _PERSONAL
    )


def _identified(model: Model, *, as_in: Model) -> bool:
    """Return whether matches mostly agree on each identifier, or about as often as those of another model: namesakes do
    neither.
    """
    places = [COLUMN[identifier.name] for identifier in IDENTIFIERS]
    return all(
        model.match[place][0] <= max(_MOSTLY_DIFFERENT, as_in.match[place][0] + _AS_DIFFERENT) for place in places
    )


def _are_homes(model: Model, everyone: _AllPairs) -> bool:
    """Return whether the household class holds homes: not more housemates than people can have, as towns would."""
    people = np.sqrt(2 * everyone.total)
    return bool(model.household_prior * everyone.total <= _MOST_HOUSEMATES * people)


def _maximize(
    model: Model,
    candidates: Tally,
    posterior: Floats,
    random: Tally,
    random_chance: Floats,
    everyone: _AllPairs,
) -> Model:
    weights = posterior * candidates.counts[:, None]
    default = Model.default()
    match = _shares(candidates.levels, weights[:, _MATCH], default.match)
    if np.count_nonzero(everyone.known) < _LEAST_TO_COMPARE:
        match = _differing_as(default.match, match)
    chance = _chance_levels(
        model, candidates, weights[:, _MATCH] + weights[:, _HOUSEHOLD], random, random_chance, everyone
    )
    match = _without_reversed(match, chance)
    household = None
    household_prior = 0.0
    if model.household is not None and default.household is not None:
        learned = _shares(candidates.levels, weights[:, _HOUSEHOLD], default.household)
        household = _with_personal_fields(learned, chance)
        household_prior = float(weights[:, _HOUSEHOLD].sum() + 0.5) / everyone.total
    prior = float(weights[:, _MATCH].sum() + 0.5) / everyone.total
    return replace(model, match=match, chance=chance, household=household, prior=prior, household_prior=household_prior)


def _without_reversed(match: Distributions, chance: Distributions) -> Distributions:
    """Return the shares among matches, where identifiers and traits on which matches agree less often than strangers
    tell nothing: such as the name of the list that a record is from, when each person is once in each.
    """
    free = [comparison in FREE for comparison in COMPARISONS]
    return tuple(
        strangers if is_free and same[-1] <= strangers[-1] else same
        for is_free, same, strangers in zip(free, match, chance, strict=True)
    )


def _shares(levels: Levels, weights: Floats, default: Distributions) -> Distributions:
    """Return the weighted share of each level, drawn toward the default by a few pairs' worth."""
    shares = []
    for column, expected in enumerate(default):
        seen = np.bincount(levels[:, column] + 1, weights=weights, minlength=len(expected) + 1)[1:]
        smoothed = seen + _DEFAULT_WORTH * np.array(expected)
        shares.append(tuple((smoothed / smoothed.sum()).tolist()))
    return tuple(shares)


def _differing_as(expected: Distributions, learned: Distributions) -> Distributions:
    """Return the learned shares with the share of those that differ as it is expected."""
    return tuple(
        (default[0], *(share * (1 - default[0]) / (1 - shares[0]) for share in shares[1:]))
        for default, shares in zip(expected, learned, strict=True)
    )


def _chance_levels(
    model: Model, candidates: Tally, alike: Floats, random: Tally, random_chance: Floats, everyone: _AllPairs
) -> Distributions:
    """Return the level shares among strangers; `alike` is each candidate pattern's expected matches and housemates."""
    chance = []
    for column, comparison in enumerate(COMPARISONS):
        if not everyone.known[column]:
            chance.append(model.chance[column])
            continue
        exact, beyond = int(everyone.exact[column]), np.zeros(len(comparison.levels) - 1 - everyone.exact[column])
        explained = float(alike[candidates.levels[:, column] == exact].sum())
        exact_share = (max(everyone.equal[column] - explained, 0.0) + 0.5) / everyone.known[column]
        drawn = _drawn(random, random_chance, column, exact + 1)
        seen = drawn[:exact]
        if comparison is ADDRESS and everyone.coarse_places:
            exact_share += _alike_by_chance(drawn, exact, exact_share)
        others = (seen + 0.5) / (seen.sum() + 0.5 * exact) * (1 - exact_share)
        shares = np.concatenate([others, [exact_share], beyond])
        if comparison is FAMILY_NAME:
            shares[FAMILY_NAME["swapped"]] = _swapped_by_chance(model, everyone)
        shares = np.maximum(shares, LEAST_CHANCE)
        chance.append(tuple((shares / shares.sum()).tolist()))
    return tuple(chance)


def _drawn(random: Tally, random_chance: Floats, column: int, levels: int) -> Floats:
    """Return how many random pairs of strangers show each level, shape (levels,) or longer."""
    weights = random.counts * random_chance
    return np.bincount(random.levels[:, column] + 1, weights=weights, minlength=levels + 1)[1:].astype(np.float64)


def _alike_by_chance(drawn: Floats, exact: int, equal: float) -> float:
    """Return the share of strangers whose places count as the same, being written alike, but are not.

    `drawn` are the random pairs by level, `equal` the share that is the same by letter. What so few pairs may show by
    chance does not count.
    """
    expected = float(drawn.sum()) * equal
    more = float(drawn[exact]) - expected - 2 * np.sqrt(expected + 1)
    return float(max(more, 0.0) / max(float(drawn.sum()), 1.0))


def _with_slips(chance: tuple[float, ...], random: Tally, column: int) -> tuple[float, ...]:
    """Return the chance levels of an identifier with slips as common as in the random pairs, unless they are rarer."""
    levels = random.levels[:, column]
    known = float(random.counts[levels != NO_EVIDENCE].sum())
    slips = float(random.counts[levels == IDENTIFIERS[0]["typo"]].sum()) / known if known else 0.0
    typo = min(max(slips, chance[1]), 0.5)
    return (1.0 - typo - chance[2], typo, chance[2])


def _swapped_by_chance(model: Model, everyone: _AllPairs) -> float:
    """Return how often strangers' names agree crosswise: as given and family names coincide, or a namesake's slip."""
    given, family = COLUMN["given_name"], COLUMN["family_name"]
    namesakes = model.chance[given][-1] * model.chance[family][-1]
    return everyone.crossed_names**2 + namesakes * model.match[family][FAMILY_NAME["swapped"]]


def _with_personal_fields(household: Distributions, chance: Distributions) -> Distributions:
    """Return the household levels with given name and birth date agreeing as by chance, twins and namesakes apart.

    This keeps the class what its name says: it cannot learn to hold the careless duplicates of one person.
    """
    changed = list(household)
    for name in _PERSONAL:
        by_chance = chance[COLUMN[name]]
        shares = [share * (1 - _PERSONAL_EXCEPTION) for share in by_chance]
        shares[-1] += _PERSONAL_EXCEPTION
        changed[COLUMN[name]] = tuple(shares)
    swapped = FAMILY_NAME["swapped"]
    family = np.array(changed[COLUMN["family_name"]])
    family[swapped] = chance[COLUMN["family_name"]][swapped]
    changed[COLUMN["family_name"]] = tuple((family / family.sum()).tolist())
    return tuple(changed)


def _posterior(model: Model, levels: Levels) -> Floats:
    """Return the probability of match, household and chance per row of levels, shape (rows, 3)."""
    logs = log_likelihoods(model, levels)
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    posterior: Floats = weights / weights.sum(axis=1, keepdims=True)
    return posterior


def log_likelihoods(model: Model, levels: Levels) -> Floats:
    """Return the natural log of prior times likelihood of match, household and chance, shape (rows, 3)."""
    logs = np.full((len(levels), 3), -np.inf)
    logs[:, _MATCH] = np.log(model.prior) + log_levels(model.match, levels).sum(axis=1)
    logs[:, _CHANCE] = np.log1p(-model.prior - model.household_prior) + log_levels(model.chance, levels).sum(axis=1)
    if model.household is not None and model.household_prior > 0:
        logs[:, _HOUSEHOLD] = np.log(model.household_prior) + log_levels(model.household, levels).sum(axis=1)
    return logs


def log_levels(distributions: Distributions, levels: Levels) -> Floats:
    """Return the natural log of each level's probability, shape (rows, comparisons); no evidence counts 0."""
    logs = np.zeros(levels.shape, dtype=np.float64)
    for column in np.flatnonzero(levels.max(axis=0, initial=NO_EVIDENCE) > NO_EVIDENCE):
        shares = distributions[column]
        logs[:, column] = np.append(np.log(shares), 0.0).take(levels[:, column])
    return logs


def _criterion(model: Model, candidates: Tally, everyone: _AllPairs) -> float:
    """Return the Bayesian information criterion over the candidates; the other pairs are strangers to every model."""
    logs = log_likelihoods(model, candidates.levels)
    top = logs.max(axis=1, keepdims=True)
    log_mixture = top[:, 0] + np.log(np.exp(logs - top).sum(axis=1))
    strangers = (everyone.total - candidates.counts.sum()) * np.log1p(-model.prior - model.household_prior)
    parameters = sum(len(levels) - 1 for levels in model.match) + 1
    if model.household is not None:
        free = [levels for c, levels in zip(COMPARISONS, model.household, strict=True) if c.name not in _PERSONAL]
        parameters += sum(len(levels) - 1 for levels in free) + 1
    pairs = float(candidates.counts.sum())
    return float(parameters * np.log(pairs) - 2 * ((log_mixture * candidates.counts).sum() + strangers))


def _sane(model: Model, everyone: _AllPairs) -> Model:
    """Return the model with the default for each comparison that has no data or whose exact level speaks against."""
    default = Model.default()
    match, chance = list(model.match), list(model.chance)
    for column in range(len(COMPARISONS)):
        if everyone.known[column] and COMPARISONS[column] in FREE:
            continue
        exact = everyone.exact[column]
        if not everyone.known[column] or match[column][exact] <= chance[column][exact]:
            match[column], chance[column] = default.match[column], default.chance[column]
    return replace(model, match=tuple(match), chance=tuple(chance))


def _start(everyone: _AllPairs, random: Tally) -> Model:
    """Return the default model with this file's chance levels and a prior of one duplicate in ten people."""
    default = replace(Model.default(), household=None, household_prior=0.0)
    nothing = patterns_of(np.empty((0, len(COMPARISONS)), dtype=np.int8))
    chance = _chance_levels(default, nothing, np.empty(0), random, np.ones(len(random.counts)), everyone)
    people = np.sqrt(2 * everyone.total)
    return replace(default, chance=chance, prior=0.1 * people / everyone.total)


def _with_household(start: Model, everyone: _AllPairs) -> Model:
    household = Model.default().household
    if household is None:
        return start
    share = 0.1 * np.sqrt(2 * everyone.total) / everyone.total
    return replace(start, household=_with_personal_fields(household, start.chance), household_prior=float(share))


def _random_pairs(n: int, seed: int) -> NDArray[np.int32]:
    """Return pairs of different rows drawn at random, shape (pairs, 2)."""
    generator = np.random.default_rng(seed)
    size = min(_MOST_RANDOM_PAIRS, max(_RANDOM_PAIRS_PER_PERSON * n, 20_000))
    a = generator.integers(0, n, size)
    b = (a + generator.integers(1, n, size)) % n
    return np.stack((a, b), axis=1).astype(np.int32)


def _all_pairs(people: People) -> _AllPairs:
    places, of_places, coarse = _places(people)
    columns = {
        "given_name": people.given_name.codes,
        "family_name": people.family_name.codes,
        "birth_date": people.birth_date.codes,
        "email": people.email.codes,
        "phone": people.phone.codes,
        "address": places,
        **{comparison.name: people.free(comparison.name).codes for comparison in FREE},
    }
    known, equal = np.zeros(len(COMPARISONS)), np.zeros(len(COMPARISONS))
    for name, codes in columns.items():
        present = codes[codes >= 0]
        counts = np.bincount(present).astype(np.float64) if len(present) else np.zeros(0)
        known[COLUMN[name]] = len(present) * (len(present) - 1) / 2
        equal[COLUMN[name]] = (counts * (counts - 1) / 2).sum()
    exact = np.array([len(comparison.levels) - 1 for comparison in COMPARISONS])
    exact[COLUMN["address"]] = of_places
    crossed = _crossed(people.given_name, people.family_name)
    return _AllPairs(len(people) * (len(people) - 1) / 2, known, equal, exact, coarse, crossed)


def _places(people: People) -> tuple[Codes, int, bool]:
    """Return the smallest places that the file knows of, shape (n,), the level of two who share one, and whether they
    are no dwellings."""
    street, postcode, city = people.street.codes, people.postcode.codes, people.city.codes
    choices = (
        (combine(street, postcode), ADDRESS["same_address"], False),
        (combine(street, city), ADDRESS["same_address"], False),
        (postcode, ADDRESS["same_postcode"], True),
        (city, ADDRESS["same_city"], True),
        (street, ADDRESS["same_address"], True),
    )
    return next((choice for choice in choices if (choice[0] >= 0).any()), choices[0])


def _crossed(given: Column, family: Column) -> float:
    """Return how likely a random given name equals a random family name."""
    givens = dict(zip(given.values, given.counts().tolist(), strict=True))
    families = dict(zip(family.values, family.counts().tolist(), strict=True))
    common = givens.keys() & families.keys()
    pairs = max(sum(givens.values()), 1) * max(sum(families.values()), 1)
    return float(sum(givens[value] * families[value] for value in common) / pairs)


def _may_hold_housemates(candidates: Tally) -> bool:
    """Return whether people who share a home or an identifier may be in the file.

    Of real housemates with different given names one pair in fifty are twins; the others have different birth dates.
    Where nearly all such pairs share the birth date as well, they are one person whose name was entered wrongly.
    Without many such pairs to judge by, the answer is yes.
    """
    levels = candidates.levels
    shared = np.zeros(len(levels), dtype=np.bool_)
    for place in _SHARED_PLACES:
        shared |= levels[:, COLUMN[place]] == len(COMPARISONS[COLUMN[place]].levels) - 1
    birth = levels[:, COLUMN["birth_date"]]
    named_apart = shared & (levels[:, COLUMN["given_name"]] == GIVEN_NAME["different"]) & (birth != NO_EVIDENCE)
    pairs = candidates.counts[named_apart].sum()
    same_birth = candidates.counts[named_apart & (birth >= BIRTH_DATE["typo"])].sum()
    return bool(pairs < _ENOUGH_NAMED_APART or same_birth < _NO_HOUSEMATES * pairs)


def _frequencies(people: People) -> dict[str, dict[str, float]]:
    """Return the share of bearers of each name that twenty different people or more bear; rarer ones are not stored.

    Rows of one birth date and one other name may all be one person's.
    """
    frequencies = {}
    for field, other in (("given_name", "family_name"), ("family_name", "given_name")):
        column: Column = getattr(people, field)
        counts = column.counts()
        known = int(counts.sum())
        apart = combine(people.free(other).codes + 1, people.birth_date.codes + 1)
        different = distinct_partners(column.codes, apart, len(counts))
        frequencies[field] = {
            value: count / known
            for value, count, persons in zip(column.values, counts.tolist(), different.tolist(), strict=True)
            if persons >= LEAST_SEEN
        }
    return frequencies
