"""Notices of alarms: written in the transaction in which an alarm begins or ends, sent once it has committed.

Each listener has one notice of each begin and one of each end. What cannot be sent is tried again with growing pauses;
whoever dies between sending and noting it sends again, under the same id.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db.models import F, Q, QuerySet

from outbox import alarm_listeners, webhooks
from outbox.alarm_mail import mail
from outbox.models import ALARM_BEGAN, ALARM_ENDED, FAILED, SENT, WAITING, AlarmListener, AlarmNotice
from outbox.posting import post
from outbox.sending import MOST_ATTEMPTS, alone, pause_after
from vault.ids import new_id

# In one mail.
MOST_AT_ONCE = 50


@dataclass(frozen=True)
class AlarmNews:
    """An alarm began or ended. The detail holds names, figures and instants, never a value of a person."""

    alarm_id: UUID
    source_id: UUID
    began: bool
    detail: dict[str, Any] = field(default_factory=dict)


def queue(news: Collection[AlarmNews], *, now: datetime) -> int:
    """Write down whom to tell of this; call it in the transaction that makes it true. Safe to repeat."""
    if not news:
        return 0
    # Who is just being removed is waited for, and is gone then.
    listeners = list(AlarmListener.objects.filter(enabled=True).order_by("id").select_for_update(no_key=True))
    rows = [
        AlarmNotice(
            id=new_id(),
            listener=listener,
            kind=ALARM_BEGAN if one.began else ALARM_ENDED,
            alarm_id=one.alarm_id,
            detail=one.detail,
            happened_at=now,
            next_attempt_at=now,
        )
        for one in news
        for listener in listeners
        if listener.source_id in (None, one.source_id)
    ]
    return len(AlarmNotice.objects.bulk_create(rows, ignore_conflicts=True))


def send_due(*, now: datetime) -> int:
    """Send what is due to each listener that is enabled. Returns how many notices were tried.

    Safe to run twice and at the same time: to one listener one process sends.
    """
    due = Q(notices__state=WAITING, notices__next_attempt_at__lte=now)
    tried = 0
    for listener in AlarmListener.objects.filter(due, enabled=True).distinct().order_by("id"):
        with alone(listener.pk) as free:
            if free:
                tried += _send_mails(listener, now) if listener.email else _send_posts(listener, now)
    return tried


def send_again(notice: UUID, *, now: datetime) -> bool:
    """Let a notice that was given up, or waits, be sent now. Returns whether it could be."""
    open_ones = AlarmNotice.objects.filter(pk=notice, state__in=[WAITING, FAILED])
    return bool(open_ones.update(state=WAITING, next_attempt_at=now, attempts=0))


def body_of(notice: AlarmNotice) -> bytes:
    """The message to a webhook, as Standard Webhooks has it."""
    told = {"type": notice.kind, "timestamp": notice.happened_at.isoformat(), "data": notice.detail}
    return orjson.dumps(told)


def _send_mails(listener: AlarmListener, now: datetime) -> int:
    """One mail with all that is due, so that many alarms at once fill nobody's inbox."""
    notices = list(_due(listener, now)[:MOST_AT_ONCE])
    if notices:
        _count(notices, now)
        _note(notices, mail(listener, notices), now)
    return len(notices)


def _send_posts(listener: AlarmListener, now: datetime) -> int:
    """One message each, in their order; one that fails holds back those after it."""
    tried = 0
    for notice in list(_due(listener, now)[:MOST_AT_ONCE]):
        _count([notice], now)
        tried += 1
        body = body_of(notice)
        secrets = alarm_listeners.secrets_of(listener, now=now)
        answer = post(listener.url, body, webhooks.headers(str(notice.pk), body, secrets=secrets, now=now))
        problem = "" if answer.well else answer.problem or f"answered {answer.code}"
        _note([notice], problem, now)
        if problem:
            break
    return tried


def _due(listener: AlarmListener, now: datetime) -> "QuerySet[AlarmNotice]":
    """What waits for this listener, the oldest first; nothing while the first of it rests after a failure."""
    waiting = AlarmNotice.objects.filter(listener=listener, state=WAITING).order_by("id")
    first = waiting.values_list("next_attempt_at", flat=True).first()
    return waiting if first is not None and first <= now else waiting.none()


def _count(notices: Collection[AlarmNotice], now: datetime) -> None:
    """Counted before it is sent, so that what never ends well is given up even if we die over it."""
    ids = [notice.pk for notice in notices]
    AlarmNotice.objects.filter(pk__in=ids).update(attempts=F("attempts") + 1, sent_at=now)
    for notice in notices:
        notice.attempts += 1


def _note(notices: Collection[AlarmNotice], problem: str, now: datetime) -> None:
    for notice in notices:
        notice.problem, notice.next_attempt_at = problem, None
        if not problem:
            notice.state = SENT
        elif notice.attempts >= MOST_ATTEMPTS:
            notice.state = FAILED
        else:
            notice.next_attempt_at = now + pause_after(notice.attempts)
    AlarmNotice.objects.bulk_update(notices, ["state", "problem", "next_attempt_at"])
