"""One run over all people of a file: which records are one person."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from identity.matching.block import SkippedBlocks, pairs_by_key, together
from identity.matching.chains import without_chains
from identity.matching.cluster import cluster
from identity.matching.column_room import ColumnRoom, held_back
from identity.matching.compare import PORTION, compare_all
from identity.matching.contradict import contradicts
from identity.matching.learn import Learner
from identity.matching.model import Model
from identity.matching.pairs import Pairs, places_within
from identity.matching.patterns import Patterns
from identity.matching.people import People
from identity.matching.score import CONTRADICTION_CEILING, log_odds, rarity_of_names, score_patterns
from identity.matching.threads import begun, each
from identity.matching.widen import widened

# A file is judged as a whole, and a missed pair is as wrong as a false one: what is likelier than not is linked. A live
# profile, by which people are greeted, takes more (`score.LINK`).
LINK_IN_FILE = 0.5
# So many pairs at a time are asked whether they contradict themselves.
_ASKED_AT_ONCE = 50_000


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Found:
    """labels: shape (n,), the cluster of each row. probability: shape (n,), that the row belongs there.

    held_back: how many pairs that are one person by all else each limit keeps apart, by its column.
    """

    labels: NDArray[np.int32]
    probability: NDArray[np.float64]
    pairs: int
    skipped: SkippedBlocks
    model: Model
    held_back: Mapping[str, int]


def find_people(
    people: People,
    *,
    model: Model | None = None,
    threshold: float = LINK_IN_FILE,
    room: ColumnRoom | None = None,
    tell: Callable[[str], None] = lambda stage: None,
) -> Found:
    """Return which rows are one person, with a model learned from them unless one is given.

    `room` holds the limits on columns, if there are any. `tell` is called with the name of each stage as it begins.
    """
    tell("blocking")
    by_key = pairs_by_key(people)
    # What the learner knows of all people, it knows without their pairs: found while one core puts these in order.
    learner = begun(partial(Learner, people), rows=len(people) if model is None else 0)
    numbers, skipped = together(by_key)
    pairs, narrow = widened(people, numbers)
    del numbers
    tell(f"comparing {len(pairs):,} pairs")
    patterns = compare_all(people, pairs)
    if model is None:
        tell("learning")
        model = _learned(learner(), patterns, narrow)
        if model.learned_on and model.household is None:
            model = replace(model, housemates=False)
    tell("scoring")
    odds = _log_odds(patterns, model, people, pairs)
    del narrow, patterns
    tell("clustering")
    contradiction = partial(_contradict, people, model)

    def clustered(pairs: Pairs, odds: NDArray[np.float64]) -> NDArray[np.int32]:
        anew = room and room.anew()
        return cluster(
            len(people),
            pairs,
            odds,
            link_threshold=threshold,
            contradicts=contradiction,
            # What scored above was asked, and held to the ceiling where it contradicts itself.
            clear_above=log_odds(CONTRADICTION_CEILING),
            room=anew,
        )

    labels = without_chains(
        clustered(pairs, odds), pairs, odds, against=partial(_against, people, model), cluster=clustered
    )
    held: Mapping[str, int] = {}
    if room is not None:
        apart = pairs[(odds >= log_odds(threshold)) & (labels[pairs[:, 0]] != labels[pairs[:, 1]])]
        held = held_back(room, labels, apart[~contradiction(apart)])
    return Found(
        labels=labels,
        probability=_belonging(labels, pairs, odds),
        pairs=len(pairs),
        skipped=skipped,
        model=model,
        held_back=held,
    )


def _against(people: People, model: Model, pairs: Pairs) -> NDArray[np.float64]:
    """Return, shape (pairs,), the bits by which what is known of both speaks against one person; 0 where it does not.

    That so few pairs of all are one is left aside: it has counted for those that joined their clusters.
    """
    if not len(pairs):
        return np.empty(0)
    scores = score_patterns(compare_all(people, pairs), model, people=people, pairs=pairs)
    return np.minimum(scores.log_odds - scores.base, 0.0)


def _contradict(people: People, model: Model, pairs: Pairs) -> NDArray[np.bool_]:
    """As `contradicts`, of very many pairs."""

    def told(start: int) -> NDArray[np.bool_]:
        return contradicts(people, model, pairs[start : start + _ASKED_AT_ONCE])

    found = each(told, range(0, len(pairs), _ASKED_AT_ONCE), rows=len(pairs))
    return np.concatenate([np.empty(0, dtype=np.bool_), *found])


def _log_odds(patterns: Patterns, model: Model, people: People, pairs: Pairs) -> NDArray[np.float64]:
    rare_names = rarity_of_names(model, people)

    def scored(start: int) -> NDArray[np.float64]:
        end = start + PORTION
        some = patterns.part(start, end)
        scores = score_patterns(some, model, people=people, pairs=pairs[start:end], closely=True, rare_names=rare_names)
        return scores.log_odds

    return np.concatenate([np.empty(0), *each(scored, range(0, len(pairs), PORTION), rows=len(pairs))])


def _learned(learner: Learner, wide: Patterns, narrow: NDArray[np.bool_]) -> Model:
    """Return the model learned from the narrow net, shape (pairs,), and refined on the wide one; where the file lacks
    the fields that the narrow net is made of, it is learned from the wide one alone.
    """
    model = learner.learn(wide.among(narrow))
    return learner.refine(model, wide) if model.learned_on else learner.learn(wide)


def _belonging(labels: NDArray[np.int32], pairs: NDArray[np.int32], odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each row's probability with its likeliest fellow in the cluster; of a single row, 1."""
    best = np.full(len(labels), -np.inf)
    within = places_within(labels, pairs)
    for side in (0, 1):
        np.maximum.at(best, pairs[:, side].take(within), odds.take(within))
    sizes = np.bincount(labels, minlength=len(labels))
    probability: NDArray[np.float64] = 1 / (1 + np.exp2(np.clip(-best, -1000, 1000)))
    probability[sizes.take(labels) == 1] = 1.0
    return probability
