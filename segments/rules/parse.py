"""Parsing: from the JSON of a definition to its values, or to a list of everything that is wrong with it.

{"rule": {"all": [{"feature": "recency_days", "op": "<=", "value": 90},
                  {"not": {"feature": "country", "op": "in", "value": ["DE", "AT"]}}]},
 "score": {"terms": [{"feature": "orders_90d", "weight": 2, "low": 0, "high": 5, "curve": "log"}], "threshold": 60}}
"""

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from segments.rules.definition import (
    BOOLEAN,
    CURVES,
    HIGHEST_SCORE,
    LINEAR,
    NUMBER,
    OPERATORS,
    TEXT,
    Condition,
    Definition,
    Every,
    FeatureType,
    Negation,
    Rule,
    Score,
    Some,
    Term,
    Value,
)

DEEPEST = 8
MOST_CONDITIONS = 100
MOST_TERMS = 50
MOST_VALUES = 500
LONGEST_TEXT = 200
LARGEST_NUMBER = 1e15
# No JSON in the database holds these.
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
NODES = ("all", "any", "not", "feature")
NUMBER_ALLOWED = "a finite number between -1e15 and 1e15"


@dataclass(frozen=True)
class Problem:
    """What is wrong at one place of a definition, and what is allowed there."""

    path: str
    problem: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}; allowed: {self.allowed}"


