"""Source profiles of which no record is left: gone with all that hangs on them, but for a "no" that must hold on."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from identity import households, ledger
from identity.models import Assignment, BlockingToken
from identity.profiles import profile_of
from privacy import kept
from privacy.holdings import erasable, rows_of
from privacy.subjects import Subject
from records import source_profiles
from records.models import Attribute, Identifier
from segments.following import follow
from vault import keys

AT_ONCE = 1_000

# Source profiles that have outlived their records; those that still hold something, or that nothing needs to remember.
EMPTY = """
SELECT source_profile.id FROM records_sourceprofile AS source_profile
WHERE source_profile.source_id = %(source)s AND source_profile.created_at < %(cutoff)s
  AND NOT source_profile.id = ANY(%(held)s)
  AND NOT EXISTS (SELECT FROM records_record WHERE source_profile_id = source_profile.id)
  AND (EXISTS (SELECT FROM records_identifier WHERE source_profile_id = source_profile.id)
       OR EXISTS (SELECT FROM records_attribute WHERE source_profile_id = source_profile.id)
       OR NOT EXISTS (SELECT FROM consent_act WHERE source_profile_id = source_profile.id AND state = 'withdrawn'))
ORDER BY source_profile.id LIMIT %(limit)s
"""
SAID_NO = "SELECT DISTINCT source_profile_id FROM consent_act WHERE source_profile_id = ANY(%s) AND state = 'withdrawn'"


def forget(source: UUID, *, cutoff: datetime, now: datetime, dry_run: bool) -> tuple[int, int]:
    """Forget this source's people whose records are all gone. Returns how many, and how many a hold kept."""
    held = kept.source_profiles(now=now)
    if dry_run:
        return len(_empty(source, cutoff, held, limit=None)), 0
    done = 0
    while empty := _empty(source, cutoff, held, limit=AT_ONCE):
        _forget(empty, now)
        done += len(empty)
    return done, 0


def _empty(source: UUID, cutoff: datetime, held: Collection[UUID], *, limit: int | None) -> set[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(EMPTY, {"source": source, "cutoff": cutoff, "held": list(held), "limit": limit})
        return {row[0] for row in cursor.fetchall()}


def _forget(ids: set[UUID], now: datetime) -> None:
    """In one transaction; the keys after it. Keys that a crash leaves behind are swept up as orphans."""
    with transaction.atomic(), connection.cursor() as cursor:
        ledger.lock()
        cursor.execute(SAID_NO, [list(ids)])
        shells = {row[0] for row in cursor.fetchall()}
        homes = set(profile_of(list(ids)).values())
        cursor.execute("SET LOCAL onym.erasing = 'on'")
        _empty_shells(shells)
        _delete(ids - shells, homes, now=now)
        left = set(Assignment.objects.current().filter(profile__in=homes).values_list("profile_id", flat=True))
        follow(left, now=now)
    keys.destroy(ids)


def _empty_shells(ids: set[UUID]) -> None:
    """Nothing that tells who it was remains, only the stable key's index and the acts."""
    for model in (BlockingToken, Identifier, Attribute):
        model._default_manager.filter(source_profile__in=ids).delete()
    source_profiles.forget_generalized(ids)


def _delete(ids: set[UUID], homes: set[UUID], *, now: datetime) -> None:
    others = Assignment.objects.current().filter(profile__in=homes).exclude(source_profile__in=ids)
    emptied = homes - set(others.values_list("profile_id", flat=True))
    subject = Subject(None, frozenset(emptied), frozenset(ids))
    with households.moving_out(emptied, now=now):
        for table in sorted(erasable(), key=lambda table: table.erase_order):
            rows_of(table, subject).delete()
