"""Why two who are likely enough to be one person by a pair of theirs were not joined, and wait for a person."""

from itertools import product

import numpy as np

from identity.matching import Limit
from identity.matching.waterfall import Step
from identity.review_order import HELD_BACK, LIMIT
from identity.scene import Scene
from identity.weighing import Rows

# So many of either side are held against each other: who has thousands of records would fill the memory with pairs.
MOST_ASKED = 50
CONTRADICTED, VISITING, OUTWEIGHED = "contradicted", "visiting", "outweighed"


def why_apart(scene: Scene, pair: Rows, sides: tuple[set[int], set[int]], limit: Limit | None) -> list[Step]:
    """The reason as a step of the evidence that adds nothing; none where the pair alone is not likely enough.

    `limit` is the one that keeps the two sides apart, if one does.
    """
    if limit:
        return [(LIMIT, limit.label, 0.0)]
    if not scene.edges[pair].reaches(scene.thresholds.link):
        return []
    return [(HELD_BACK, _reason(scene, pair, *sides), 0.0)]


def would_join_two_known(scene: Scene, pair: Rows, one: set[int], other: set[int]) -> bool:
    """Whether a browser or an app is of the pair, which joins one known person at most, and both sides have one."""
    return not scene.trusted >= {*pair} and bool(one & scene.trusted) and bool(other & scene.trusted)


def _reason(scene: Scene, pair: Rows, one: set[int], other: set[int]) -> str:
    if would_join_two_known(scene, pair, one, other):
        return VISITING
    across = np.array(list(product(sorted(one)[:MOST_ASKED], sorted(other)[:MOST_ASKED])), dtype=np.int32)
    return CONTRADICTED if scene.contradicts(across).any() else OUTWEIGHED
