"""Estimates: compared and scored as if they were values, told as what they are, and never taken for knowledge."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from segments.rules.definition import Estimate
from segments.rules.evaluate import Contribution, Outcome, evaluate, is_member
from segments.rules.explain import explain
from segments.rules.parse import parse
from tests.segments.rules.strategies import FEATURES, definitions, features, numbers, texts

TWELVE = Estimate(12, "median", 3)
estimates = st.fixed_dictionaries(
    {},
    optional={
        "visits": st.builds(Estimate, numbers, st.just("median"), st.just(1)),
        "member": st.builds(Estimate, st.booleans(), st.just("most_frequent"), st.just(2)),
        "country": st.builds(Estimate, texts, st.just("constant"), st.just(3)),
    },
)


def test_an_estimate_is_told_with_its_method_and_version() -> None:
    rule = {"feature": "visits", "op": ">=", "value": 10}
    score = {"terms": [{"feature": "visits", "weight": 1, "low": 0, "high": 24}]}
    result = evaluate(parse({"rule": rule, "score": score}, features=FEATURES), {}, {"visits": TWELVE})
    assert result.member
    assert result.conditions == (Outcome("$.rule", "visits", ">=", 10, 12, True, TWELVE),)
    assert result.contributions == (Contribution("visits", 12, 1, 50.0, missing=True, estimate=TWELVE),)
    told = explain(result)
    assert told["conditions"][0]["estimated"] == told["contributions"][0]["estimated"]
    assert told["conditions"][0]["estimated"] == {"method": "median", "version": 3}


def test_what_is_known_is_told_without() -> None:
    rule = {"feature": "visits", "op": ">=", "value": 10}
    result = evaluate(parse({"rule": rule}, features=FEATURES), {"visits": 11}, {"visits": TWELVE})
    assert result.conditions == (Outcome("$.rule", "visits", ">=", 10, 11, True),)
    assert "estimated" not in explain(result)["conditions"][0]


def test_an_estimate_exists_for_nobody() -> None:
    rule = {"feature": "visits", "op": "exists", "value": False}
    result = evaluate(parse({"rule": rule}, features=FEATURES), {}, {"visits": TWELVE})
    assert result.conditions == (Outcome("$.rule", "visits", "exists", False, None, True),)


def test_a_value_that_is_no_number_is_estimated_as_well() -> None:
    rule = {"feature": "visits", "op": "==", "value": 12}
    assert is_member(parse({"rule": rule}, features=FEATURES), {"visits": float("nan")}, {"visits": TWELVE})


@given(definitions, features, estimates)
def test_an_estimate_weighs_what_a_value_would(
    definition: dict[str, Any], known: dict[str, Any], taken: dict[str, Estimate]
) -> None:
    if '"exists"' in str(definition).replace("'", '"'):
        return
    parsed = parse(definition, features=FEATURES)
    numbers_only = {slug: value for slug, value in known.items() if value is not None and value == value}
    filled = {**{slug: one.value for slug, one in taken.items()}, **numbers_only}
    estimated, outright = evaluate(parsed, known, taken), evaluate(parsed, filled)
    assert (estimated.member, estimated.rule_holds, estimated.score) == (
        outright.member,
        outright.rule_holds,
        outright.score,
    )
    assert is_member(parsed, known, taken) == estimated.member


@given(definitions, features, estimates)
def test_what_is_known_needs_no_estimate(
    definition: dict[str, Any], known: dict[str, Any], taken: dict[str, Estimate]
) -> None:
    parsed = parse(definition, features=FEATURES)
    result = evaluate(parsed, known, taken)
    told = [(one.feature, one.estimate) for one in (*result.conditions, *result.contributions) if one.estimate]
    for feature, estimate in told:
        value = known.get(feature)
        assert value is None or value != value
        assert estimate == taken[feature]
