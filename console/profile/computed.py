"""What is computed of a profile: its features as last computed; what is estimated is told as an estimate."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest

from consent.decide import Refusal, decide
from console.asking import ANALYTICS, Person, actor_of
from segments.features.registry import FEATURES
from segments.models import ProfileFeatures
from segments.wording import feature_name, origin_of, with_unit
from vault import audit


@dataclass(frozen=True)
class Fact:
    """One feature: its value, and where it comes from if it is no fact about the person."""

    slug: str
    name: str
    value: str
    estimated: str


@dataclass(frozen=True)
class Computed:
    """The features of a profile: those that are known or estimated, and the names of those that are missing."""

    computed_at: datetime
    facts: list[Fact]
    missing: list[str]


def computed_of(person: Person, request: HttpRequest, *, now: datetime) -> Computed | None:
    """The features of the person, read for analytics; None when that is not allowed now, or nothing is computed.

    The reason is the one for which the page is read.
    """
    kept = ProfileFeatures.objects.filter(profile=person.id).first()
    if kept is None or person.grant is None:
        return None
    reason = person.grant.reason
    answer = decide(person.source_profiles, purpose=ANALYTICS, at=now, actor=actor_of(request), reason=reason)
    if isinstance(answer, Refusal):
        return None
    audit.write(answer, sorted(answer.source_profiles), action="read features", fields=["features"])
    return Computed(
        computed_at=kept.computed_at,
        facts=[_fact(slug, kept) for slug in FEATURES if slug in kept.values or slug in kept.estimated],
        missing=[feature_name(slug) for slug in FEATURES if slug not in kept.values and slug not in kept.estimated],
    )


def _fact(slug: str, kept: ProfileFeatures) -> Fact:
    estimate = kept.estimated.get(slug)
    value = estimate["value"] if estimate else kept.values[slug]
    return Fact(slug, feature_name(slug), with_unit(slug, value), origin_of({"estimated": estimate}))
