"""Record linkage over arrays: normalize, block, compare, score, cluster. Knows no database and no framework.

A batch run over all people:

    people = People.build(ids, persons)
    pairs, skipped = candidate_pairs(people)
    levels = compare(people, pairs)
    model = learn(levels, people=people)
    scores = score(levels, model, people=people, pairs=pairs)
    labels = cluster(len(people), pairs, scores.log_odds, contradicts=partial(contradicts, people, model))

A run over a few new people against candidates found by stored `blocking_keys` takes the same steps with a learned model
and without `learn`.
"""

from identity.matching.block import KEYS, SkippedBlock, SkippedBlocks, blocking_keys, blocking_keys_of, candidate_pairs
from identity.matching.calibrate import Answer, shift_of, shifted
from identity.matching.cluster import Contradiction, cluster
from identity.matching.compare import compare
from identity.matching.contradict import contradicts
from identity.matching.identifiers import JUNK_FAMILY_NAMES, JUNK_RECORDS, SharedIdentifiers, shared_identifiers
from identity.matching.learn import learn
from identity.matching.levels import COMPARISONS, NO_EVIDENCE, Comparison, Levels
from identity.matching.limits import Borne, Limit, Room, exceeded, most_within
from identity.matching.metrics import Quality, b_cubed, pairwise_metrics
from identity.matching.model import Model, UnreadableModelError
from identity.matching.people import People
from identity.matching.person import Person
from identity.matching.score import LINK, REVIEW, Scores, evidence, log_odds, score

__all__ = [
    "COMPARISONS",
    "JUNK_FAMILY_NAMES",
    "JUNK_RECORDS",
    "KEYS",
    "LINK",
    "NO_EVIDENCE",
    "REVIEW",
    "Answer",
    "Borne",
    "Comparison",
    "Contradiction",
    "Levels",
    "Limit",
    "Model",
    "People",
    "Person",
    "Quality",
    "Room",
    "Scores",
    "SharedIdentifiers",
    "SkippedBlock",
    "SkippedBlocks",
    "UnreadableModelError",
    "b_cubed",
    "blocking_keys",
    "blocking_keys_of",
    "candidate_pairs",
    "cluster",
    "compare",
    "contradicts",
    "evidence",
    "exceeded",
    "learn",
    "log_odds",
    "most_within",
    "pairwise_metrics",
    "score",
    "shared_identifiers",
    "shift_of",
    "shifted",
]
