"""Sending: one recipient's deliveries in their order, signed, repeated with growing pauses until they are confirmed.

A message is one of Standard Webhooks: `{"type", "timestamp", "data": {"person", "purpose", …}}`, its `webhook-id` the
delivery's id. Any 2xx confirms a change. A request to erase is confirmed by a 2xx whose body is
`{"acknowledged": "<webhook-id>"}`, or later by a signed call back; until then it is repeated, at least daily.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from django.db import connection, transaction
from django.db.models import F

from outbox import recipients, webhooks
from outbox.models import ACKNOWLEDGED, ERASE, FAILED, REFUSED, SENT, WAITING, Delivery, Recipient
from outbox.posting import Answer, post

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(hours=6)
REMIND_AFTER = timedelta(hours=24)
MOST_ATTEMPTS = 16  # of a change: a day and a half; a request to erase is never given up

# Why the recipient may not be told this; empty when it may.
Objection = Callable[[Delivery], str]


def send_due(recipient: Recipient, *, objection: Objection, now: datetime, limit: int = 500) -> int:
    """Send what is due to this recipient; nothing while another process does. Returns how many were tried.

    `objection` is asked about each change just before it is sent. Changes keep their order: one that fails holds the
    later ones back. Requests to erase wait for nobody.
    """
    tried = 0
    with alone(recipient.pk) as free:
        while free and tried < limit and (delivery := _next(recipient, now)) is not None:
            tried += 1
            if delivery.kind != ERASE and (why_not := objection(delivery)):
                Delivery.objects.filter(pk=delivery.pk).update(
                    state=REFUSED, problem=why_not[:80], next_attempt_at=None
                )
            else:
                _send(recipient, delivery, now)
    return tried


def body_of(delivery: Delivery) -> bytes:
    """The message. It holds a pseudonym, slugs and numbers, never a value of a person."""
    data = {"person": delivery.pseudonym, "purpose": delivery.purpose, **delivery.detail}
    if delivery.kind == ERASE:
        data["acknowledge"] = str(delivery.pk)
    return orjson.dumps({"type": delivery.kind, "timestamp": delivery.happened_at.isoformat(), "data": data})


def _next(recipient: Recipient, now: datetime) -> Delivery | None:
    mine = Delivery.objects.filter(recipient=recipient)
    erasures = mine.filter(kind=ERASE, state__in=[WAITING, SENT], next_attempt_at__lte=now)
    if (erasure := erasures.order_by("next_attempt_at", "id").first()) is not None:
        return erasure
    first = mine.filter(state=WAITING).exclude(kind=ERASE).order_by("change_id", "id").first()
    due = first is not None and first.next_attempt_at is not None and first.next_attempt_at <= now
    return first if due and recipient.enabled else None


def _send(recipient: Recipient, delivery: Delivery, now: datetime) -> None:
    # Counted before it is sent: should we end here, the recipient may have it, and an erasure must ask there.
    Delivery.objects.filter(pk=delivery.pk).update(attempts=F("attempts") + 1, sent_at=now)
    delivery.attempts += 1
    body = body_of(delivery)
    secrets = recipients.secrets_of(recipient, now=now)
    answer = post(recipient.url, body, webhooks.headers(str(delivery.pk), body, secrets=secrets, now=now))
    with transaction.atomic():
        found = Delivery.objects.select_for_update().get(pk=delivery.pk)
        if found.state in (WAITING, SENT, REFUSED):
            _note(found, answer, now)


def _note(delivery: Delivery, answer: Answer, now: datetime) -> None:
    delivery.answer_code, delivery.problem = (
        answer.code,
        "" if answer.well else answer.problem or f"answered {answer.code}",
    )
    delivery.next_attempt_at = None
    if answer.well and (delivery.kind != ERASE or acknowledges(answer.body, delivery.pk)):
        delivery.state, delivery.acknowledged_at, delivery.acknowledged_by = ACKNOWLEDGED, now, "answer"
    elif answer.well:
        delivery.state, delivery.next_attempt_at = SENT, now + REMIND_AFTER
    elif delivery.kind != ERASE and (delivery.attempts >= MOST_ATTEMPTS or delivery.state == REFUSED):
        delivery.state = FAILED if delivery.state != REFUSED else REFUSED
    else:
        delivery.state, delivery.next_attempt_at = WAITING, now + pause_after(delivery.attempts)
    delivery.save(
        update_fields=["state", "answer_code", "problem", "next_attempt_at", "acknowledged_at", "acknowledged_by"]
    )


def acknowledges(body: bytes, delivery: UUID) -> bool:
    """Whether this body confirms that delivery: JSON with its id under `acknowledged`."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return isinstance(said, dict) and said.get("acknowledged") == str(delivery)


def pause_after(attempts: int) -> timedelta:
    """Twice as long each time, up to six hours, and a tenth by chance so that not all come back at once."""
    doubled: timedelta = min(FIRST_PAUSE * 2 ** min(attempts - 1, 20), LONGEST_PAUSE)
    return doubled * random.uniform(1.0, 1.1)


@contextmanager
def alone(listener: UUID) -> Iterator[bool]:
    """Whether we are the only ones who send to this listener; held by the session, for no transaction spans a call."""
    key = listener.int >> 65
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        free = bool(cursor.fetchone()[0])
    try:
        yield free
    finally:
        if free:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
