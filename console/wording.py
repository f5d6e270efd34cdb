"""Wording: a segment's definition as people would say it, and as lines that a screen can indent."""

from collections.abc import Iterator
from dataclasses import dataclass

from console.profile.belonging import feature_name, in_words
from segments.rules.definition import LOG, Condition, Definition, Every, Negation, Rule, Some, Term

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
