"""Evaluation: exact values first, then what must hold for every definition and every person."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segments.rules.evaluate import Contribution, Outcome, Result, evaluate, is_member
from segments.rules.explain import explain, why_not
from segments.rules.parse import parse
from tests.segments.rules.strategies import FEATURES, definitions, features, rules, terms

ALICE = {"visits": 12, "spent": 250.0, "member": True, "country": "DE"}


def judge(definition: dict[str, Any], known: dict[str, Any]) -> Result:
    """The definition's result over these features."""
    return evaluate(parse(definition, features=FEATURES), known)


def when(feature: str, op: str, value: object) -> dict[str, Any]:
    """One condition."""
    return {"feature": feature, "op": op, "value": value}


def scored(*terms_: dict[str, Any], threshold: float = 0) -> dict[str, Any]:
    """A definition whose rule holds for everyone whose country is known or not."""
    exists = {"any": [when("country", "exists", True), when("country", "exists", False)]}
    return {"rule": exists, "score": {"terms": list(terms_), "threshold": threshold}}


def term(feature: str, weight: float, low: float, high: float, curve: str = "linear") -> dict[str, Any]:
    """One term."""
    return {"feature": feature, "weight": weight, "low": low, "high": high, "curve": curve}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (when("visits", ">=", 12), True),
        (when("visits", ">", 12), False),
        (when("visits", "<=", 12), True),
        (when("visits", "<", 12), False),
        (when("visits", "==", 12.0), True),
        (when("visits", "!=", 12), False),
        (when("visits", "in", [1, 12]), True),
        (when("member", "==", True), True),
        (when("member", "!=", True), False),
        (when("country", "==", "DE"), True),
        (when("country", "in", ["FR", "AT"]), False),
        (when("country", "exists", True), True),
        (when("band", "exists", True), False),
        (when("band", "exists", False), True),
    ],
)
def test_one_condition(condition: dict[str, Any], holds: bool) -> None:
    assert judge({"rule": condition}, ALICE).member is holds


@pytest.mark.parametrize("op", ["==", "!="])
@pytest.mark.parametrize("negated", [True, False])
def test_nobody_becomes_a_member_by_what_is_not_known(op: str, negated: bool) -> None:
    condition = when("band", op, "old")
    assert not judge({"rule": {"not": condition} if negated else condition}, ALICE).member


def test_a_missing_value_leaves_the_rest_to_decide() -> None:
    rule = {"any": [when("band", "==", "old"), when("visits", ">=", 10)]}
    assert judge({"rule": rule}, ALICE).member
    assert not judge({"rule": {"not": rule}}, ALICE).member


@pytest.mark.parametrize(("node", "visits"), [("all", 10), ("any", 20)])
@pytest.mark.parametrize("negated", [True, False])
def test_a_missing_value_that_decides_lets_nobody_in(node: str, visits: int, negated: bool) -> None:
    rule = {node: [when("visits", ">=", visits), when("band", "==", "old")]}
    assert not judge({"rule": {"not": rule} if negated else rule}, ALICE).member


def test_a_value_of_another_type_counts_as_missing() -> None:
    assert not judge({"rule": when("visits", ">=", 0)}, {"visits": "12"}).member
    assert not judge({"rule": {"not": when("visits", ">=", 0)}}, {"visits": True}).member


def test_the_score_is_the_weighted_mean_of_shares() -> None:
    result = judge(scored(term("visits", 3, 0, 24), term("spent", 1, 0, 1000)), ALICE)
    assert result.score == 43.75
    assert result.contributions == (
        Contribution("visits", 12, 3, 37.5, missing=False),
        Contribution("spent", 250.0, 1, 6.25, missing=False),
    )


@pytest.mark.parametrize(("visits", "score"), [(0, 100.0), (5, 50.0), (10, 0.0), (99, 0.0), (-1, 100.0)])
def test_with_a_negative_weight_less_is_better(visits: int, score: float) -> None:
    assert judge(scored(term("visits", -2, 0, 10)), {"visits": visits}).score == score


def test_a_missing_value_earns_nothing_whatever_the_sign() -> None:
    result = judge(scored(term("visits", 1, 0, 10), term("spent", -1, 0, 10)), {})
    assert result.score == 0.0
    assert [part.missing for part in result.contributions] == [True, True]


def test_on_the_log_curve_early_steps_count_more() -> None:
    score = judge(scored(term("visits", 1, 0, 99, "log")), {"visits": 9}).score
    assert score == 50.0


def test_a_boolean_term() -> None:
    assert judge(scored(term("member", 1, 0, 1)), ALICE).score == 100.0


@pytest.mark.parametrize(("threshold", "member"), [(50, True), (50.0001, False)])
def test_a_member_reaches_the_threshold(threshold: float, member: bool) -> None:
    result = judge(scored(term("visits", 1, 0, 24), threshold=threshold), ALICE)
    assert (result.member, result.rule_holds) == (member, True)
    assert why_not(result) == ("" if member else "score: below the threshold")


