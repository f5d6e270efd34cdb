"""Calling back: each callback is posted, signed, until it is answered well, with growing pauses and not for ever."""

from datetime import datetime

import orjson
from django.db import transaction
from django.db.models import F

from outbox.posting import post
from outbox.sending import pause_after
from privacy import opendsr
from privacy.models import Callback

MOST_ATTEMPTS = 16


def send_due(*, now: datetime, limit: int = 200) -> int:
    """Post the callbacks that are due, the oldest first. Returns how many were tried. Several may run at once.

    A callback is counted before it is sent, and no transaction spans the call.
    """
    tried = 0
    while tried < limit and (callback := _take(now)) is not None:
        tried += 1
        _send(callback, now)
    return tried


def body_of(callback: Callback) -> bytes:
    """The status of the request as it was when the callback was queued, and the address that is called."""
    status = opendsr.status(callback.request) | {"request_status": callback.status}
    return orjson.dumps({**status, "status_callback_url": callback.url})


def _take(now: datetime) -> Callback | None:
    with transaction.atomic():
        due = Callback.objects.filter(delivered_at=None, next_attempt_at__lte=now).order_by("id")
        callback = due.select_for_update(skip_locked=True).first()
        if callback is None:
            return None
        pause = None if callback.attempts + 1 >= MOST_ATTEMPTS else now + pause_after(callback.attempts + 1)
        Callback.objects.filter(pk=callback.pk).update(attempts=F("attempts") + 1, next_attempt_at=pause)
    return Callback.objects.select_related("request__opendsr_request").get(pk=callback.pk)


def _send(callback: Callback, now: datetime) -> None:
    body = body_of(callback)
    answer = post(callback.url, body, opendsr.signed_headers(body, callback.request.opendsr_request.dialect))
    mine = Callback.objects.filter(pk=callback.pk)
    if answer.well:
        mine.update(delivered_at=now, next_attempt_at=None, answer_code=answer.code, problem="")
    else:
        problem = answer.problem or f"answered {answer.code}"
        mine.update(answer_code=answer.code, problem=problem[:80])
