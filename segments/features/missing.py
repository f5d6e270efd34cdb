"""Missing-indicators: beside each feature a boolean one that says that it is not known of a person."""

from collections.abc import Iterable, Mapping

from segments.features.feature import Feature
from segments.rules.definition import BOOLEAN, Value

SUFFIX = "_is_missing"


def indicators_of(features: Iterable[Feature]) -> dict[str, Feature]:
    """The indicator of each feature, by its own slug."""
    return {
        f"{one.slug}{SUFFIX}": Feature(
            f"{one.slug}{SUFFIX}",
            f"{one.name}: missing",
            f"Whether '{one.name}' is not known. It stays so where a policy estimates the value.",
            BOOLEAN,
        )
        for one in features
    }


def indicated(known: Mapping[str, Value], slugs: Iterable[str]) -> dict[str, Value]:
    """What is known of a profile, with the indicator of each of these features."""
    return {**known, **{f"{slug}{SUFFIX}": slug not in known for slug in slugs}}
