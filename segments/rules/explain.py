"""Explanation: a result as JSON, to be kept with a membership: slugs, numbers and generalized values alone."""

from typing import Any

from segments.rules.definition import Estimate
from segments.rules.evaluate import DECIMALS, Contribution, Outcome, Result


def explain(result: Result) -> dict[str, Any]:
    """The result's score, each term's points, and each condition with whether it holds.

    Where a value is no fact about the person, `estimated` names the method and the version of its policy.
    """
    return {
        "score": result.score,
        "threshold": result.threshold,
        "contributions": [_contribution(part) for part in result.contributions],
        "conditions": [_condition(outcome) for outcome in result.conditions],
    }


def why_not(result: Result) -> str:
    """In a few words, what keeps a profile out: the rule or the score; empty for a member."""
    if result.member:
        return ""
    return "score: below the threshold" if result.rule_holds else "rule: no longer holds"


def _contribution(part: Contribution) -> dict[str, Any]:
    return {
        "feature": part.feature,
        "value": part.value,
        "weight": part.weight,
        "points": round(part.points, DECIMALS),
        "missing": part.missing,
        **_origin(part.estimate),
    }


def _condition(outcome: Outcome) -> dict[str, Any]:
    expected = list(outcome.expected) if isinstance(outcome.expected, tuple) else outcome.expected
    return {
        "path": outcome.path,
        "feature": outcome.feature,
        "op": outcome.op,
        "expected": expected,
        "value": outcome.value,
        "holds": outcome.holds,
        **_origin(outcome.estimate),
    }


def _origin(estimate: Estimate | None) -> dict[str, Any]:
    return {"estimated": {"method": estimate.method, "version": estimate.version}} if estimate else {}
