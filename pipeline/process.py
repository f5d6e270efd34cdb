"""Process: the whole story of a batch, from records that were taken in to changes that others may be told.

resolve → what people had put right → committed. Then: golden record → ask consent again → features → memberships →
changes → households. Two transactions, both safe to repeat: the first leaves word of what is to follow. Workers look
for who is who side by side and enter it in turns (`identity.turns`); what follows is computed beside that, and beside
others.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

import structlog
from django.db import InterfaceError, OperationalError, transaction

from identity import blocked, households, ledger, turns
from identity.profiles import living, profile_of
from identity.resolve import Resolution, resolve
from outbox import changes
from pipeline import faults, following, queue
from pipeline.garbage import uncollected
from pipeline.queue import Waiting
from privacy import epoch, rectification
from records import source_profiles
from segments.following import follow
from segments.imputation.measure import keep_current
from segments.refresh import lock_profiles, refresh
from vault.cursors import plan_for_all
from vault.questions import answer, ask, unhurried
from vault.rotation_lock import hold_off

log = structlog.get_logger()

BATCH = 5_000
# Of so few the statements are planned for all alike: once these tables are known to PostgreSQL.
MICRO_BATCH = 200
LARGE = ("records_sourceprofile", "records_identifier", "records_attribute", "identity_assignment")
OTHERS = (
    *("identity_blockingtoken", "identity_matchingview", "identity_deviceepisode", "identity_match"),
    "identity_verdict",
    *("consent_act", "consent_annulment", "consent_restriction", "records_correction"),
)
# The database is away or busy: that is nobody's fault.
AWAY = (InterfaceError, OperationalError)
# Of whom what follows failed is tried again then.
NEXT_TURN = timedelta(minutes=5)
# Where it fails for so many and nobody else, it is not their fault either.
MOST_AT_FAULT = 10


def process_batch(*, now: datetime, limit: int = BATCH) -> int:
    """Process the oldest work that nobody else holds. Returns how many source profiles it was; 0 when none waits.

    Raises `privacy.epoch.Behind` while the database is a restored one that misses erasures.
    """
    resolved = resolve_batch(now=now, limit=limit)
    return max(resolved, follow_batch(now=now, limit=limit))


def resolve_batch(*, now: datetime, limit: int = BATCH) -> int:
    """Settle who is who of the oldest work that nobody else holds. Returns how many source profiles that was about, of
    whom some may wait again: those whom others were just faster with."""
    epoch.must_be_current()
    with transaction.atomic(), uncollected():
        with unhurried():
            ledger.join_resolvers()
            hold_off(at_once=False)
            last = ask(turns.last())
            with queue.take(limit, and_ask=blocked.last_words()) as taken:
                work = taken.work
                if not work:
                    return 0
                few = len(work) <= MICRO_BATCH
                if few:
                    plan_for_all(large=LARGE, others=OTHERS)
                source_profiles.keys_seen_again(_seen(work))
                nobodys, since = blocked.standing_by(taken.answered), None if few else last.answer()
                resolution = resolve(work, now=now, nobodys=nobodys, since=since)
                taken.put_back.update(resolution.overtaken)
                done = {id: news for id, news in work.items() if id not in taken.put_back}
                put_right = answer(rectification.anything_put_right(resolution.profiles))
                if not put_right:
                    _leave_word(done, resolution, now=now)
        if put_right:
            rectification.stand_by(resolution.profiles, now=now)
            _leave_word(done, resolution, now=now)
        return len(work)


def _seen(work: Mapping[UUID, Waiting]) -> dict[UUID, datetime]:
    return {id: one.seen_at for id, one in work.items() if one.seen_at}


def _leave_word(work: Mapping[UUID, Waiting], resolution: Resolution, *, now: datetime) -> None:
    """Let the rest follow, and others be told who is who."""
    following.note({id: one.since for id, one in work.items()}, resolution.profiles)
    source_profiles.seen_again(_seen(work))
    changes.append(resolution.news, now=now)


def follow_batch(*, now: datetime, limit: int = BATCH) -> int:
    """Compute what follows from who is who, of what nobody else is at.

    Returns how many source profiles it was, or profiles where it was these alone; 0 when none waits. Where it fails
    each is tried alone, so that nobody who fails stops the others.
    """
    epoch.must_be_current()
    try:
        return _follow_some(limit, now=now)
    except AWAY:
        raise
    except Exception:
        return _follow_one_by_one(limit, now=now)


def _follow_some(limit: int, *, now: datetime, these: Collection[int] | None = None) -> int:
    with transaction.atomic(), uncollected():
        ledger.join_followers()
        with following.take(limit, now=now, these=these) as (since, profiles):
            if since or profiles:
                _follow(since, profiles, now=now)
            return len(since) or len(profiles)


def _follow_one_by_one(limit: int, *, now: datetime) -> int:
    """Profile by profile: who fails gets another turn later. Raises the error where it fails for all of many."""
    done = failed = 0
    for entries in _by_profile(limit, now=now):
        try:
            done += _follow_some(limit, now=now, these=entries)
        except AWAY:
            raise
        except Exception as error:
            following.put_back(entries, until=now + NEXT_TURN)
            log.error("what follows failed for a profile, which gets another turn", **faults.told(error))
            failed += 1
            if failed >= MOST_AT_FAULT and not done:
                raise
    return done + failed


def _by_profile(limit: int, *, now: datetime) -> Collection[list[int]]:
    """The oldest entries of what is to follow, together where they are about one profile by now."""
    rows = following.oldest(limit, now=now)
    homes = profile_of([source_profile for _, source_profile, _ in rows if source_profile])
    found: dict[UUID | None, list[int]] = defaultdict(list)
    for entry, source_profile, profile in rows:
        found[profile or (homes.get(source_profile) if source_profile else None)].append(entry)
    return found.values()


def _follow(since: dict[UUID, date | None], profiles: set[UUID], *, now: datetime) -> None:
    """Of these profiles, and of those to which these source profiles belong by now."""
    changed = lock_profiles(profiles | set(profile_of(since).values()))
    follow(changed, now=now, since=since)


def let_time_pass(*, now: datetime) -> None:
    """Compute features, memberships and households of everybody anew: recency grows without any record, and consent
    ends.

    What features that are not known are taken to be is measured before, once a day.
    """
    epoch.must_be_current()
    keep_current(now=now)
    ids = list(living().order_by("id").values_list("id", flat=True))
    for start in range(0, len(ids), BATCH):
        with transaction.atomic(), uncollected():
            changes.append(refresh(ids[start : start + BATCH], now=now), now=now)
            households.refresh(ids[start : start + BATCH], now=now)
