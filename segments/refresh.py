"""Refresh: features and memberships of these profiles as they should be now, as far as consent allows."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict
from datetime import date, datetime
from uuid import UUID

from django.db import connection, transaction

from outbox.changes import News
from records.retention import cutoffs
from segments import activity, membership
from segments.consented import ANALYTICS, Consented, ask
from segments.features import registry
from segments.features.feature import Values
from segments.imputation.policies import estimates_of, standing
from segments.rules.definition import Value
from segments.rules.evaluate import Estimates
from vault.arrays import Uuids
from vault.cursors import planned_cursor
from vault.ids import in_order

AT_ONCE = 5_000

FORGET = "DELETE FROM segments_profilefeatures WHERE profile_id = ANY(%b::uuid[])"
KEEP = """
INSERT INTO segments_profilefeatures (profile_id, values, estimated, computed_at)
SELECT profile_id, known::jsonb, guessed::jsonb, %s
FROM unnest(%b::uuid[], %b::text[], %b::text[]) AS fresh (profile_id, known, guessed)
ON CONFLICT (profile_id) DO UPDATE
SET values = excluded.values, estimated = excluded.estimated, computed_at = excluded.computed_at
"""

# These profiles, so that no one else refreshes them meanwhile; rows that refer to them may still be written.
LOCK = "SELECT id FROM identity_profile WHERE id = ANY(%b::uuid[]) ORDER BY id FOR NO KEY UPDATE"


def refresh(
    profile_ids: Collection[UUID], *, now: datetime, since: Mapping[UUID, date | None] | None = None
) -> list[News]:
    """Compute features, scores and memberships of these profiles, and return who entered and left which segment.

    `since` tells from which day on the records of a source profile have changed.

    Profiles for which consent to analytics does not stand lose activity and features and leave every segment; a segment
    holds only those to whom its own purpose and channel are allowed. What is not known of a profile is estimated where
    a policy says so, and kept apart from what is. Unknown profiles are passed over. Safe to run
    twice and by several at once. The number of queries depends on the segments' purposes, not on the profiles (up to
    5,000).
    """
    with transaction.atomic():
        return [item for ids in _portions(profile_ids) for item in _refresh(ids, since or {}, now=now)]


def _portions(profile_ids: Collection[UUID]) -> Iterator[list[UUID]]:
    """The ids in ascending order, which is the order of the locks, a few thousand at a time."""
    ordered = in_order(set(profile_ids))
    yield from (ordered[start : start + AT_ONCE] for start in range(0, len(ordered), AT_ONCE))


def _refresh(profile_ids: list[UUID], since: Mapping[UUID, date | None], *, now: datetime) -> list[News]:
    locked = lock_profiles(profile_ids)
    people = ask(locked, now=now)
    theirs = {id for ids in people.owned.values() for id in ids}
    activity.follow(theirs, refused=people.refused, since=since, cutoffs=cutoffs(ANALYTICS, now=now))
    values = registry.compute(people.owned, now=now)
    estimates = estimates_of(standing())
    _keep(values, estimates, people, now=now)
    return membership.renew(people, values, estimates, now=now)


def lock_profiles(profile_ids: Collection[UUID]) -> list[UUID]:
    """Those of these profiles that exist, so locked that nobody else refreshes them before this transaction ends."""
    with planned_cursor() as cursor:
        cursor.execute(LOCK, [Uuids(profile_ids)])
        return [row[0] for row in cursor.fetchall()]


def _keep(values: Values, estimates: Estimates, people: Consented, *, now: datetime) -> None:
    known = [json.dumps(one) for one in values.values()]
    with connection.cursor() as cursor:
        cursor.execute(FORGET, [list(people.refused)])
        cursor.execute(KEEP, [now, list(values), known, [_guessed(one, estimates) for one in values.values()]])


def _guessed(known: Mapping[str, Value], estimates: Estimates) -> str:
    missing = {slug: asdict(estimate) for slug, estimate in estimates.items() if slug not in known}
    return json.dumps(missing) if missing else "{}"
