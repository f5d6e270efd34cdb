"""Erasure: a person's rows deleted, their keys destroyed, and what must not come back remembered.

Each stage commits before the next begins, so an erasure that is interrupted anywhere is taken up again by calling
`erase` once more, and never reports itself done before it is:

1. begin: the request is in progress;
2. rows: suppression list written, rows deleted, the keys still to be destroyed noted on the request;
3. keys: destroyed in the key store, which is another database;
4. end: the request completed with counts alone, and the change told.

Quarantined records are not reached: they are sealed under keys of their own, before anybody knows whose they are. They
end at their `expires_at`; the outcome names their table under `not_searched`, as every table of its sort.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected

from identity import ledger
from identity.models import Profile
from outbox.changes import PROFILE_ERASED, News, append
from outbox.deliveries import queue_erasures
from privacy import requests, subjects, suppression
from privacy.holdings import erasable, not_attributable, rows_of
from privacy.models import APPROVED, COMPLETED, ERASURE, IN_PROGRESS, SubjectRequest
from privacy.subjects import NOBODY, Subject, UnknownProfile
from privacy.suppression_of_person import list_person
from records.models import SourceProfile
from vault import keys
from vault.models import DataKey

PENDING = "keys_to_destroy"
TRIES = 5


@dataclass(frozen=True)
class Outcome:
    """What an erasure did: rows deleted by table, and counts."""

    rows: dict[str, int]
    source_profiles: int
    keys: int
    suppressed: int
    shared: int
    not_searched: list[str]


def erase(request: SubjectRequest, *, actor: str, now: datetime) -> Outcome:
    """Carry out an approved erasure, or go on with one that was interrupted; a completed one answers the same again.

    Not to be called inside a transaction. Raises `privacy.requests.NotOpen`, `privacy.requests.WrongKind`.
    """
    request = _begin(request, actor=actor, now=now)
    if request.state != COMPLETED:
        request = _through_deadlocks(request, actor=actor, now=now)
        _destroy_keys(request)
        request = _end(request, actor=actor, now=now)
    return Outcome(**request.outcome)


def _begin(request: SubjectRequest, *, actor: str, now: datetime) -> SubjectRequest:
    with transaction.atomic(durable=True):
        request = requests.lock(request, kinds=[ERASURE], states=[APPROVED, IN_PROGRESS, COMPLETED])
        if request.state == APPROVED:
            request.state = IN_PROGRESS
            request.save(update_fields=["state"])
            requests.take_step(request, "erasure begun", actor=actor, now=now)
    return request


def _through_deadlocks(request: SubjectRequest, *, actor: str, now: datetime) -> SubjectRequest:
    """Rows deleted, even while a worker holds some of them and waits for us: PostgreSQL then ends one of the two."""
    for _ in range(TRIES - 1):
        try:
            return _delete_rows(request, actor=actor, now=now)
        except OperationalError as error:
            if not isinstance(error.__cause__, DeadlockDetected):
                raise
    return _delete_rows(request, actor=actor, now=now)


def _delete_rows(request: SubjectRequest, *, actor: str, now: datetime) -> SubjectRequest:
    with transaction.atomic(durable=True):
        request = requests.lock(request, kinds=[ERASURE], states=[IN_PROGRESS, COMPLETED])
        if request.outcome:
            return request
        ledger.lock()
        suppression.close_the_door()
        subject = _hold(request.profile_id)
        listed = list_person(subject, request=request, now=now)
        queue_erasures(subject.profiles, request=request.pk, now=now)
        request.outcome = {
            "rows": _delete(subject),
            "source_profiles": len(subject.source_profiles),
            "keys": DataKey.objects.filter(id__in=subject.source_profiles).count(),
            "suppressed": listed.own,
            "shared": listed.shared,
            "not_searched": [table.model for table in not_attributable()],
            PENDING: sorted(id.hex for id in subject.source_profiles),
        }
        request.profile_id, request.note = subject.profile or request.profile_id, ""
        request.save(update_fields=["outcome", "profile_id", "note"])
        SubjectRequest.objects.filter(profile_id__in=subject.profiles).update(note="")
        requests.take_step(request, "rows deleted", actor=actor, now=now, detail={"rows": request.outcome["rows"]})
    return request


def _destroy_keys(request: SubjectRequest) -> None:
    keys.destroy([UUID(hex) for hex in request.outcome.get(PENDING, [])])


def _end(request: SubjectRequest, *, actor: str, now: datetime) -> SubjectRequest:
    with transaction.atomic(durable=True):
        request = requests.lock(request, kinds=[ERASURE], states=[IN_PROGRESS, COMPLETED])
        if request.state == COMPLETED:
            return request
        outcome = {name: value for name, value in request.outcome.items() if name != PENDING}
        if request.profile_id:
            append([News(request.profile_id, PROFILE_ERASED, {"request": str(request.pk)})], now=now)
        return requests.complete(request, outcome=outcome, actor=actor, now=now)


def _hold(profile_id: UUID | None) -> Subject:
    """The person and their records in flight, locked: nobody adds to them meanwhile. Nobody, when already gone."""
    try:
        subject = _with_records_in_flight(subjects.find(profile_id))
    except UnknownProfile:
        return NOBODY
    for model, ids in ((Profile, subject.profiles), (SourceProfile, subject.source_profiles)):
        list(model._default_manager.filter(pk__in=ids).order_by("pk").select_for_update().values_list("pk"))
    return subject


def _with_records_in_flight(subject: Subject) -> Subject:
    """The subject with source profiles that nobody has resolved yet, but that bear what is this person's alone."""
    in_flight = suppression.unassigned_bearers(suppression.own_pairs(subject))
    return replace(subject, source_profiles=subject.source_profiles | in_flight)


def _delete(subject: Subject) -> dict[str, int]:
    """Delete what the annotations call the subject's, in their order, and what hangs on it. Rows by table."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL onym.erasing = 'on'")
    ledger.forget(subject.source_profiles, profiles=subject.profiles)
    rows: Counter[str] = Counter()
    for table in sorted(erasable(), key=lambda table: table.erase_order):
        rows.update(rows_of(table, subject).delete()[1])
    return {model: count for model, count in sorted(rows.items()) if count}
