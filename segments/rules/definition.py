"""What a segment is made of: a rule over features and, optionally, a weighted score."""

from collections.abc import Iterator
from dataclasses import dataclass

Value = bool | int | float | str

NUMBER, TEXT, BOOLEAN = "number", "text", "boolean"
EQUALITY = ("==", "!=")
ORDERINGS = (">=", "<=", ">", "<")
OPERATORS = {
    NUMBER: (*ORDERINGS, *EQUALITY, "in", "exists"),
    TEXT: (*EQUALITY, "in", "exists"),
    BOOLEAN: (*EQUALITY, "exists"),
}
LINEAR, LOG = "linear", "log"
CURVES = (LINEAR, LOG)
HIGHEST_SCORE = 100.0


@dataclass(frozen=True)
class FeatureType:
    """What a rule must know of a feature: number, text or boolean, and a text's only values where they are few."""

    type: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Estimate:
    """A value that is not known of the person was taken to be this, by this method, in this version of the policy."""

    value: Value
    method: str
    version: int


@dataclass(frozen=True)
class Condition:
    """One feature compared with one value, or with several for `in`; `path` is where it stands in the definition."""

    feature: str
    op: str
    value: Value | tuple[Value, ...]
    path: str


@dataclass(frozen=True)
class Every:
    """Holds when all of its rules hold."""

    rules: tuple["Rule", ...]


@dataclass(frozen=True)
class Some:
    """Holds when at least one of its rules holds."""

    rules: tuple["Rule", ...]


@dataclass(frozen=True)
class Negation:
    """Holds when its rule is known not to hold."""

    rule: "Rule"


Rule = Condition | Every | Some | Negation


@dataclass(frozen=True)
class Term:
    """One feature's part in a score: nothing at `low`, all at `high`; the other way round for a weight below 0."""

    feature: str
    weight: float
    low: float
    high: float
    curve: str = LINEAR


@dataclass(frozen=True)
class Score:
    """A weighted sum of features, scaled to 0..100, and the least that a member needs."""

    terms: tuple[Term, ...]
    threshold: float = 0.0


@dataclass(frozen=True)
class Definition:
    """A member is whoever the rule holds for and whose score, if there is one, reaches its threshold."""

    rule: Rule
    score: Score | None = None

    @property
    def features(self) -> frozenset[str]:
        """The slugs of all features that this definition reads."""
        scored = (term.feature for term in self.score.terms) if self.score else ()
        return frozenset((*(condition.feature for condition in conditions(self.rule)), *scored))


def conditions(rule: Rule) -> Iterator[Condition]:
    """The conditions of a rule, in the order in which they are written."""
    match rule:
        case Condition():
            yield rule
        case Negation():
            yield from conditions(rule.rule)
        case Every() | Some():
            for part in rule.rules:
                yield from conditions(part)
