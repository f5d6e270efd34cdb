"""Parsing names the path, what is wrong, and what is allowed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segments.rules.definition import (
    BOOLEAN,
    NUMBER,
    TEXT,
    Condition,
    Definition,
    Every,
    FeatureType,
    Negation,
    Score,
    Term,
)
from segments.rules.parse import InvalidDefinition, parse
from tests.segments.rules.strategies import FEATURES, definitions

KNOWN = {
    "orders": FeatureType(NUMBER),
    "country": FeatureType(TEXT),
    "band": FeatureType(TEXT, options=("18-24", "65+")),
    "owner": FeatureType(BOOLEAN),
}
ORDERS = {"feature": "orders", "op": ">=", "value": 3}
TERM = {"feature": "orders", "weight": 2, "low": 0, "high": 5}


def problems(definition: object) -> list[str]:
    """What is wrong with the definition, a line each."""
    with pytest.raises(InvalidDefinition) as caught:
        parse(definition, features=KNOWN)
    return [str(problem) for problem in caught.value.problems]


def rule(**changes: Any) -> dict[str, Any]:
    """A definition whose only condition has these members changed."""
    return {"rule": {**ORDERS, **changes}}


def score(**changes: Any) -> dict[str, Any]:
    """A definition whose only term has these members changed."""
    return {"rule": ORDERS, "score": {"terms": [{**TERM, **changes}]}}


def test_a_whole_definition() -> None:
    definition = {
        "rule": {"all": [ORDERS, {"not": {"feature": "country", "op": "in", "value": ["DE", "AT"]}}]},
        "score": {"terms": [{**TERM, "curve": "log"}], "threshold": 60},
    }
    assert parse(definition, features=KNOWN) == Definition(
        rule=Every(
            (
                Condition("orders", ">=", 3, "$.rule.all[0]"),
                Negation(Condition("country", "in", ("DE", "AT"), "$.rule.all[1].not")),
            )
        ),
        score=Score((Term("orders", 2, 0, 5, "log"),), 60),
    )


def test_the_features_that_it_reads() -> None:
    definition = {"rule": {"any": [ORDERS, {"feature": "owner", "op": "exists"}]}, "score": score()["score"]}
    assert parse(definition, features=KNOWN).features == {"orders", "owner"}


def test_exists_needs_no_value() -> None:
    assert parse({"rule": {"feature": "owner", "op": "exists"}}, features=KNOWN).rule == Condition(
        "owner", "exists", True, "$.rule"
    )


@pytest.mark.parametrize(
    ("definition", "problem"),
    [
        ([], "$: is a list; allowed: an object with rule, score"),
        ({}, "$.rule: is missing; allowed: an object here has rule, score"),
        ({"rule": ORDERS, "scor": 1}, "$.scor: is not known; allowed: an object here has rule, score"),
        ({"rule": None}, "$.rule: is null; allowed: an object with exactly one of all, any, not, feature"),
        ({"rule": {}}, "$.rule: has none of them; allowed: an object with exactly one of all, any, not, feature"),
        (
            {"rule": {"all": [ORDERS], "any": [ORDERS]}},
            "$.rule: has all and any; allowed: an object with exactly one of all, any, not, feature",
        ),
        ({"rule": {"all": []}}, "$.rule.all: has no members; allowed: a list of 1 to 100 rules"),
        ({"rule": {"all": ORDERS}}, "$.rule.all: is an object; allowed: a list of 1 to 100 rules"),
        (
            rule(feature="order"),
            "$.rule.feature: 'order' is not a known feature; allowed: one of band, country, orders, owner",
        ),
        (rule(feature=7), "$.rule.feature: is a number; allowed: one of band, country, orders, owner"),
        (
            rule(op="=>"),
            "$.rule.op: '=>' is not possible for a number feature; allowed: one of >=, <=, >, <, ==, !=, in, exists",
        ),
        (
            rule(feature="country", value="DE"),
            "$.rule.op: '>=' is not possible for a text feature; allowed: one of ==, !=, in, exists",
        ),
        (rule(value="3"), "$.rule.value: is a text; allowed: a finite number between -1e15 and 1e15"),
        (rule(value=True), "$.rule.value: is true or false; allowed: a finite number between -1e15 and 1e15"),
        (
            rule(value=float("nan")),
            "$.rule.value: is not a number (NaN); allowed: a finite number between -1e15 and 1e15",
        ),
        (rule(value=float("inf")), "$.rule.value: is out of range; allowed: a finite number between -1e15 and 1e15"),
        (rule(value=10**400), "$.rule.value: is out of range; allowed: a finite number between -1e15 and 1e15"),
        (rule(feature="owner", op="==", value=1), "$.rule.value: is a number; allowed: true or false"),
        (
            rule(feature="country", op="==", value=""),
            "$.rule.value: has 0 characters; allowed: a text of 1 to 200 characters",
        ),
        (
            rule(feature="band", op="==", value="25-34"),
            "$.rule.value: '25-34' is not possible for this feature; allowed: one of 18-24, 65+",
        ),
        (rule(op="in", value=[]), "$.rule.value: has no members; allowed: a list of 1 to 500 number values"),
        (rule(op="in", value=[1, "2"]), "$.rule.value[1]: is a text; allowed: a finite number between -1e15 and 1e15"),
        (rule(values=3), "$.rule.values: is not known; allowed: an object here has feature, op, value"),
        (
            {"rule": {"feature": "orders", "op": "<"}},
            "$.rule.value: is missing; allowed: an object here has feature, op, value",
        ),
        ({"rule": ORDERS, "score": {}}, "$.score.terms: is missing; allowed: an object here has terms, threshold"),
        ({"rule": ORDERS, "score": {"terms": []}}, "$.score.terms: has no members; allowed: a list of 1 to 50 terms"),
        (score(weight=0), "$.score.terms[0].weight: is 0; allowed: a number above or below 0"),
        (score(high=0), "$.score.terms[0].high: is 0, not above low; allowed: a number above 0"),
        (
            score(curve="cubic"),
            "$.score.terms[0].curve: 'cubic' is not possible for a term; allowed: one of linear, log",
        ),
        (
            score(feature="country"),
            "$.score.terms[0].feature: 'country' is a text feature; allowed: a number or boolean feature",
        ),
        (
            {"rule": ORDERS, "score": {"terms": [TERM], "threshold": 101}},
            "$.score.threshold: is 101; allowed: a number from 0 to 100",
        ),
    ],
)
def test_what_is_wrong_is_named(definition: object, problem: str) -> None:
    assert problems(definition) == [problem]


def test_all_problems_are_named_at_once() -> None:
    definition = {"rule": {"all": [{**ORDERS, "value": "x"}, {"any": []}]}, "score": {"terms": [{**TERM, "low": None}]}}
    assert problems(definition) == [
        "$.rule.all[0].value: is a text; allowed: a finite number between -1e15 and 1e15",
        "$.rule.all[1].any: has no members; allowed: a list of 1 to 100 rules",
        "$.score.terms[0].low: is null; allowed: a finite number between -1e15 and 1e15",
    ]


def test_nesting_ends() -> None:
    nested: dict[str, Any] = ORDERS
    for _ in range(2_000):
        nested = {"not": nested}
    assert problems({"rule": nested}) == ["$.rule" + ".not" * 8 + ": is nested 9 deep; allowed: at most 8 levels"]


def test_conditions_are_counted_over_the_whole_rule() -> None:
    half = {"any": [ORDERS] * 60}
    assert problems({"rule": {"all": [half, half]}}) == [
        "$.rule.all[1].any[40]: is condition number 101; allowed: at most 100 conditions"
    ]


def test_a_problem_does_not_repeat_a_long_value() -> None:
    assert len(problems(rule(feature="x" * 100_000))[0]) < 200


@given(definitions)
def test_what_is_well_formed_is_parsed(definition: dict[str, Any]) -> None:
    assert parse(definition, features=FEATURES).rule


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["rule", "all", "any", "not", "feature", "op", "value", "score", "terms", "weight", "threshold"]
            ),
            inner,
            max_size=4,
        )
    ),
)


@given(json_values)
def test_any_json_is_parsed_or_its_problems_are_named(definition: object) -> None:
    problems, named = [], True
    try:
        parse(definition, features=FEATURES)
    except InvalidDefinition as error:
        problems = list(error.problems)
        named = bool(problems)
    assert [problem for problem in problems if not problem.path.startswith("$") or not problem.allowed] == []
    assert named
