"""The answer to access and portability: everything that is held about a person, and nothing about anybody else."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from consent.decide import Refusal, decide
from consent.models import Act
from consent.state import standing
from identity.models import Assignment
from outbox.models import Change
from privacy import answer_context, requests, subjects
from privacy.holdings import held
from privacy.models import ACCESS, APPROVED, OPEN, PORTABILITY, SubjectRequest
from privacy.subjects import Subject
from records.models import Record, Source, SourceProfile
from records.reading import open_attributes, open_identifiers, open_records
from segments.models import Membership, ProfileFeatures
from vault import audit
from vault.grants import Actor, Grant

PURPOSE = "subject_requests"


class Refused(PermissionError):
    """The consent decision did not allow this answer."""


def answer(request: SubjectRequest, *, actor: Actor, now: datetime) -> dict[str, Any]:
    """All that is held about the person, as JSON-able data, read under the purpose "subject_requests" and audited.

    Completes the request. Raises `privacy.requests.NotOpen`, `privacy.requests.WrongKind`,
    `privacy.subjects.UnknownProfile`, `Refused`.
    """
    with transaction.atomic():
        request = requests.lock(request, kinds=[ACCESS, PORTABILITY], states=[OPEN, APPROVED])
        subject = subjects.find(request.profile_id)
        looked = _who_looked(subject)
        grant = _grant(subject, request, actor, now)
        sources = list(_sources_of(subject))
        found = {
            "request": {"id": str(request.pk), "kind": request.kind, "answered_at": now.isoformat()},
            "profile": str(subject.profile),
            "sources": [{"name": one.name, "kind": one.kind, "purposes": one.purposes} for one in sources],
            "purposes": answer_context.purposes(sources),
            "recipients": answer_context.recipients(subject),
            "retention": answer_context.retention(subject, sources),
            "logic": answer_context.logic(subject),
            "identifiers": _identifiers(subject, grant),
            "attributes": _attributes(subject, grant),
            "records": _records(subject, grant),
            "consents": _consents(subject, now),
            "how_the_profile_came_about": _assignments(subject),
            "which_value_counts": answer_context.which_value_counts(subject),
            "set_by_hand": answer_context.set_by_hand(subject, grant),
            "devices": answer_context.devices(subject),
            "features": _features(subject),
            "estimated_features": _estimated_features(subject),
            "segments": _segments(subject),
            "changes_told": _changes(subject),
            "requests": answer_context.earlier_requests(subject),
            "who_looked": looked,
            "held": held(subject),
        }
        outcome = {section: len(found[section]) for section in ("identifiers", "attributes", "records", "segments")}
        requests.complete(request, outcome=outcome, actor=actor.id, now=now)
    return found


def _grant(subject: Subject, request: SubjectRequest, actor: Actor, now: datetime) -> Grant:
    reason = f"{request.kind} request {request.pk}"
    decision = decide(subject.source_profiles, purpose=PURPOSE, at=now, actor=actor, reason=reason)
    if isinstance(decision, Refusal):
        raise Refused(f"refused for '{decision.purpose}': {decision.reason}")
    return decision


def _sources_of(subject: Subject) -> "QuerySet[Source]":
    """The sources that know the person."""
    known = SourceProfile.objects.filter(id__in=subject.source_profiles)
    return Source.objects.filter(id__in=known.values("source")).order_by("name")


def _identifiers(subject: Subject, grant: Grant) -> list[dict[str, Any]]:
    sources = _source_names(subject)
    return [
        {
            "namespace": known.namespace,
            "value": known.value,
            "source": sources[source_profile],
            "source_profile": str(source_profile),
            "verified": known.verified,
            "first_seen_at": known.first_seen_at.isoformat(),
            "last_seen_at": known.last_seen_at.isoformat(),
        }
        for source_profile, identifiers in open_identifiers(subject.source_profiles, grant).items()
        for known in identifiers
    ]


def _attributes(subject: Subject, grant: Grant) -> list[dict[str, Any]]:
    sources = _source_names(subject)
    return [
        {
            "field": known.field,
            "value": known.value,
            "source": sources[source_profile],
            "source_profile": str(source_profile),
            "record": str(known.record_id),
            "first_seen_at": known.first_seen_at.isoformat(),
            "last_seen_at": known.last_seen_at.isoformat(),
        }
        for source_profile, attributes in open_attributes(subject.source_profiles, grant).items()
        for known in attributes
    ]


def _records(subject: Subject, grant: Grant) -> list[dict[str, Any]]:
    sources = _source_names(subject)
    records = list(Record.objects.filter(source_profile__in=subject.source_profiles).order_by("occurred_at", "id"))
    opened = open_records(records, grant)
    return [
        {
            "id": str(record.id),
            "source": sources[record.source_profile_id],
            "source_profile": str(record.source_profile_id),
            "kind": record.kind,
            "event": record.event,
            "occurred_at": record.occurred_at.isoformat(),
            "received_at": record.received_at.isoformat(),
            "properties": record.properties,
            "content": opened.get(record.id, {}),
        }
        for record in records
    ]


def _consents(subject: Subject, now: datetime) -> dict[str, Any]:
    """Everything the person said, and what follows from it now."""
    acts = Act.objects.filter(source_profile__in=subject.source_profiles).order_by("occurred_at", "id")
    return {
        "said": [
            {
                "source_profile": str(act.source_profile_id),
                "purpose": act.purpose_id,
                "channel": act.channel,
                "state": act.state,
                "occurred_at": act.occurred_at.isoformat(),
                "recorded_at": act.recorded_at.isoformat(),
                "how": act.how,
                "notice": act.notice,
                "locale": act.locale,
                "jurisdiction": act.jurisdiction,
            }
            for act in acts
        ],
        "standing": [
            {"purpose": one.purpose, "channel": one.channel, "decision": one.decision}
            for one in standing(subject.source_profiles, at=now)
        ],
    }


def _assignments(subject: Subject) -> list[dict[str, Any]]:
    """Which source was recognized as this person when, and why; not the evidence, which may speak of others."""
    sources = _source_names(subject)
    entries = Assignment.objects.filter(source_profile__in=subject.source_profiles).order_by("assigned_at", "id")
    return [
        {
            "source": sources[entry.source_profile_id],
            "reason": entry.reason,
            "assigned_at": entry.assigned_at.isoformat(),
            "ended_at": entry.ended_at and entry.ended_at.isoformat(),
        }
        for entry in entries
    ]


def _features(subject: Subject) -> dict[str, Any]:
    computed = ProfileFeatures.objects.filter(profile__in=subject.profiles).order_by("computed_at")
    return {name: value for features in computed for name, value in features.values.items()}


def _estimated_features(subject: Subject) -> dict[str, Any]:
    """What features that are not known of the person were taken to be: no fact about them, but made of others."""
    computed = list(ProfileFeatures.objects.filter(profile__in=subject.profiles).order_by("computed_at"))
    known = {name for features in computed for name in features.values}
    return {
        name: estimate for features in computed for name, estimate in features.estimated.items() if name not in known
    }


def _segments(subject: Subject) -> list[dict[str, Any]]:
    memberships = Membership.objects.filter(profile__in=subject.profiles).select_related("segment")
    return [
        {
            "segment": membership.segment.name,
            "purpose": membership.segment.purpose_id,
            "entered_at": membership.entered_at.isoformat(),
            "left_at": membership.left_at and membership.left_at.isoformat(),
            "score": membership.score,
            "why": membership.why,
        }
        for membership in memberships.order_by("entered_at", "id")
    ]


def _changes(subject: Subject) -> list[dict[str, Any]]:
    """What recipients could learn; without the detail, which may name other profiles."""
    changes = Change.objects.filter(profile_id__in=subject.profiles).order_by("id")
    return [{"kind": change.kind, "happened_at": change.happened_at.isoformat()} for change in changes]


def _who_looked(subject: Subject) -> dict[str, Any]:
    """Every read by a person or program, and every run of a machine stage, in which this person was."""
    return {
        "people_and_programs": [
            {
                "at": entry.at.isoformat(),
                "actor": entry.actor,
                "kind": entry.actor_kind,
                "action": entry.action,
                "purpose": entry.purpose,
                "reason": entry.reason,
                "fields": entry.fields,
            }
            for entry in audit.reads_of(subject.source_profiles)
        ],
        "machine_runs": [
            {
                "run": str(run.id),
                "stage": run.stage,
                "action": run.action,
                "purpose": run.purpose,
                "at": run.at.isoformat(),
                "people_in_the_run": run.count,
            }
            for run in audit.runs_of(subject.source_profiles, since=_known_since(subject))
        ],
    }


def _known_since(subject: Subject) -> datetime:
    known = SourceProfile.objects.filter(id__in=subject.source_profiles).order_by("created_at")
    return known.values_list("created_at", flat=True)[:1].get()


def _source_names(subject: Subject) -> dict[UUID, str]:
    rows: Collection[tuple[UUID, str]] = SourceProfile.objects.filter(id__in=subject.source_profiles).values_list(
        "id", "source__name"
    )
    return dict(rows)
