"""Callbacks: a controller that sent a request by OpenDSR is told at its addresses whenever the status changes."""

from datetime import datetime

from privacy.models import (
    APPROVED,
    CALLED_BACK,
    COMPLETED,
    IN_PROGRESS,
    OPEN,
    REJECTED,
    Callback,
    OpenDsrRequest,
    SubjectRequest,
)

PENDING, BEGUN, DONE, CANCELLED = "pending", "in_progress", "completed", "cancelled"
# OpenDSR knows four states. Who is not answered is told so; why stands in the letter to the person.
STATUS_OF = {
    OPEN: PENDING,
    APPROVED: PENDING,
    IN_PROGRESS: BEGUN,
    COMPLETED: DONE,
    REJECTED: CANCELLED,
    CALLED_BACK: CANCELLED,
}


def queue(request: SubjectRequest, *, now: datetime) -> int:
    """Let whoever sent the request be told of its state, once this transaction commits. Returns at how many addresses.

    Requests that came in otherwise have nobody to be told like this.
    """
    sent = OpenDsrRequest.objects.filter(request_id=request.pk).first()
    rows = [
        Callback(request=request, url=url, status=STATUS_OF[request.state], queued_at=now, next_attempt_at=now)
        for url in (sent.callback_urls if sent else [])
    ]
    return len(Callback.objects.bulk_create(rows))
