"""What follows an erasure by itself: its proof, its certificate, and the end of the values that the proof needed."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from outbox import deliveries
from privacy import certificate, proof, requests
from privacy.models import COMPLETED, NOT_PROVEN, PASSED, ErasureCase, SubjectRequest
from privacy.proof import Report
from vault import keys

SCHEDULE = "schedule"
# The steps of a search, which takes its time: whoever looks at the request meanwhile sees that it is under way.
SEARCHING, PROVED, FOUND_AGAIN = "search begun", "proved", "found again"


def attend() -> int:
    """Prove what was erased and not proved yet, and let go of the values of what needs them no more. Returns how many.

    Safe to run twice and at the same time.
    """
    waiting = ErasureCase.objects.filter(request__state=COMPLETED, sealed__isnull=False).select_related("request")
    attended = 0
    for case in waiting.filter(proof_state=NOT_PROVEN).order_by("pk"):
        prove_and_certify(case.request, actor=SCHEDULE, now=timezone.now())
        attended += 1
    for case in waiting.filter(proof_state=PASSED).order_by("pk"):
        attended += let_go(case.request, now=timezone.now())
    return attended


def prove_and_certify(request: SubjectRequest, *, actor: str, now: datetime) -> Report:
    """Search everything for the person, and sign what was found. Raises `privacy.proof.NotErased`, `ValuesGone`."""
    if ErasureCase.objects.filter(pk=request.pk, request__state=COMPLETED, sealed__isnull=False).exists():
        requests.take_step(request, SEARCHING, actor=actor, now=now)
    report = proof.prove(request, now=now)
    ended_at = now + timedelta(milliseconds=report.milliseconds)
    with transaction.atomic():
        requests.take_step(request, FOUND_AGAIN if report.hits else PROVED, actor=actor, now=ended_at)
        certificate.issue(request, now=ended_at)
    return report


def let_go(request: SubjectRequest, *, now: datetime) -> bool:
    """Destroy the values once the proof has passed and every recipient has answered or had the time to.

    From then on the request keeps counts and keyed hashes alone. Returns whether that was now.
    """
    with transaction.atomic():
        case = ErasureCase.objects.select_for_update().select_related("request").get(pk=request.pk)
        if case.proof_state != PASSED or case.sealed is None or not _answered(case, now):
            return False
        case.sealed, case.values_destroyed_at = None, now
        case.save(update_fields=["sealed", "values_destroyed_at"])
        keys.destroy([case.pk])
        requests.take_step(case.request, "values destroyed", actor=SCHEDULE, now=now)
        certificate.issue(case.request, now=now)
    return True


def _answered(case: ErasureCase, now: datetime) -> bool:
    completed_at = case.request.completed_at
    patience = timedelta(days=settings.ERASURE_RECIPIENT_DAYS)
    return not deliveries.unconfirmed(case.pk) or (completed_at is not None and completed_at + patience <= now)
