"""Preview: what a segment would hold, before it is saved."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from segments.catalog import read_definition
from segments.consented import ANALYTICS, ask, ask_for
from segments.features.feature import Values
from segments.features.registry import usable
from segments.imputation.policies import estimates_of, standing
from segments.kept_features import portions
from segments.rules.definition import HIGHEST_SCORE, Definition
from segments.rules.evaluate import Estimates, evaluate

BINS = 10


@dataclass
class Preview:
    """Counts of profiles. `histogram` spreads the scores of those for whom the rule holds over ten bins of 10 points.

    profiles = refused + allowed; of those allowed, the rule holds for `matching`, and `members` reach the threshold.
    """

    profiles: int = 0
    refused: int = 0
    allowed: int = 0
    matching: int = 0
    members: int = 0
    histogram: list[int] = field(default_factory=lambda: [0] * BINS)


def preview(definition: object, purpose: str, channel: str = "", *, now: datetime) -> Preview:
    """What a segment of this definition would hold, by the features as last computed and by consent as of now.

    What is not known of a profile is estimated by the policies as they stand.

    Raises `segments.rules.parse.InvalidDefinition`.
    """
    parsed = read_definition(definition)
    seen = Preview()
    estimates = estimates_of(standing())
    for values in portions():
        _add(seen, parsed, values, estimates, permitted=_permitted(values, purpose, channel, now=now))
    return seen


def _permitted(values: Values, purpose: str, channel: str, *, now: datetime) -> set[UUID]:
    analyzed = ask(list(values), purpose=ANALYTICS, now=now)
    return set(ask_for(analyzed.owned, purpose=purpose, channel=channel, now=now).owned)


def _add(seen: Preview, definition: Definition, values: Values, estimates: Estimates, *, permitted: set[UUID]) -> None:
    seen.profiles += len(values)
    seen.allowed += len(permitted)
    seen.refused += len(values) - len(permitted)
    for profile in permitted:
        result = evaluate(definition, usable(values[profile]), estimates)
        seen.matching += result.rule_holds
        seen.members += result.member
        if result.rule_holds and result.score is not None:
            seen.histogram[min(int(result.score * BINS / HIGHEST_SCORE), BINS - 1)] += 1
