"""Hypothesis strategies: features of a made-up person, and definitions over them."""

from typing import Any

from hypothesis import strategies as st

from segments.rules.definition import BOOLEAN, NUMBER, TEXT, FeatureType

FEATURES = {
    "visits": FeatureType(NUMBER),
    "spent": FeatureType(NUMBER),
    "member": FeatureType(BOOLEAN),
    "country": FeatureType(TEXT),
    "band": FeatureType(TEXT, options=("young", "old")),
}

numbers = st.integers(-1_000, 1_000) | st.floats(-1e6, 1e6, allow_nan=False)
texts = st.sampled_from(["DE", "FR", "young", "old"])
features: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "visits": numbers | st.just(float("nan")) | st.none(),
        "spent": numbers,
        "member": st.booleans(),
        "country": texts,
        "band": texts,
    },
)


def _condition(feature: str, ops: list[str], values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"feature": st.just(feature), "op": st.sampled_from(ops), "value": values})


conditions = st.one_of(
    _condition("visits", [">=", "<=", ">", "<", "==", "!="], numbers),
    _condition("spent", [">=", "<=", ">", "<", "==", "!="], numbers),
    _condition("visits", ["in"], st.lists(numbers, min_size=1, max_size=3)),
    _condition("member", ["==", "!=", "exists"], st.booleans()),
    _condition("country", ["==", "!="], texts),
    _condition("country", ["in"], st.lists(texts, min_size=1, max_size=3)),
    _condition("band", ["==", "!="], st.sampled_from(["young", "old"])),
)
rules: st.SearchStrategy[dict[str, Any]] = st.recursive(
    conditions,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=6,
).filter(lambda rule: _depth(rule) <= 6)

weights = st.floats(-100, 100, allow_nan=False).filter(lambda weight: abs(weight) > 1e-6)


@st.composite
def terms(draw: st.DrawFn, among: tuple[str, ...] = ("visits", "spent", "member")) -> dict[str, Any]:
    """One term of a score."""
    low = draw(st.floats(-1_000, 1_000))
    return {
        "feature": draw(st.sampled_from(among)),
        "weight": draw(weights),
        "low": low,
        "high": low + draw(st.floats(0.001, 1_000)),
        "curve": draw(st.sampled_from(["linear", "log"])),
    }


scores = st.fixed_dictionaries(
    {"terms": st.lists(terms(), min_size=1, max_size=5), "threshold": st.floats(0, 100)},
)
definitions = st.fixed_dictionaries({"rule": rules}, optional={"score": scores})


def _depth(rule: dict[str, Any]) -> int:
    inner = rule.get("all") or rule.get("any") or ([rule["not"]] if "not" in rule else [])
    return 1 + max(map(_depth, inner), default=0)
