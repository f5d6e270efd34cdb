"""The summary of a profile: its golden record as the purpose may see it, who knows it, and what was merged into it."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Min

from api.people import Person
from api.purposes import needed
from consent.models import Purpose
from identity import golden
from identity.models import Assignment
from records.models import SourceProfile
from records.reading import KnownIdentifier
from vault.grants import Grant


def summarize(person: Person, *, purpose: Purpose, grant: Grant) -> dict[str, Any]:
    """Everything that `ProfileSerializer` writes."""
    sources = sources_of(person.under(grant).source_profiles)
    return {
        "id": person.id,
        "requested_id": person.requested_id,
        "purpose": purpose.slug,
        "first_seen_at": min(source["first_seen_at"] for source in sources),
        "last_seen_at": max(source["last_seen_at"] for source in sources),
        "attributes": _attributes(person, purpose, grant),
        "sources": sources,
        "merged_ids": merged_ids(person),
    }


def sources_of(source_profiles: Collection[UUID]) -> list[dict[str, Any]]:
    """The sources that know these source profiles, by name."""
    rows = (
        SourceProfile.objects.filter(id__in=list(source_profiles))
        .values("source__name", "source__kind")
        .annotate(count=Count("id"), first=Min("first_seen_at"), last=Max("last_seen_at"))
        .order_by("source__name")
    )
    return [
        {
            "name": row["source__name"],
            "kind": row["source__kind"],
            "source_profiles": row["count"],
            "first_seen_at": row["first"],
            "last_seen_at": row["last"],
        }
        for row in rows
    ]


def merged_ids(person: Person) -> list[UUID]:
    """Earlier profiles of these source profiles that hold none any more."""
    theirs = Assignment.objects.filter(source_profile__in=person.source_profiles)
    earlier = set(theirs.exclude(profile=person.id).values_list("profile_id", flat=True))
    living = set(Assignment.objects.current().filter(profile__in=earlier).values_list("profile_id", flat=True))
    return sorted(earlier - living)


def listed(identifiers: Mapping[UUID, Iterable[KnownIdentifier]], *, purpose: Purpose) -> list[dict[str, Any]]:
    """The identifiers with their sources, the latest first, without those that the purpose does not need."""
    fields = needed(purpose)
    names = dict(SourceProfile.objects.filter(id__in=list(identifiers)).values_list("id", "source__name"))
    rows = []
    for source_profile, known in identifiers.items():
        for item in known:
            if fields is not None and item.namespace not in fields:
                continue
            rows.append(
                {
                    "namespace": item.namespace,
                    "value": item.value,
                    "verified": item.verified,
                    "source": names[source_profile],
                    "first_seen_at": item.first_seen_at,
                    "last_seen_at": item.last_seen_at,
                }
            )
    return sorted(rows, key=lambda row: (row["last_seen_at"], row["namespace"]), reverse=True)


def _attributes(person: Person, purpose: Purpose, grant: Grant) -> dict[str, Any]:
    record = golden.read([person.id], grant, fields=needed(purpose)).get(person.id, {})
    return {
        field: {"value": won.value, "source": won.source, "seen_at": won.seen_at, "reason": won.reason}
        for field, won in record.items()
    }