def test_the_rule_must_hold_whatever_the_score() -> None:
    definition = scored(term("visits", 1, 0, 1)) | {"rule": when("country", "==", "FR")}
    result = judge(definition, ALICE)
    assert (result.member, result.score, why_not(result)) == (False, 100.0, "rule: no longer holds")


def test_the_explanation_names_every_condition_and_term() -> None:
    rule = {"all": [when("visits", ">=", 10), when("country", "in", ["DE"])]}
    definition = {"rule": rule, "score": {"terms": [term("spent", 3, 0, 750)], "threshold": 30}}
    assert explain(judge(definition, ALICE)) == {
        "score": 33.3333,
        "threshold": 30,
        "contributions": [{"feature": "spent", "value": 250.0, "weight": 3, "points": 33.3333, "missing": False}],
        "conditions": [
            {"path": "$.rule.all[0]", "feature": "visits", "op": ">=", "expected": 10, "value": 12, "holds": True},
            {
                "path": "$.rule.all[1]",
                "feature": "country",
                "op": "in",
                "expected": ["DE"],
                "value": "DE",
                "holds": True,
            },
        ],
    }


def test_an_outcome_of_a_missing_value() -> None:
    outcome = judge({"rule": when("band", "==", "old")}, ALICE).conditions[0]
    assert outcome == Outcome("$.rule", "band", "==", "old", None, holds=False)


@given(definitions, features)
def test_score_and_points_add_up(definition: dict[str, Any], known: dict[str, Any]) -> None:
    result = judge(definition, known)
    if result.score is not None:
        assert 0 <= result.score <= 100
        assert math.isclose(sum(part.points for part in result.contributions), result.score, abs_tol=1e-3)
    assert all(part.points >= 0 for part in result.contributions)


@given(definitions, features)
def test_in_one_word_it_is_the_same(definition: dict[str, Any], known: dict[str, Any]) -> None:
    parsed = parse(definition, features=FEATURES)
    assert is_member(parsed, known) == evaluate(parsed, known).member


@given(definitions, features)
def test_a_member_meets_rule_and_threshold(definition: dict[str, Any], known: dict[str, Any]) -> None:
    result = judge(definition, known)
    reached = result.score is None or result.score >= (result.threshold or 0)
    assert result.member == (result.rule_holds and reached)


@given(rules, features)
def test_a_rule_and_its_negation_never_both_hold(rule: dict[str, Any], known: dict[str, Any]) -> None:
    holds, negated = judge({"rule": rule}, known).member, judge({"rule": {"not": rule}}, known).member
    assert not (holds and negated)


@given(rules, features)
def test_two_negations_are_none(rule: dict[str, Any], known: dict[str, Any]) -> None:
    assert judge({"rule": {"not": {"not": rule}}}, known).member == judge({"rule": rule}, known).member


@given(rules, rules, features)
def test_de_morgan(left: dict[str, Any], right: dict[str, Any], known: dict[str, Any]) -> None:
    one = {"not": {"all": [left, right]}}
    other = {"any": [{"not": left}, {"not": right}]}
    assert judge({"rule": one}, known).member == judge({"rule": other}, known).member


@given(rules, st.randoms(use_true_random=False), features)
def test_the_order_of_rules_does_not_matter(rule: dict[str, Any], random: Any, known: dict[str, Any]) -> None:
    for node in ("all", "any"):
        parts = [rule, when("visits", ">", 0), when("member", "==", True)]
        before = judge({"rule": {node: list(parts)}}, known).member
        random.shuffle(parts)
        assert judge({"rule": {node: parts}}, known).member == before


@given(terms(("visits",)), st.lists(terms(("spent", "member")), max_size=3), st.floats(-1e4, 1e4), st.floats(0, 1e4))
def test_the_score_follows_the_sign_of_the_weight(
    changing: dict[str, Any], others: list[dict[str, Any]], value: float, step: float
) -> None:
    before = judge(scored(changing, *others), {"visits": value, "spent": 1}).score
    after = judge(scored(changing, *others), {"visits": value + step, "spent": 1}).score
    assert before is not None
    assert after is not None
    assert after >= before if changing["weight"] > 0 else after <= before


@given(definitions, features, st.sampled_from(sorted(FEATURES)))
def test_not_knowing_never_raises_the_score(definition: dict[str, Any], known: dict[str, Any], slug: str) -> None:
    less = {name: value for name, value in known.items() if name != slug}
    assert (judge(definition, less).score or 0) <= (judge(definition, known).score or 0)


@given(definitions, features)
def test_the_features_named_are_all_that_matters(definition: dict[str, Any], known: dict[str, Any]) -> None:
    parsed = parse(definition, features=FEATURES)
    named = {slug: value for slug, value in known.items() if slug in parsed.features}
    assert evaluate(parsed, named) == evaluate(parsed, known)
