"""Wording: conditions, rules and scores as people would say them, for screens and for the people they are about."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from segments.features.missing import SUFFIX
from segments.features.registry import FEATURES, INDICATORS, USABLE
from segments.imputation.methods import CONSTANT, MEAN, MEDIAN, MOST_FREQUENT
from segments.rules.definition import LOG, Condition, Definition, Every, Negation, Rule, Some, Term

OPERATORS = {"==": "is", "!=": "is not", ">=": "≥", "<=": "≤", ">": ">", "<": "<", "in": "is one of"}
METHODS = {
    CONSTANT: "set by hand",
    MEDIAN: "the median of those who have it",
    MEAN: "the mean of those who have it",
    MOST_FREQUENT: "the most frequent of those who have it",
}
JOINTS: dict[type[Rule], str] = {Every: "All of these hold", Some: "At least one of these holds"}


@dataclass(frozen=True)
class Line:
    """One line of a rule: how deep it stands, whether it only joins what follows, and its words."""

    depth: int
    joint: bool
    text: str


@dataclass(frozen=True)
class Weight:
    """One term of a score in words, and how heavy it weighs in percent of all."""

    name: str
    text: str
    percent: float
    more: bool


def lines_of(rule: Rule, depth: int = 0, prefix: str = "") -> Iterator[Line]:
    """The rule, line by line."""
    match rule:
        case Condition():
            words = in_words({"feature": rule.feature, "op": rule.op, "expected": rule.value})
            yield Line(depth, False, prefix + words)
        case Negation():
            yield from lines_of(rule.rule, depth, "not: ")
        case Every() | Some():
            yield Line(depth, True, prefix + JOINTS[type(rule)])
            for part in rule.rules:
                yield from lines_of(part, depth + 1)


def weights_of(definition: Definition) -> list[Weight]:
    """The terms of the score, the heaviest first."""
    if definition.score is None:
        return []
    whole = sum(abs(term.weight) for term in definition.score.terms)
    ordered = sorted(definition.score.terms, key=lambda term: -abs(term.weight))
    return [_weight(term, whole) for term in ordered]


def _weight(term: Term, whole: float) -> Weight:
    more = term.weight > 0
    best, worst = (term.high, term.low) if more else (term.low, term.high)
    curve = ", early steps count more" if term.curve == LOG else ""
    text = f"{'more' if more else 'less'} is better: none at {worst:g}, full at {best:g}{curve}"
    return Weight(feature_name(term.feature), text, 100 * abs(term.weight) / whole, more)


def in_words(condition: Mapping[str, Any]) -> str:
    """A condition as a person would read it."""
    name, op, expected = feature_name(condition["feature"]), condition["op"], condition.get("expected", True)
    if op == "exists":
        return f"{name} is {'known' if expected else 'not known'}"
    if condition["feature"] in INDICATORS:
        is_missing = expected == (op == "==")
        of = feature_name(condition["feature"].removesuffix(SUFFIX))
        return f"{of} is {'not known' if is_missing else 'known'}"
    return f"{name} {OPERATORS[op]} {_listed(condition['feature'], expected)}"


def feature_name(slug: str) -> str:
    """What people call the feature."""
    return USABLE[slug].name if slug in USABLE else slug.replace("_", " ")


def origin_of(part: Mapping[str, Any]) -> str:
    """Where an estimated value of a reason comes from; empty for a fact about the person."""
    estimated = part.get("estimated")
    return f"estimated: {METHODS.get(estimated['method'], estimated['method'])}" if estimated else ""


def _listed(feature: str, value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else with_unit(feature, value)


def with_unit(feature: str, value: Any) -> str:
    """A feature's value as people would say it."""
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    unit = FEATURES[feature].unit if feature in FEATURES else ""
    unit = "" if unit == "amount" else unit
    number = f"{value:,.2f}".rstrip("0").rstrip(".") if isinstance(value, int | float) else str(value)
    return f"{number} {unit.removesuffix('s') if number == '1' else unit}".strip()
