"""Human review: a segment with a significant effect takes nobody in and lets nobody go before a person has released it.

GDPR article 22. What the rule says is held as a proposal; only its release makes a membership, and only then is anybody
told. Consent that is refused or withdrawn, or an inactive segment, ends a membership at once: that needs no review.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from identity.profiles import source_profiles_of
from outbox.changes import SEGMENT_ENTERED, SEGMENT_LEFT, News, append
from segments.consented import ask_for
from segments.models import ENTER, LAPSED, LEAVE, REFUSED, RELEASED, WAITING, HeldChange, Membership
from segments.rules.evaluate import Result
from segments.rules.explain import explain
from vault.grants import Actor
from vault.ids import new_id

Key = tuple[UUID, UUID]
PERSON = "person"
LONGEST_REASON = 60
LOCK = "SELECT id FROM identity_profile WHERE id = %s FOR NO KEY UPDATE"


class HumanNeeded(PermissionError):
    """A program or a machine stage tried to decide what a person has to."""


class AlreadyDecided(ValueError):
    """Somebody has decided this proposal, or it no longer stands."""


class NotAllowed(PermissionError):
    """Consent to the purpose of the segment does not stand any more."""


def hold(
    entering: Mapping[Key, Result], leaving: Mapping[Key, str], profiles: Collection[UUID], *, now: datetime
) -> None:
    """Propose these changes to memberships of these profiles, once each; what was proposed and no longer holds lapses.

    A proposal that a person has refused stays refused for as long as the rule keeps saying the same.
    """
    due = {(*key, ENTER) for key in entering} | {(*key, LEAVE) for key in leaving}
    standing = HeldChange.objects.filter(profile_id__in=list(profiles), decision__in=[WAITING, REFUSED])
    there = {(row.segment_id, row.profile_id, row.direction): row for row in standing}
    HeldChange.objects.filter(pk__in=[row.pk for key, row in there.items() if key not in due]).update(
        decision=LAPSED, decided_at=now
    )
    HeldChange.objects.bulk_create(
        HeldChange(
            id=new_id(),
            segment_id=segment,
            profile_id=profile,
            direction=direction,
            proposed_at=now,
            **_grounds(entering, leaving, (segment, profile), direction),
        )
        for segment, profile, direction in sorted(due - there.keys())
    )


def _grounds(entering: Mapping[Key, Result], leaving: Mapping[Key, str], key: Key, direction: str) -> dict[str, Any]:
    if direction == ENTER:
        return {"score": entering[key].score, "why": explain(entering[key])}
    return {"why": {"because": leaving[key][:LONGEST_REASON]}}


def release(held: HeldChange, *, actor: Actor, reason: str, now: datetime) -> None:
    """Let a person's decision make a proposal true, and tell it.

    Raises `HumanNeeded`, `AlreadyDecided`, and `NotAllowed` when consent has gone since.
    """
    with transaction.atomic():
        held = _decide(held, RELEASED, actor=actor, reason=reason, now=now)
        segment = held.segment
        if held.direction == LEAVE:
            standing = Membership.objects.filter(segment=segment, profile_id=held.profile_id, left_at=None)
            standing.update(left_at=now, left_because=held.why["because"])
            news = News(held.profile_id, SEGMENT_LEFT, {"segment": segment.slug, "because": held.why["because"]})
        else:
            _must_be_allowed(held, now=now)
            Membership.objects.create(
                id=new_id(),
                segment=segment,
                profile_id=held.profile_id,
                entered_at=now,
                score=held.score,
                why=held.why,
                released_by=actor.id,
            )
            news = News(held.profile_id, SEGMENT_ENTERED, {"segment": segment.slug, "score": held.score})
        append([news], now=now)


def refuse(held: HeldChange, *, actor: Actor, reason: str, now: datetime) -> None:
    """Let a person's decision leave things as they are. Raises `HumanNeeded`, `AlreadyDecided`."""
    with transaction.atomic():
        _decide(held, REFUSED, actor=actor, reason=reason, now=now)


def end(membership: Membership, *, actor: Actor, now: datetime) -> None:
    """End a membership in a segment with a significant effect by a person's decision. Raises `HumanNeeded`."""
    _must_be_human(actor)
    with transaction.atomic():
        _lock(membership.profile_id)
        if Membership.objects.filter(pk=membership.pk, left_at=None).update(left_at=now, left_because="human review"):
            HeldChange.objects.filter(
                segment_id=membership.segment_id, profile_id=membership.profile_id, decision__in=[WAITING, REFUSED]
            ).update(decision=LAPSED, decided_at=now)
            HeldChange.objects.create(
                id=new_id(),
                segment_id=membership.segment_id,
                profile_id=membership.profile_id,
                direction=ENTER,
                score=membership.score,
                why=membership.why,
                proposed_at=now,
                decision=REFUSED,
                decided_at=now,
                decided_by=actor.id,
                reason="human review asked for",
            )
            detail = {"segment": membership.segment.slug, "because": "human review"}
            append([News(membership.profile_id, SEGMENT_LEFT, detail)], now=now)


def _decide(held: HeldChange, decision: str, *, actor: Actor, reason: str, now: datetime) -> HeldChange:
    _must_be_human(actor)
    _lock(held.profile_id)
    fresh = HeldChange.objects.select_for_update(of=("self",)).select_related("segment").filter(pk=held.pk).first()
    if fresh is None or fresh.decision != WAITING:
        raise AlreadyDecided("this proposal has been decided, or no longer stands")
    fresh.decision, fresh.decided_at, fresh.decided_by, fresh.reason = decision, now, actor.id, reason
    fresh.save(update_fields=["decision", "decided_at", "decided_by", "reason"])
    return fresh


def _must_be_human(actor: Actor) -> None:
    if actor.kind != PERSON:
        raise HumanNeeded("a person has to decide this: no program and no machine stage may")


def _must_be_allowed(held: HeldChange, *, now: datetime) -> None:
    segment = held.segment
    theirs = {held.profile_id: source_profiles_of([held.profile_id]).get(held.profile_id, [])}
    answer = ask_for(theirs, purpose=segment.purpose_id, channel=segment.channel, now=now)
    if held.profile_id in answer.refused:
        raise NotAllowed(f"consent does not allow this any more: {answer.refused[held.profile_id]}")


def _lock(profile: UUID) -> None:
    """The same lock that a refresh takes: nobody computes this person's memberships meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [profile])
