"""Evaluation: what a definition says of one profile's features, and why.

A condition over a missing value does not hold, and neither does its negation: nobody becomes a member by what is not
known of them. This is SQL's three-valued logic (Kleene), so that a definition means the same in every engine.

Where a policy says what a missing value is taken to be, that estimate is compared and scored like a value, and the
result names it. `exists` goes on asking what is known: an estimate is not.

The score is 100 * sum(earned) / sum(|weight|). A term earns weight * share, its share being where the value stands
between low (0) and high (1), cut off beyond them. With a negative weight it earns |weight| * (1 - share): the less, the
better. That is the plain weighted sum, moved and scaled from the range that it can reach to 0..100, so it ranks people
alike. A missing value earns nothing, whatever the sign of the weight.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from segments.rules.definition import (
    HIGHEST_SCORE,
    LOG,
    ORDERINGS,
    Condition,
    Definition,
    Estimate,
    Every,
    Negation,
    Rule,
    Score,
    Some,
    Term,
    Value,
    conditions,
)

DECIMALS = 4
Features = Mapping[str, Value | None]
Estimates = Mapping[str, Estimate]
NONE: Estimates = MappingProxyType({})


@dataclass(frozen=True)
class Outcome:
    """One condition, the value that it met, whether it holds, and where the value comes from if it is no fact."""

    path: str
    feature: str
    op: str
    expected: Value | tuple[Value, ...]
    value: Value | None
    holds: bool
    estimate: Estimate | None = None


@dataclass(frozen=True)
class Contribution:
    """One term's part of the score: `points` of all contributions add up to it."""

    feature: str
    value: Value | None
    weight: float
    points: float
    missing: bool
    estimate: Estimate | None = None


@dataclass(frozen=True)
class Result:
    """Whether a profile is a member, its score from 0 to 100, and what made them so."""

    member: bool
    rule_holds: bool
    score: float | None
    threshold: float | None
    contributions: tuple[Contribution, ...]
    conditions: tuple[Outcome, ...]


def evaluate(definition: Definition, features: Features, estimates: Estimates = NONE) -> Result:
    """What the definition says of a profile with these features; one that is absent, None or NaN is missing.

    A missing one that has an estimate is taken to be that.
    """
    found = [(condition, _condition_holds(condition, features, estimates)) for condition in conditions(definition.rule)]
    rule_holds = _holds(definition.rule, features, estimates) is True
    contributions = _contributions(definition.score, features, estimates)
    score = _total(contributions) if definition.score else None
    threshold = definition.score.threshold if definition.score else None
    return Result(
        member=rule_holds and (score is None or threshold is None or score >= threshold),
        rule_holds=rule_holds,
        score=score,
        threshold=threshold,
        contributions=contributions,
        conditions=tuple(_outcome(condition, holds, features, estimates) for condition, holds in found),
    )


def is_member(definition: Definition, features: Features, estimates: Estimates = NONE) -> bool:
    """The same in one word, for the many who are not: `evaluate` says why."""
    if _holds(definition.rule, features, estimates) is not True:
        return False
    if definition.score is None:
        return True
    return _total(_contributions(definition.score, features, estimates)) >= definition.score.threshold


def _holds(rule: Rule, features: Features, estimates: Estimates) -> bool | None:
    """True, False, or None where a missing value leaves it open."""
    match rule:
        case Condition():
            return _condition_holds(rule, features, estimates)
        case Negation():
            inner = _holds(rule.rule, features, estimates)
            return None if inner is None else not inner
        case Every():
            return _joined([_holds(part, features, estimates) for part in rule.rules], decisive=False)
        case Some():
            return _joined([_holds(part, features, estimates) for part in rule.rules], decisive=True)


def _joined(parts: list[bool | None], *, decisive: bool) -> bool | None:
    if decisive in parts:
        return decisive
    return None if None in parts else not decisive


def _condition_holds(condition: Condition, features: Features, estimates: Estimates) -> bool | None:
    value, expected = _known(features.get(condition.feature)), condition.value
    if condition.op == "exists":
        return (value is not None) == expected
    if value is None and condition.feature in estimates:
        value = estimates[condition.feature].value
    if value is None:
        return None
    candidates = expected if isinstance(expected, tuple) else (expected,)
    if _family(value) is not _family(candidates[0]):
        return None
    if condition.op in ORDERINGS:
        return _ordered(float(value), condition.op, float(candidates[0]))
    return (value in candidates) == (condition.op != "!=")


def _ordered(value: float, op: str, limit: float) -> bool:
    match op:
        case ">=":
            return value >= limit
        case "<=":
            return value <= limit
        case ">":
            return value > limit
        case _:
            return value < limit


def _outcome(condition: Condition, holds: bool | None, features: Features, estimates: Estimates) -> Outcome:
    value = _known(features.get(condition.feature))
    estimate = estimates.get(condition.feature) if value is None and condition.op != "exists" else None
    return Outcome(
        path=condition.path,
        feature=condition.feature,
        op=condition.op,
        expected=condition.value,
        value=estimate.value if estimate else value,
        holds=holds is True,
        estimate=estimate,
    )


def _contributions(score: Score | None, features: Features, estimates: Estimates) -> tuple[Contribution, ...]:
    if score is None:
        return ()
    whole = math.fsum(abs(term.weight) for term in score.terms)
    return tuple(_contribution(term, features, estimates, whole) for term in score.terms)


def _total(contributions: tuple[Contribution, ...]) -> float:
    return min(round(math.fsum(part.points for part in contributions), DECIMALS), HIGHEST_SCORE)


def _contribution(term: Term, features: Features, estimates: Estimates, whole: float) -> Contribution:
    value = _known(features.get(term.feature))
    estimate = estimates.get(term.feature) if value is None else None
    value = estimate.value if estimate else value
    if value is None or isinstance(value, str):
        return Contribution(feature=term.feature, value=None, weight=term.weight, points=0.0, missing=True)
    share = _share(term, float(value))
    earned = share if term.weight > 0 else 1 - share
    points = HIGHEST_SCORE * abs(term.weight) / whole * earned
    return Contribution(
        feature=term.feature,
        value=value,
        weight=term.weight,
        points=points,
        missing=estimate is not None,
        estimate=estimate,
    )


def _share(term: Term, value: float) -> float:
    """Where the value stands between low (0) and high (1); on the log curve early steps count more than late ones."""
    reached, span = min(max(value, term.low), term.high) - term.low, term.high - term.low
    return math.log1p(reached) / math.log1p(span) if term.curve == LOG else reached / span


def _known(value: Value | None) -> Value | None:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _family(value: Value) -> type:
    """Numbers are compared with numbers, booleans with booleans, texts with texts."""
    return bool if isinstance(value, bool) else str if isinstance(value, str) else float
