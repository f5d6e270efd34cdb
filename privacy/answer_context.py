"""What an access answer tells beside the data: why, for whom, for how long, and by what logic (article 15(1), (2))."""

from typing import Any

from django.db.models import Count, Max

from consent.models import Purpose
from identity import overriding
from identity.models import DeviceEpisode, GoldenOverride, GoldenValue, MatchModel
from outbox.models import Delivery
from privacy.holdings import held
from privacy.models import SubjectRequest
from privacy.subjects import Subject
from records.models import Source
from records.retention import schedules
from segments.features.registry import FEATURES
from segments.models import Segment
from vault.annotations import tables
from vault.grants import Grant

LINKING = (
    "Records of different sources are recognized as one person by an exact identifier (an e-mail address, a phone, "
    "account, customer or loyalty number), or by the agreement of names, birth date, address and contact data, weighed "
    "by how seldom they agree by chance (Fellegi and Sunter, 1969). What contradicts, such as another birth date, "
    "keeps apart. Doubtful pairs are decided by a person. Every link can be undone."
)
SCORING = (
    "From these data a number of features is computed, such as orders in the last 90 days. A segment is a rule over "
    "features and, where it has one, a weighted sum of them with a threshold; each membership names the part of every "
    "feature. Where a feature is not known of a person it may be estimated: by a value set by hand, or by the median, "
    "mean or most frequent value of at least twenty others; each membership names what was estimated. Nothing is "
    "decided about a person by this alone that has legal or similarly significant effect."
)
RIGHTS = (
    "You may have data corrected or erased, restrict or object to their use, take them along, withdraw consent at any "
    "time, and complain to a supervisory authority."
)


def purposes(sources: list[Source]) -> list[dict[str, Any]]:
    """Every purpose in use, its legal basis, and which of the person's sources serve it."""
    return [
        {
            "slug": purpose.slug,
            "name": purpose.name,
            "description": purpose.description,
            "legal_basis": purpose.legal_basis,
            "sources": [source.name for source in sources if purpose.slug in source.purposes],
        }
        for purpose in Purpose.objects.filter(active=True).order_by("slug")
    ]


def recipients(subject: Subject) -> list[dict[str, Any]]:
    """Who has been told of this person, what kind of news, for which purpose, and when last."""
    told = Delivery.objects.filter(profile_id__in=subject.profiles).values("recipient__name", "kind", "purpose")
    return [
        {
            "recipient": row["recipient__name"],
            "kind": row["kind"],
            "purpose": row["purpose"],
            "times": row["times"],
            "last_at": row["last_at"].isoformat() if row["last_at"] else None,
        }
        for row in told.annotate(times=Count("id"), last_at=Max("sent_at")).order_by("recipient__name", "kind")
    ]


def retention(subject: Subject, sources: list[Source]) -> dict[str, Any]:
    """How long records, fields and each table's rows about this person are kept."""
    names = {source.name for source in sources}
    here = held(subject)
    return {
        "sources": [
            {
                "source": one.name,
                "days": one.records,
                "by_purpose": dict(one.by_purpose),
                "by_field": dict(one.by_field),
            }
            for one in schedules()
            if one.name in names
        ],
        "tables": {table.model: table.retention for table in tables() if table.model in here},
    }


def logic(subject: Subject) -> dict[str, Any]:
    """How links, features and segments come about, with the rules of the segments that the person has been in."""
    model = MatchModel.objects.filter(active=True).first()
    segments = Segment.objects.filter(memberships__profile__in=subject.profiles).distinct().order_by("slug")
    return {
        "linking": LINKING,
        "linking_model": model.version if model else "as delivered",
        "scoring": SCORING,
        "features": {feature.slug: feature.name for feature in FEATURES.values()},
        "segments": [{"segment": one.name, "definition": one.definition} for one in segments],
        "rights": RIGHTS,
    }


def which_value_counts(subject: Subject) -> list[dict[str, Any]]:
    """For each field, the source whose value counts, and why."""
    golden = GoldenValue.objects.filter(profile__in=subject.profiles).order_by("field")
    rows = golden.values_list("field", "source_profile__source__name", "reason")
    return [{"field": field, "source": source, "reason": reason} for field, source, reason in rows]


def set_by_hand(subject: Subject, grant: Grant) -> list[dict[str, Any]]:
    """What somebody set by hand for this person, and why; of what was taken back since, that it was."""
    values = {one.row.pk: one.value for one in overriding.opened(subject.source_profiles, grant)}
    rows = GoldenOverride.objects.filter(source_profile__in=subject.source_profiles).order_by("set_at", "id")
    return [
        {
            "field": row.field,
            "value": values.get(row.pk),
            "reason": row.reason,
            "actor": row.actor,
            "set_at": row.set_at.isoformat(),
            "ended_at": row.ended_at and row.ended_at.isoformat(),
        }
        for row in rows
    ]


def devices(subject: Subject) -> list[dict[str, Any]]:
    """The stretches in which a device was used by this person."""
    own = DeviceEpisode.objects.filter(source_profile__in=subject.source_profiles)
    owned = DeviceEpisode.objects.filter(owner__in=subject.source_profiles)
    rows = (own | owned).distinct().order_by("started_at").values_list("source__name", "started_at", "ended_at")
    return [
        {"source": source, "started_at": started.isoformat(), "ended_at": ended and ended.isoformat()}
        for source, started, ended in rows
    ]


def earlier_requests(subject: Subject) -> list[dict[str, Any]]:
    """What this person has asked for so far."""
    asked = SubjectRequest.objects.filter(profile_id__in=subject.profiles).order_by("opened_at")
    return [{"kind": one.kind, "state": one.state, "opened_at": one.opened_at.isoformat()} for one in asked]
