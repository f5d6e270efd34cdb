"""Why a pair waits for a person, and which pairs are asked about first: what a list of many thousands is ordered by.

Those come first by whose answers the match model learns most: the closer to even odds, the more an answer tells. Of a
pair that was likely enough to be joined, and that something else holds back, it learns nothing; nor of one that
contradicts itself.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import FloatField, Func, SmallIntegerField

from identity.matching.waterfall import CONTRADICTION

# What evidence calls the limit that held a link back, and another reason.
LIMIT, HELD_BACK = "limit", "held_back"
# The kinds of pair, in the order in which they are asked about.
UNDECIDED, BY_LIMIT, OTHERWISE, CONTRADICTS = range(4)
EVEN = 0.5

# Of the evidence of a pair: which kind it is, as `kind_of` has it. Without parameters, as the index is.
KIND = Func(
    "evidence",
    template=(
        f"""CASE WHEN %(expressions)s @> '[["{CONTRADICTION}"]]'::jsonb THEN {CONTRADICTS}"""
        f""" WHEN %(expressions)s @> '[["{LIMIT}"]]'::jsonb THEN {BY_LIMIT}"""
        f""" WHEN %(expressions)s @> '[["{HELD_BACK}"]]'::jsonb THEN {OTHERWISE} ELSE {UNDECIDED} END"""
    ),
    output_field=SmallIntegerField(),
)
# How far a pair is from even odds.
DISTANCE = Func("probability", template=f"abs(%(expressions)s - {EVEN}::float8)", output_field=FloatField())


def kind_of(evidence: Iterable[Iterable[Any]]) -> int:
    """Which kind of pair has this evidence: that of one that something holds back has a step that says what."""
    names = {next(iter(step)) for step in evidence}
    kinds = {CONTRADICTION: CONTRADICTS, LIMIT: BY_LIMIT, HELD_BACK: OTHERWISE}
    return next((kind for name, kind in kinds.items() if name in names), UNDECIDED)
