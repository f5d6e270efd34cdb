"""Replaying the erasure ledger on a restored backup: what was erased since is erased again before anybody is served."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from identity import households, ledger
from identity.models import Assignment, Profile
from identity.profiles import profile_of
from outbox.deliveries import queue_erasures
from privacy import epoch, erasure_ledger, requests, sign_ups, suppression
from privacy.epoch import Behind
from privacy.erasure import delete_rows_of
from privacy.erasure_ledger import ERASED, LIFTED, Entry
from privacy.models import COMPLETED, ERASURE, HIGH, VOUCHED, SubjectRequest, Tombstone
from privacy.subjects import Subject
from records.models import SourceProfile
from vault import keys

LEDGER = "erasure ledger"


@dataclass(frozen=True)
class Replayed:
    """What a replay did: entries repeated, rows deleted, keys destroyed, hashes put back on the suppression list."""

    entries: int = 0
    rows: int = 0
    keys: int = 0
    suppressed: int = 0

    def __add__(self, other: "Replayed") -> "Replayed":
        return Replayed(
            self.entries + other.entries,
            self.rows + other.rows,
            self.keys + other.keys,
            self.suppressed + other.suppressed,
        )


def replay(*, actor: str, now: datetime) -> Replayed:
    """Repeat every erasure that this database does not know of, in order. Safe to interrupt and to repeat.

    Raises `privacy.erasure_ledger.LedgerBroken`, and `privacy.epoch.Behind` when the database knows erasures that the
    ledger does not: then the ledger is the one to restore.
    """
    stands = epoch.current()
    if erasure_ledger.hash_at(stands.sequence) != stands.hash:
        raise Behind(f"the database knows entries that {erasure_ledger.path()} does not hold: put back its last copy")
    done = Replayed()
    for entry in erasure_ledger.entries(after=stands.sequence):
        done += _repeat(entry, actor, now)
    return done


def _repeat(entry: Entry, actor: str, now: datetime) -> Replayed:
    """One entry, and the database's epoch after it. Keys go first: whoever interrupts us leaves nothing readable."""
    news = entry.news
    destroyed = keys.destroy(news.source_profiles)
    with transaction.atomic(durable=True):
        ledger.lock()
        suppression.close_the_door()
        if epoch.current(lock=True).sequence >= entry.head.sequence:
            return Replayed()
        if news.kind == ERASED:
            done = _erase_again(entry, actor, now)
        else:
            back = news.kind == LIFTED
            suppression.lift_again(news.hashes, request=news.request, brings_back=back, by=LEDGER, now=entry.at)
            done = Replayed(entries=1)
        epoch.stand_at(entry.head, now=now)
    return done + Replayed(keys=destroyed)


def _erase_again(entry: Entry, actor: str, now: datetime) -> Replayed:
    news = entry.news
    with connection.cursor() as cursor:
        # A hold that stood when the backup was made had been lifted, or the erasure would not be on the ledger.
        cursor.execute("SET LOCAL onym.replaying = 'on'")
    subject = _as_restored(entry)
    strays = subject.source_profiles - set(news.source_profiles)
    unconfirmed = sign_ups.forget_pairs({*news.pairs, *suppression.pairs_of(subject.source_profiles)})
    destroyed = keys.destroy({*strays, *unconfirmed})
    with households.moving_out(subject.profiles, now=now):
        rows = delete_rows_of(subject)
    request = _request_of(entry, now)
    suppression.put(news.hashes, request=request.pk, now=entry.at)
    Tombstone.objects.bulk_create(
        [Tombstone(profile_id=id, erased_at=entry.at, request=request) for id in news.profiles], ignore_conflicts=True
    )
    queue_erasures(subject.profiles, request=request.pk, now=now)
    requests.take_step(request, "erased again after a restore", actor=actor, now=now, detail={"rows": rows})
    return Replayed(1, sum(rows.values()), destroyed, len(news.hashes))


def _as_restored(entry: Entry) -> Subject:
    """The person as this database has them: the ledger's ids, and whoever bears what was theirs alone.

    A backup may hold source profiles that had gone before the erasure; those that nobody else has are the person's.
    """
    news = entry.news
    bearers = suppression.bearers(news.pairs) - set(news.source_profiles)
    homes = profile_of(bearers)
    own = {id for id in bearers if homes.get(id) in {None, *news.profiles}}
    mates = Assignment.objects.current().filter(profile__in=news.profiles)
    own |= set(mates.values_list("source_profile_id", flat=True)) & bearers
    source_profiles = frozenset({*news.source_profiles, *own})
    for model, ids in ((Profile, news.profiles), (SourceProfile, source_profiles)):
        list(model._default_manager.filter(pk__in=ids).order_by("pk").select_for_update().values_list("pk"))
    return Subject(news.profiles[0] if news.profiles else None, frozenset(news.profiles), source_profiles)


def _request_of(entry: Entry, now: datetime) -> SubjectRequest:
    """The request that was carried out, completed: as the backup has it, or made anew from the ledger."""
    found = SubjectRequest.objects.filter(pk=entry.news.request).first()
    if found is None:
        day = entry.at.date()
        found = SubjectRequest(
            pk=entry.news.request,
            kind=ERASURE,
            received_at=entry.at,
            opened_at=entry.at,
            opened_by=LEDGER,
            first_due_date=day,
            due_date=day,
            profile_id=entry.news.profiles[0] if entry.news.profiles else None,
        )
    if found.state != COMPLETED:
        if found.verified_at is None:
            found.verified_at, found.verified_by = entry.at, LEDGER
            found.verification, found.assurance = VOUCHED, HIGH
        found.approved_at, found.approved_by = found.approved_at or entry.at, found.approved_by or f"{LEDGER} replay"
        found.state, found.completed_at, found.ended_at, found.note = COMPLETED, now, now, ""
        found.outcome = {"replayed": True, "suppressed": len(entry.news.hashes)}
        found.save()
    return found