class InvalidDefinition(ValueError):
    """The definition cannot be used; `problems` names each place, what is wrong, and what is allowed."""

    def __init__(self, problems: Collection[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


def parse(definition: object, *, features: Mapping[str, FeatureType]) -> Definition:
    """The definition as values. `features` maps every known slug to its type.

    Raises `InvalidDefinition` with all problems found, not the first alone.
    """
    reading = _Reading(features)
    parsed = reading.definition(definition)
    if reading.problems or parsed is None:
        raise InvalidDefinition(reading.problems)
    return parsed


def parse_value(given: object, *, kind: FeatureType, path: str) -> Value:
    """A value as a feature of this type may have it. Raises `InvalidDefinition`."""
    reading = _Reading({})
    value = reading.value(given, path, kind=kind)
    if value is None:
        raise InvalidDefinition(reading.problems)
    return value


class _Reading:
    """One pass over one definition; what is wrong is collected, and what cannot be read is None."""

    def __init__(self, features: Mapping[str, FeatureType]) -> None:
        self.features = features
        self.problems: list[Problem] = []
        self.conditions = 0

    def definition(self, given: object) -> Definition | None:
        fields = self.object(given, "$", required=("rule",), optional=("score",))
        if fields is None:
            return None
        rule = self.rule(fields["rule"], "$.rule", depth=1) if "rule" in fields else None
        score = self.score(fields["score"], "$.score") if "score" in fields else None
        return Definition(rule=rule, score=score) if rule else None

    def rule(self, given: object, path: str, *, depth: int) -> Rule | None:
        one_of = f"an object with exactly one of {', '.join(NODES)}"
        if not isinstance(given, dict):
            self.wrong(path, f"is {_named(given)}", one_of)
            return None
        nodes = [node for node in NODES if node in given]
        if len(nodes) != 1:
            self.wrong(path, f"has {' and '.join(nodes) or 'none of them'}", one_of)
            return None
        if depth > DEEPEST:
            self.wrong(path, f"is nested {depth} deep", f"at most {DEEPEST} levels")
            return None
        if nodes == ["feature"]:
            return self.condition(given, path)
        return self.group(given, path, node=nodes[0], depth=depth)

    def group(self, given: dict[str, Any], path: str, *, node: str, depth: int) -> Rule | None:
        self.object(given, path, required=(node,))
        inner = f"{path}.{node}"
        if node == "not":
            negated = self.rule(given["not"], inner, depth=depth + 1)
            return Negation(negated) if negated else None
        items = self.items(given[node], inner, of="rules", most=MOST_CONDITIONS)
        rules = [self.rule(item, f"{inner}[{place}]", depth=depth + 1) for place, item in enumerate(items)]
        readable = tuple(rule for rule in rules if rule)
        return Every(readable) if node == "all" else Some(readable)

    def condition(self, given: dict[str, Any], path: str) -> Condition | None:
        self.conditions += 1
        if self.conditions == MOST_CONDITIONS + 1:
            self.wrong(path, f"is condition number {self.conditions}", f"at most {MOST_CONDITIONS} conditions")
            return None
        exists = given.get("op") == "exists"
        needed = ("feature", "op") if exists else ("feature", "op", "value")
        fields = self.object(given, path, required=needed, optional=("value",) if exists else ())
        if fields is None or not set(needed) <= set(fields):
            return None
        kind = self.feature(fields["feature"], f"{path}.feature")
        if kind is None:
            return None
        op = self.choice(fields["op"], f"{path}.op", among=OPERATORS[kind.type], of=f"a {kind.type} feature")
        if op is None:
            return None
        value = self.comparand(fields.get("value", True), f"{path}.value", kind=kind, op=op)
        return None if value is None else Condition(feature=fields["feature"], op=op, value=value, path=path)

    def comparand(self, given: object, path: str, *, kind: FeatureType, op: str) -> Value | tuple[Value, ...] | None:
        if op == "exists":
            return self.boolean(given, path)
        if op != "in":
            return self.value(given, path, kind=kind)
        items = self.items(given, path, of=f"{kind.type} values", most=MOST_VALUES)
        values = [self.value(item, f"{path}[{place}]", kind=kind) for place, item in enumerate(items)]
        return tuple(value for value in values if value is not None) or None

    def score(self, given: object, path: str) -> Score | None:
        fields = self.object(given, path, required=("terms",), optional=("threshold",))
        if fields is None or "terms" not in fields:
            return None
        items = self.items(fields["terms"], f"{path}.terms", of="terms", most=MOST_TERMS)
        terms = [self.term(item, f"{path}.terms[{place}]") for place, item in enumerate(items)]
        threshold = self.number(fields.get("threshold", 0), f"{path}.threshold")
        if threshold is not None and not 0 <= threshold <= HIGHEST_SCORE:
            self.wrong(f"{path}.threshold", f"is {threshold:g}", "a number from 0 to 100")
        return Score(terms=tuple(term for term in terms if term), threshold=threshold or 0.0)

    def term(self, given: object, path: str) -> Term | None:
        needed = ("feature", "weight", "low", "high")
        fields = self.object(given, path, required=needed, optional=("curve",))
        if fields is None or not set(needed) <= set(fields):
            return None
        kind = self.feature(fields["feature"], f"{path}.feature")
        if kind and kind.type == TEXT:
            self.wrong(f"{path}.feature", f"'{fields['feature']}' is a text feature", "a number or boolean feature")
        weight, low, high = (self.number(fields[name], f"{path}.{name}") for name in needed[1:])
        curve = self.choice(fields.get("curve", LINEAR), f"{path}.curve", among=CURVES, of="a term")
        if weight == 0:
            self.wrong(f"{path}.weight", "is 0", "a number above or below 0")
        if low is not None and high is not None and not low < high:
            self.wrong(f"{path}.high", f"is {high:g}, not above low", f"a number above {low:g}")
        if weight is None or low is None or high is None or curve is None:
            return None
        return Term(feature=fields["feature"], weight=weight, low=low, high=high, curve=curve)

    def feature(self, given: object, path: str) -> FeatureType | None:
        """The type of the feature of that slug."""
        if isinstance(given, str) and given in self.features:
            return self.features[given]
        problem = f"'{_short(given)}' is not a known feature" if isinstance(given, str) else f"is {_named(given)}"
        self.wrong(path, problem, f"one of {', '.join(sorted(self.features))}")
        return None

    def value(self, given: object, path: str, *, kind: FeatureType) -> Value | None:
        if kind.type == NUMBER:
            return self.number(given, path)
        if kind.type == BOOLEAN:
            return self.boolean(given, path)
        if kind.options:
            return self.choice(given, path, among=kind.options, of="this feature")
        return self.text(given, path)

    def number(self, given: object, path: str) -> int | float | None:
        if isinstance(given, bool) or not isinstance(given, int | float):
            self.wrong(path, f"is {_named(given)}", NUMBER_ALLOWED)
            return None
        if not -LARGEST_NUMBER <= given <= LARGEST_NUMBER:
            nan = isinstance(given, float) and math.isnan(given)
            self.wrong(path, "is not a number (NaN)" if nan else "is out of range", NUMBER_ALLOWED)
            return None
        return given

    def text(self, given: object, path: str) -> str | None:
        if isinstance(given, str) and UNSTORABLE.search(given):
            self.wrong(path, "holds a zero byte or half a character", f"a text of 1 to {LONGEST_TEXT} characters")
            return None
        if isinstance(given, str) and 0 < len(given) <= LONGEST_TEXT:
            return given
        problem = f"has {len(given)} characters" if isinstance(given, str) else f"is {_named(given)}"
        self.wrong(path, problem, f"a text of 1 to {LONGEST_TEXT} characters")
        return None

    def boolean(self, given: object, path: str) -> bool | None:
        if isinstance(given, bool):
            return given
        self.wrong(path, f"is {_named(given)}", "true or false")
        return None

    def choice(self, given: object, path: str, *, among: Collection[str], of: str) -> str | None:
        if isinstance(given, str) and given in among:
            return given
        problem = f"'{_short(given)}' is not possible for {of}" if isinstance(given, str) else f"is {_named(given)}"
        self.wrong(path, problem, f"one of {', '.join(among)}")
        return None

    def items(self, given: object, path: str, *, of: str, most: int) -> list[object]:
        """The members of a list, which may not be empty; an empty list when it cannot be read."""
        if isinstance(given, list) and 0 < len(given) <= most:
            return given
        problem = f"has {len(given) or 'no'} members" if isinstance(given, list) else f"is {_named(given)}"
        self.wrong(path, problem, f"a list of 1 to {most} {of}")
        return []

    def object(
        self, given: object, path: str, *, required: Collection[str], optional: Collection[str] = ()
    ) -> dict[str, Any] | None:
        """The object as it is, with a problem for each member that is missing or unknown; None when it is no object."""
        allowed = (*required, *optional)
        if not isinstance(given, dict):
            self.wrong(path, f"is {_named(given)}", f"an object with {', '.join(allowed)}")
            return None
        for name in (name for name in required if name not in given):
            self.wrong(f"{path}.{name}", "is missing", f"an object here has {', '.join(allowed)}")
        for name in (name for name in given if name not in allowed):
            self.wrong(f"{path}.{_short(name)}", "is not known", f"an object here has {', '.join(allowed)}")
        return given

    def wrong(self, path: str, problem: str, allowed: str) -> None:
        self.problems.append(Problem(path=path, problem=problem, allowed=allowed))


def _named(given: object) -> str:
    """What JSON calls a value of this type."""
    match given:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "an object"


def _short(given: object) -> str:
    return str(given)[:60]
