"""The reversible window of an erasure: approved, it waits; it can be called back, or carried out at once.

How long it waits is `ERASURE_WINDOW_DAYS`. Meanwhile the person's data are kept and not used.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from privacy import erasure_case, requests
from privacy.erasure import erase
from privacy.models import APPROVED, ERASURE, IN_PROGRESS, OPEN, ErasureCase, SubjectRequest
from vault import keys

SCHEDULE = "schedule"


def call_back(request: SubjectRequest, *, actor: str, now: datetime) -> SubjectRequest:
    """Undo the approval of an erasure that has not begun: the request is open again, as if nobody had approved it.

    Raises `privacy.requests.NotOpen` once the erasure has begun, `privacy.requests.WrongKind`.
    """
    with transaction.atomic():
        request = requests.lock(request, kinds=[ERASURE], states=[APPROVED])
        erasure_case.discard(request, actor=actor, now=now)
        request.state, request.approved_at, request.approved_by = OPEN, None, ""
        request.save(update_fields=["state", "approved_at", "approved_by"])
        requests.take_step(request, "called back", actor=actor, now=now)
        transaction.on_commit(lambda: keys.destroy([request.pk]))
    return request


def execute_due() -> int:
    """Carry out every erasure whose window has passed, and go on with those that were interrupted. Returns how many.

    Safe to run twice and at the same time; one that fails does not keep the others from being carried out.
    """
    cases = ErasureCase.objects.filter(request__state__in=[APPROVED, IN_PROGRESS], execute_after__lte=timezone.now())
    failures: list[Exception] = []
    done = 0
    for case in cases.select_related("request").order_by("execute_after", "pk"):
        try:
            erase(case.request, actor=SCHEDULE, now=timezone.now())
            done += 1
        except Exception as error:
            failures.append(error)
    if failures:
        raise ExceptionGroup(f"{len(failures)} of {done + len(failures)} erasures were not carried out", failures)
    return done
