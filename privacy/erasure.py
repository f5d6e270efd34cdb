"""Erasure: a person's rows deleted, their keys destroyed, and what must not come back remembered.

Each stage commits before the next begins, so an erasure that is interrupted anywhere is taken up again by calling
`erase` once more, and never reports itself done before it is:

1. begin: the request is in progress, and its case holds what the proof will search for;
2. rows: suppression list written, rows deleted, tombstones set, the keys still to be destroyed noted on the request;
3. mentions: the quarantine, sessions, logs and notes opened and searched; what bears the person deleted;
4. keys: destroyed in the key store, which is another database;
5. end: the request completed with counts alone, and the change told.

Whatever was about to be taken in when the rows went (`suppression.pass_the_door`) has either been stored before, and
went with them, or meets the suppression list.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import connection, transaction

from identity import blocking_values, households, ledger, settle_runs
from identity.learning import learned_from
from identity.models import Profile
from outbox.changes import PROFILE_ERASED, News, append
from outbox.deliveries import queue_erasures
from privacy import (
    epoch,
    erasure_case,
    erasure_ledger,
    exports,
    holds,
    mentions,
    requests,
    sign_ups,
    subjects,
    suppression,
)
from privacy.holdings import erasable, rows_of
from privacy.mentions import Mentions
from privacy.models import APPROVED, COMPLETED, ERASURE, IN_PROGRESS, ErasureCase, SubjectRequest, Tombstone
from privacy.search import Search
from privacy.subjects import NOBODY, Subject, UnknownProfile
from privacy.suppression_of_person import Listed, list_person
from privacy.wanted import open_wanted
from records.models import SourceProfile
from vault import keys
from vault.crossing import again_when_crossed
from vault.models import DataKey

PENDING = "keys_to_destroy"
MATCH_MODEL = "identity.MatchModel"


@dataclass(frozen=True)
class Outcome:
    """What an erasure did: rows deleted by table, and counts."""

    rows: dict[str, int]
    source_profiles: int
    keys: int
    suppressed: int
    shared: int
    mentions: dict[str, int]
    retrain: list[str]


def erase(request: SubjectRequest, *, actor: str, now: datetime) -> Outcome:
    """Carry out an approved erasure, or go on with one that was interrupted; a completed one answers the same again.

    Not to be called inside a transaction. Raises `privacy.requests.NotOpen`, `privacy.requests.WrongKind`, and
    `privacy.holds.Held` while a legal hold stands: then nothing was destroyed, and the request stays approved.
    """
    request = _begin(request, actor=actor, now=now)
    if request.state != COMPLETED:
        # A worker may hold some of the rows and wait for us: PostgreSQL then ends one of the two.
        request = again_when_crossed(partial(_delete_rows, request, actor=actor, now=now))
        request = _erase_mentions(request, actor=actor, now=now)
        _destroy_keys(request, now=now)
        request = _end(request, actor=actor, now=now)
    return Outcome(**request.outcome)


def _begin(request: SubjectRequest, *, actor: str, now: datetime) -> SubjectRequest:
    with transaction.atomic(durable=True):
        request = requests.lock(request, kinds=[ERASURE], states=[APPROVED, IN_PROGRESS, COMPLETED])
        if request.state == APPROVED:
            _must_not_be_held(request, now=now)
            erasure_case.prepare(request, now=now)
            request.state = IN_PROGRESS
            request.save(update_fields=["state"])
            requests.take_step(request, "erasure begun", actor=actor, now=now)
    return request


def _must_not_be_held(request: SubjectRequest, *, now: datetime) -> None:
    try:
        subject = subjects.find(request.profile_id)
    except UnknownProfile:
        return
    holds.must_not_be_held(subject.source_profiles, at=now)


def _delete_rows(request: SubjectRequest, *, actor: str, now: datetime) -> SubjectRequest:
    with transaction.atomic(durable=True):
        request = requests.lock(request, kinds=[ERASURE], states=[IN_PROGRESS, COMPLETED])
        if request.outcome:
            return request
        ledger.lock()
        suppression.close_the_door()
        subject = _hold(request.profile_id)
        holds.must_not_be_held(subject.source_profiles, at=now)
        case = erasure_case.prepare(request, now=now)
        erasure_case.remember(case, subject, now=now)
        retrain = [f"{MATCH_MODEL} {version}" for version in learned_from(subject.source_profiles)]
        listed = list_person(subject, request=request, now=now)
        blocking_values.forget(suppression.sole_pairs(subject))
        exports.forget(subject.profiles, now=now)
        unconfirmed = sign_ups.forget_addresses_of(subject)
        queue_erasures(subject.profiles, request=request.pk, now=now)
        with households.moving_out(subject.profiles, now=now):
            rows = delete_rows_of(subject)
        request.outcome = {
            "rows": rows,
            "source_profiles": len(subject.source_profiles),
            "keys": DataKey.objects.filter(id__in=subject.source_profiles).count(),
            "suppressed": listed.own,
            "shared": listed.shared,
            "mentions": {},
            "retrain": retrain,
            PENDING: sorted(id.hex for id in {*subject.source_profiles, *unconfirmed}),
        }
        case.rows_gone_at = now
        case.save()
        Tombstone.objects.bulk_create(
            [Tombstone(profile_id=id, erased_at=now, request=request) for id in sorted(subject.profiles)],
            ignore_conflicts=True,
        )
        request.profile_id, request.note = subject.profile or request.profile_id, ""
        request.save(update_fields=["outcome", "profile_id", "note"])
        SubjectRequest.objects.filter(profile_id__in=subject.profiles).update(note="")
        holds.forget_words(subject.profiles)
        requests.take_step(request, "rows deleted", actor=actor, now=now, detail={"rows": request.outcome["rows"]})
        if subject != NOBODY:
            epoch.note(_news(request, subject, listed), now=now)
    return request


def _news(request: SubjectRequest, subject: Subject, listed: Listed) -> erasure_ledger.News:
    """What the erasure ledger remembers of this erasure: ids and keyed hashes, enough to repeat it after a restore."""
    return erasure_ledger.News(
        kind=erasure_ledger.ERASED,
        request=request.pk,
        profiles=tuple(sorted(subject.profiles)),
        source_profiles=tuple(sorted(subject.source_profiles)),
        hashes=tuple(listed.hashes),
        pairs=tuple(sorted(listed.pairs)),
    )


def _erase_mentions(request: SubjectRequest, *, actor: str, now: datetime) -> SubjectRequest:
    """Search what names nobody in a column, and delete what bears the person. Searching takes no lock."""
    case = ErasureCase.objects.get(pk=request.pk)
    if case.mentions_erased_at is not None:
        return request
    found = Mentions()
    if case.sealed is not None:
        wanted = open_wanted(case, actor=erasure_case.STAGE, now=now)
        found = mentions.find(Search(wanted), request_id=request.pk, now=now)
    with transaction.atomic(durable=True):
        request = requests.lock(request, kinds=[ERASURE], states=[IN_PROGRESS, COMPLETED])
        case = ErasureCase.objects.select_for_update().get(pk=request.pk)
        if case.mentions_erased_at is None:
            rows = mentions.erase(found, request_id=request.pk, now=now)
            request.outcome["mentions"] = rows
            request.outcome[PENDING] = sorted(
                {*request.outcome.get(PENDING, []), *(id.hex for id in (*found.quarantined, *found.uploads))}
            )
            request.save(update_fields=["outcome"])
            case.mentions_erased_at = now
            case.save(update_fields=["mentions_erased_at"])
            requests.take_step(request, "mentions erased", actor=actor, now=now, detail={"rows": rows})
    return request


def _destroy_keys(request: SubjectRequest, *, now: datetime) -> None:
    keys.destroy([UUID(hex) for hex in request.outcome.get(PENDING, [])])
    ErasureCase.objects.filter(pk=request.pk, keys_gone_at=None).update(keys_gone_at=now)


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


def delete_rows_of(subject: Subject) -> dict[str, int]:
    """Delete what the annotations call the subject's, in their order, and what hangs on it. Rows by table."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL onym.erasing = 'on'")
    ledger.forget(subject.source_profiles, profiles=subject.profiles)
    settle_runs.step_back(subject.source_profiles)
    rows: Counter[str] = Counter()
    for table in sorted(erasable(), key=lambda table: table.erase_order):
        rows.update(rows_of(table, subject).delete()[1])
    return {model: count for model, count in sorted(rows.items()) if count}
