"""Features as their pages show them: what each is taken to be where it is missing, and how that came about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.actors import names_of
from console.showing import day, moment
from segments.features.feature import Feature
from segments.features.missing import SUFFIX
from segments.features.registry import FEATURES
from segments.imputation.methods import CONSTANT, LEAST, MISSING, OF_TYPE, in_tens
from segments.imputation.policies import Standing
from segments.imputation.survey import Survey
from segments.models import FeatureStatistic, ImputationPolicy
from segments.rules.definition import BOOLEAN
from segments.wording import with_unit

METHODS = {
    "missing": ("Leave it missing", "No condition over it holds, and a score earns nothing by it."),
    "constant": ("A value of your own", "The same for everybody of whom it is not known."),
    "median": ("Median", "Half of those who have it have less, half have more. Single large values do not move it."),
    "mean": ("Mean", "The average of those who have it. A few large values pull it up."),
    "most_frequent": ("Most frequent", "What most of those who have it have."),
}
SHORT = {"constant": "set by hand", "median": "median", "mean": "mean", "most_frequent": "most frequent"}
MOST_STATISTICS = 8


@dataclass(frozen=True)
class Row:
    """One feature in the list."""

    slug: str
    name: str
    description: str
    type: str
    method: str
    value: str
    of: str
    is_short: bool


@dataclass(frozen=True)
class Choice:
    """One method that the feature may have, and what it would give now; empty where that is not counted."""

    method: str
    name: str
    says: str
    gives: str
    is_chosen: bool


@dataclass(frozen=True)
class Held:
    """How many have a feature, of how many, the share in percent, and how many lack it in words; rounded as shown."""

    known: int
    profiles: int
    percent: float
    lacking: str


@dataclass(frozen=True)
class Version:
    """One version of a feature's policy: who set what in place of what, and what was measured for it, latest first."""

    number: int
    before: str
    after: str
    who: str
    when: str
    is_in_force: bool
    measured: list[tuple[str, str, int]]


def rows_of(policies: Mapping[str, Standing]) -> list[Row]:
    """Every feature in its order, with the policy that stands."""
    return [_row(feature, policies.get(slug)) for slug, feature in FEATURES.items()]


def _row(feature: Feature, policy: Standing | None) -> Row:
    is_short = bool(policy and policy.value is None)
    return Row(
        slug=feature.slug,
        name=feature.name,
        description=feature.description,
        type={BOOLEAN: "yes or no"}.get(feature.type, feature.type),
        method=SHORT[policy.method] if policy else "",
        value=with_unit(feature.slug, policy.value) if policy and policy.value is not None else "",
        of=f"of {policy.profiles:,}, {day(policy.measured_at)}" if policy and policy.profiles is not None else "",
        is_short=is_short,
    )


def choices_of(feature: Feature, chosen: str, found: Survey | None) -> list[Choice]:
    """The methods that a feature of this type may have."""
    return [
        Choice(method, *METHODS[method], gives=_gives(feature, method, found), is_chosen=method == chosen)
        for method in OF_TYPE[feature.type]
    ]


def _gives(feature: Feature, method: str, found: Survey | None) -> str:
    if found is None or method in (MISSING, CONSTANT):
        return ""
    value = found.statistic(feature.slug, method)
    return f"now {with_unit(feature.slug, value)}" if value is not None else f"of fewer than {LEAST}: stays missing"


def held_by(known: int, profiles: int) -> Held:
    """How many of these profiles have a feature, in tens: else two counts in a row would tell somebody's value."""
    shown, of = in_tens(known), in_tens(profiles)
    return Held(shown, of, 100 * shown / of if of else 0, _lacking(profiles - known, profiles))


def _lacking(lacking: int, profiles: int) -> str:
    if not lacking:
        return "nobody lacks it"
    if lacking < LEAST <= profiles:
        return f"fewer than {LEAST} lack it"
    return f"{in_tens(lacking):,} {'lacks' if lacking == 1 else 'lack'} it"


def versions_of(feature: Feature, rows: Sequence[ImputationPolicy]) -> list[Version]:
    """The versions of a feature's policy, the latest first."""
    names = names_of(row.saved_by for row in rows)
    earlier: list[ImputationPolicy | None] = [*rows[1:], None]
    return [
        Version(
            number=row.version,
            before=in_words(feature, before),
            after=in_words(feature, row),
            who=names.get(row.saved_by, row.saved_by) or "unknown",
            when=moment(row.saved_at),
            is_in_force=place == 0,
            measured=_measured(feature, list(row.statistics.all())),
        )
        for place, (row, before) in enumerate(zip(rows, earlier, strict=False))
    ]


def _measured(feature: Feature, statistics: list[FeatureStatistic]) -> list[tuple[str, str, int]]:
    latest = sorted(statistics, key=lambda one: one.measured_at, reverse=True)[:MOST_STATISTICS]
    return [
        (
            moment(one.measured_at),
            with_unit(feature.slug, one.value) if one.value is not None else f"fewer than {LEAST}: missing",
            one.profiles,
        )
        for one in latest
    ]


def in_words(feature: Feature, policy: ImputationPolicy | None) -> str:
    """What a version of the policy says."""
    if policy is None or policy.method == MISSING:
        return "missing"
    if policy.method == CONSTANT:
        return f"always {with_unit(feature.slug, policy.constant)}"
    return METHODS[policy.method][0].lower()


def indicator_of(feature: Feature) -> str:
    """The slug by which rules ask whether the feature is missing."""
    return f"{feature.slug}{SUFFIX}"


def initial_of(policy: ImputationPolicy | None) -> dict[str, Any]:
    """What the form shows at first."""
    if policy is None:
        return {"method": MISSING}
    constant = policy.constant
    if isinstance(constant, bool):
        constant = "yes" if constant else "no"
    return {"method": policy.method, "constant": constant}
