"""How alike whole profiles are, by their golden records: what a person sees who has to decide whether two are one."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from identity.golden import GoldenRead
from identity.learning import active_model
from identity.matching import NO_EVIDENCE, People, Person, compare, evidence, score
from identity.matching.waterfall import Step, steps_of

FIELDS = ("given_name", "family_name", "birth_date", "email", "phone", "street", "postcode", "city", "country")
Record = Mapping[str, GoldenRead]


@dataclass(frozen=True)
class Likeness:
    """The probability that two profiles are one person, the level of each comparison with its bits, and all steps that
    lead to that probability; no value.

    Without anything to compare, the probability is None.
    """

    probability: float | None
    levels: list[tuple[str, str, float]]
    steps: list[Step]


def likeness(record: Record, others: Mapping[UUID, Record]) -> dict[UUID, Likeness]:
    """How alike this profile is to each of the others, as the match model in force has it."""
    if not others:
        return {}
    ids = sorted(others)
    people = People.build(["this", *ids], [_person(record), *(_person(others[id]) for id in ids)])
    pairs = np.array([(0, row) for row in range(1, len(ids) + 1)], dtype=np.int32)
    levels = compare(people, pairs)
    scores = score(levels, active_model()[0], people=people, pairs=pairs)
    return {
        id: Likeness(
            float(scores.probability[row]) if (levels[row] != NO_EVIDENCE).any() else None,
            evidence(levels[row], scores.weight[row]),
            steps_of(levels, scores, row),
        )
        for row, id in enumerate(ids)
    }


def _person(record: Record) -> Person:
    return Person(**{field: record[field].value for field in FIELDS if field in record})
