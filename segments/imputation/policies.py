"""Policies: what each feature is taken to be where it is not known. Every change is a version of its own."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from segments.features.registry import FEATURES, TYPES
from segments.imputation.measure import measure
from segments.imputation.methods import CONSTANT, MISSING, OF_TYPE
from segments.models import ImputationPolicy
from segments.rules.definition import Estimate, Value
from segments.rules.parse import InvalidDefinition, parse_value
from vault.ids import new_id

LOCK = 0x1F017E


@dataclass(frozen=True)
class Standing:
    """The policy of one feature that is in force, and what it gives: nothing where it was measured of too few."""

    feature: str
    method: str
    version: int
    value: Value | None
    profiles: int | None
    measured_at: datetime | None
    saved_by: str
    saved_at: datetime


# The last version of each feature's policy, with the statistic that was measured last for it.
STANDING = """
SELECT DISTINCT ON (policy.feature) policy.feature, policy.method, policy.version,
       coalesce(policy.constant, latest.value), latest.profiles, latest.measured_at, policy.saved_by, policy.saved_at
FROM segments_imputationpolicy AS policy
LEFT JOIN LATERAL (
    SELECT value, profiles, measured_at FROM segments_featurestatistic
    WHERE policy_id = policy.id ORDER BY measured_at DESC LIMIT 1
) AS latest ON true
ORDER BY policy.feature, policy.version DESC
"""


def standing() -> dict[str, Standing]:
    """The policy of each feature that has one and does not leave it missing, by the feature's slug: one query."""
    with connection.cursor() as cursor:
        cursor.execute(STANDING)
        rows = cursor.fetchall()
    found = [
        Standing(feature, method, version, None if value is None else json.loads(value), *more)
        for feature, method, version, value, *more in rows
    ]
    return {one.feature: one for one in found if one.method != MISSING and one.feature in FEATURES}


def estimates_of(policies: Mapping[str, Standing]) -> dict[str, Estimate]:
    """What each feature is taken to be where it is not known, for those of which that is known."""
    return {
        feature: Estimate(one.value, one.method, one.version)
        for feature, one in policies.items()
        if one.value is not None
    }


def versions_of(feature: str) -> list[ImputationPolicy]:
    """Every policy that the feature has had, the latest first, with what was measured for it."""
    return list(ImputationPolicy.objects.filter(feature=feature).order_by("-version").prefetch_related("statistics"))


def change(
    feature: str, *, method: str, constant: object = None, by: str, now: datetime
) -> tuple[ImputationPolicy | None, ImputationPolicy | None]:
    """Set the policy of a feature from now on, and measure what it needs; the version before, and the new one.

    The new one is None when nothing was changed; the one before is None when there was none. Raises `ValidationError`
    naming the field and what is allowed, and then has changed nothing.
    """
    kept = _checked(feature, method, constant)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        before = ImputationPolicy.objects.filter(feature=feature).order_by("-version").first()
        if (before.method, before.constant) == (method, kept) if before else method == MISSING:
            return before, None
        after = ImputationPolicy.objects.create(
            id=new_id(),
            feature=feature,
            version=before.version + 1 if before else 1,
            method=method,
            constant=kept,
            saved_by=by,
            saved_at=now,
        )
        measure([after], now=now)
    return before, after


def _checked(feature: str, method: str, constant: object) -> Value | None:
    """The constant as it is kept; None for any other method."""
    if feature not in FEATURES:
        raise ValidationError({"feature": f"there is no such feature; allowed: {_listed(FEATURES)}"})
    type = FEATURES[feature].type
    if method not in OF_TYPE[type]:
        raise ValidationError(
            {"method": f"'{str(method)[:20]}' is not possible for a {type} feature; allowed: {_listed(OF_TYPE[type])}"}
        )
    if method != CONSTANT:
        if constant is not None:
            raise ValidationError({"constant": "goes with the method 'constant' alone: leave it out, or choose that"})
        return None
    try:
        return parse_value(constant, kind=TYPES[feature], path="constant")
    except InvalidDefinition as error:
        said = [f"{one.problem}; allowed: {one.allowed}" for one in error.problems]
        raise ValidationError({"constant": said}) from error


def _listed(names: Collection[str]) -> str:
    return ", ".join(names)
