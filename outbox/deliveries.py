"""Deliveries: what was handed over to whom, about whom, and what became of it. The log that an erasure consults."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from outbox.models import ACKNOWLEDGED, ERASE, FAILED, RECTIFIED, REFUSED, SENT, WAITING, Delivery, Recipient
from vault.ids import new_id

ERASED_MEANWHILE = "the person was erased"
EXPORT = "person.exported"


@dataclass(frozen=True)
class HandOver:
    """Something to tell a recipient about one person. The detail holds slugs, pseudonyms and numbers, never a value."""

    recipient: UUID
    kind: str
    purpose: str
    profile_id: UUID
    pseudonym: str
    detail: dict[str, Any] = field(default_factory=dict)
    change_id: int | None = None


@dataclass(frozen=True)
class Unconfirmed:
    """A recipient that was asked to erase a person and has not confirmed it yet."""

    recipient: str
    delivery: UUID
    state: str
    attempts: int
    last_answer: str
    asked_at: datetime


def queue(hand_overs: Collection[HandOver], *, now: datetime) -> int:
    """Let these be handed over as soon as the caller's transaction commits. Safe to repeat for a change."""
    rows = [_row(one, now, state=WAITING) for one in hand_overs]
    return len(Delivery.objects.bulk_create(rows, batch_size=1_000, ignore_conflicts=True))


def note(hand_overs: Collection[HandOver], *, now: datetime) -> int:
    """Write down what was handed over by other ways than a message, such as a file; an erasure will reach it."""
    rows = [
        _row(one, now, state=ACKNOWLEDGED, sent_at=now, acknowledged_at=now, next_attempt_at=None) for one in hand_overs
    ]
    return len(Delivery.objects.bulk_create(rows, batch_size=1_000))


def _row(one: HandOver, now: datetime, **more: Any) -> Delivery:
    return Delivery(
        id=new_id(),
        recipient_id=one.recipient,
        kind=one.kind,
        purpose=one.purpose,
        profile_id=one.profile_id,
        pseudonym=one.pseudonym,
        detail=one.detail,
        change_id=one.change_id,
        happened_at=now,
        **{"next_attempt_at": now, **more},
    )


# Every pseudonym under which a recipient may have learned of these profiles: also what was tried and never answered,
# since it may have arrived.
LEARNED = Q(attempts__gt=0) | Q(state__in=[SENT, ACKNOWLEDGED])


def queue_erasures(profiles: Collection[UUID], *, request: UUID, now: datetime) -> int:
    """Ask every recipient that ever learned of these profiles to erase the person, and tell it nothing else of them.

    Call it in the transaction that deletes the person's rows. Safe to repeat. Returns how many recipients' pseudonyms.
    """
    about = Delivery.objects.filter(profile_id__in=list(profiles))
    about.filter(state=WAITING).exclude(kind=ERASE).update(
        state=REFUSED, problem=ERASED_MEANWHILE, next_attempt_at=None
    )
    learned = about.filter(LEARNED).exclude(kind=ERASE)
    known = learned.order_by("recipient", "pseudonym", "-id").distinct("recipient", "pseudonym")
    rows = [
        Delivery(
            id=new_id(),
            recipient_id=one.recipient_id,
            kind=ERASE,
            purpose=one.purpose,
            profile_id=one.profile_id,
            pseudonym=one.pseudonym,
            request_id=request,
            happened_at=now,
            next_attempt_at=now,
        )
        for one in known
    ]
    Delivery.objects.bulk_create(rows, batch_size=1_000, ignore_conflicts=True)
    return len(rows)


def exported(profiles: Collection[UUID]) -> set[UUID]:
    """The files in which one of these profiles was handed over."""
    notes = Delivery.objects.filter(kind=EXPORT, profile_id__in=list(profiles)).values_list("detail__file", flat=True)
    return {UUID(file) for file in notes if file}


def queue_rectifications(profiles: Collection[UUID], *, fields: Collection[str], request: UUID, now: datetime) -> int:
    """Tell every recipient that ever learned of these profiles which fields were put right; the values it asks for.

    Returns how many recipients' pseudonyms. GDPR article 19: consent is not asked for that.
    """
    learned = Delivery.objects.filter(LEARNED, profile_id__in=list(profiles)).exclude(kind__in=[ERASE, RECTIFIED])
    known = learned.order_by("recipient", "pseudonym", "-id").distinct("recipient", "pseudonym")
    rows = [
        Delivery(
            id=new_id(),
            recipient_id=one.recipient_id,
            kind=RECTIFIED,
            purpose=one.purpose,
            profile_id=one.profile_id,
            pseudonym=one.pseudonym,
            detail={"fields": sorted(fields)},
            request_id=request,
            happened_at=now,
            next_attempt_at=now,
        )
        for one in known
    ]
    return len(Delivery.objects.bulk_create(rows, batch_size=1_000))


def has_learned(delivery: Delivery) -> bool:
    """Whether this recipient was told of the same person, for the same purpose, before."""
    before = Delivery.objects.filter(LEARNED, recipient=delivery.recipient_id, pseudonym=delivery.pseudonym)
    return before.exclude(pk=delivery.pk).exists()


def unconfirmed(request: UUID) -> list[Unconfirmed]:
    """The recipients that have not confirmed this request's erasure, by name. Empty: all have, or none ever learned."""
    open_ones = Delivery.objects.filter(kind=ERASE, request_id=request).exclude(state=ACKNOWLEDGED)
    return [
        Unconfirmed(
            recipient=one.recipient.name,
            delivery=one.id,
            state=one.state,
            attempts=one.attempts,
            last_answer=str(one.answer_code or one.problem or "not asked yet"),
            asked_at=one.happened_at,
        )
        for one in open_ones.select_related("recipient").order_by("recipient__name", "id")
    ]


def confirmed(request: UUID) -> list[str]:
    """The recipients that have confirmed this request's erasure, by name."""
    done = Delivery.objects.filter(kind=ERASE, request_id=request, state=ACKNOWLEDGED)
    return sorted(set(done.values_list("recipient__name", flat=True)))


def acknowledge(delivery: UUID, *, by: str, now: datetime) -> bool:
    """Note that the recipient confirmed this. Returns whether it was open until now."""
    open_ones = Delivery.objects.filter(pk=delivery, state__in=[WAITING, SENT, FAILED])
    return bool(
        open_ones.update(state=ACKNOWLEDGED, acknowledged_at=now, acknowledged_by=by, next_attempt_at=None, problem="")
    )


def send_again(delivery: UUID, *, now: datetime) -> bool:
    """Let a delivery that failed or waits for its answer be sent again now. Returns whether it could be."""
    open_ones = Delivery.objects.filter(pk=delivery, state__in=[WAITING, SENT, FAILED])
    return bool(open_ones.update(state=WAITING, next_attempt_at=now))


def recipients_of(profiles: Collection[UUID]) -> "QuerySet[Recipient]":
    """The recipients that learned of one of these profiles: for the answer to an access request."""
    learned = Delivery.objects.filter(LEARNED, profile_id__in=list(profiles))
    return Recipient.objects.filter(id__in=learned.values("recipient")).order_by("name")
