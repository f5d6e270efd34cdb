"""The case of an approved erasure: when it may be carried out, and the sealed values that its proof will need."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from consent.restrictions import ERASURE_PENDING, lift, restrict
from privacy import subjects
from privacy.models import ErasureCase, SubjectRequest
from privacy.subjects import NOBODY, Subject, UnknownProfile
from privacy.wanted import Wanted, gather, open_wanted, seal
from vault import keys
from vault.grants import Actor

STAGE = Actor.machine("erasure")


def prepare(request: SubjectRequest, *, now: datetime) -> ErasureCase:
    """The case of this request, made in the transaction that approves it: its window begins, its values are sealed, and
    until it ends the person's data are kept and not used.

    Safe to repeat: a request that has a case keeps it.
    """
    found = ErasureCase.objects.filter(pk=request.pk).first()
    if found is not None:
        return found
    case = ErasureCase(request=request, execute_after=now + timedelta(days=settings.ERASURE_WINDOW_DAYS))
    subject = person_of(request)
    remember(case, subject, now=now)
    case.save(force_insert=True)
    restrict(subject.source_profiles, kind=ERASURE_PENDING, actor=request.approved_by, request=request.pk, now=now)
    return case


def remember(case: ErasureCase, subject: Subject, *, now: datetime) -> Wanted:
    """Seal the person's values as they are now beside those that the case holds already; the caller saves the case."""
    held = open_wanted(case, actor=STAGE, now=now) if case.sealed is not None else Wanted()
    wanted = held | gather(subject, request_id=case.pk, actor=STAGE, now=now)
    if wanted != held:
        case.sealed = seal(wanted, request_id=case.pk)
    return wanted


def drop(request: SubjectRequest, *, actor: str, now: datetime) -> None:
    """The case of a request that will not be carried out goes with its values; the person's data may be used again."""
    if ErasureCase.objects.filter(pk=request.pk).delete()[0]:
        own = person_of(request).source_profiles
        lift(own, kind=ERASURE_PENDING, actor=actor, request=request.pk, now=now)
        transaction.on_commit(lambda: keys.destroy([request.pk]))


def person_of(request: SubjectRequest) -> Subject:
    """The person whom the request is about; nobody, when there is none or they are gone already."""
    try:
        return subjects.find(request.profile_id)
    except UnknownProfile:
        return NOBODY
