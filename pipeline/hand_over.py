"""Handing over: changes become deliveries to the recipients that may be told, and consent is asked once more."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from consent.decide import Refusal, decide
from identity.profiles import source_profiles, where_now
from outbox.changes import PROFILE_ERASED, SEGMENT_ENTERED, SEGMENT_LEFT
from outbox.deliveries import HandOver, has_learned, queue
from outbox.models import RECTIFIED, Change, Delivery, Recipient
from outbox.recipients import go_on_after
from outbox.sending import send_due
from privacy import epoch
from segments.models import Segment
from vault.grants import Actor
from vault.pseudonyms import pseudonym

STAGE = Actor.machine("hand over")
AT_A_TIME = 1_000
OF_SEGMENTS = (SEGMENT_ENTERED, SEGMENT_LEFT)
# Details that name another profile: a recipient knows that one by a pseudonym as well.
PROFILES = ("from", "into")
NOBODY = "the person is not here any more"


def hand_over(*, now: datetime) -> int:
    """Queue what happened since last time, and send what is due to each recipient. Returns how many were sent.

    Safe to run twice and at the same time. Raises `privacy.epoch.Behind` on a restored database.
    """
    epoch.must_be_current()
    sent = 0
    for recipient in Recipient.objects.exclude(url="").order_by("id"):
        if recipient.enabled:
            while _queue_changes(recipient.pk, now):
                pass
        sent += send_due(recipient, objection=lambda delivery: _objection(delivery, now), now=now)
    return sent


def _queue_changes(recipient: UUID, now: datetime) -> bool:
    """Make deliveries of the next changes. Returns whether there may be more."""
    with transaction.atomic():
        taken = Recipient.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=recipient).first()
        if taken is None:
            return False
        changes = list(Change.objects.filter(id__gt=taken.last_change).order_by("id")[:AT_A_TIME])
        if not changes:
            return False
        purposes = _purposes_of_segments(changes)
        queue([one for change in changes for one in _hand_overs(taken, change, purposes)], now=now)
        go_on_after(taken, changes[-1].id)
        return len(changes) == AT_A_TIME


def _purposes_of_segments(changes: Collection[Change]) -> dict[str, str]:
    slugs = {change.detail.get("segment") for change in changes if change.kind in OF_SEGMENTS}
    return dict(Segment.objects.filter(slug__in=slugs).values_list("slug", "purpose_id"))


def _hand_overs(recipient: Recipient, change: Change, purposes: dict[str, str]) -> Iterator[HandOver]:
    """One for each purpose that the recipient is told for; a segment's news only for the segment's own purpose.

    An erasure is no news: it is a request, which every recipient that learned of the person gets by itself.
    """
    if change.kind == PROFILE_ERASED:
        return
    wanted = recipient.purposes
    if change.kind in OF_SEGMENTS:
        wanted = [purpose for purpose in wanted if purpose == purposes.get(change.detail.get("segment", ""))]
    for purpose in wanted:
        yield HandOver(
            recipient=recipient.pk,
            kind=change.kind,
            purpose=purpose,
            profile_id=change.profile_id,
            pseudonym=pseudonym(change.profile_id, recipient=recipient.name, purpose=purpose),
            detail=_detail(change.detail, recipient.name, purpose),
            change_id=change.id,
        )


def _detail(detail: dict[str, Any], recipient: str, purpose: str) -> dict[str, Any]:
    told = {name: detail[name] for name in ("segment",) if name in detail}
    return told | {
        name: pseudonym(UUID(detail[name]), recipient=recipient, purpose=purpose) for name in PROFILES if name in detail
    }


def _objection(delivery: Delivery, now: datetime) -> str:
    """Why this recipient may not be told, by the consent decision of this moment.

    That somebody left a segment is told in any case to whoever learned of them before: it ends a use. So is what was
    put right: whoever has it wrong is told so (GDPR article 19).
    """
    if delivery.kind in (SEGMENT_LEFT, RECTIFIED) and has_learned(delivery):
        return ""
    profile = where_now(delivery.profile_id)
    if profile is None:
        return NOBODY
    decision = decide(
        source_profiles(profile), purpose=delivery.purpose, at=now, actor=STAGE, reason=f"delivery {delivery.pk}"
    )
    return decision.reason if isinstance(decision, Refusal) else ""
