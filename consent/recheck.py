"""Asking again during a long run: a withdrawal that is committed meanwhile keeps out every row not yet handed over.

Before each portion the decision is asked. Before each row one cheap look tells whether anything was said, restricted,
annulled or changed since; only then the decision is asked again, for that row.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import TypeVar
from uuid import UUID

from django.db import connection
from django.utils import timezone

from consent.decide import decide_each
from vault.grants import Actor, Grant

Row = TypeVar("Row")
PORTION = 500

# How much is on record: it only grows, so where it is the same nothing has happened.
ON_RECORD = """
SELECT
    (SELECT count(*) FROM consent_act WHERE source_profile_id = ANY(%(ids)s) AND purpose_id = %(purpose)s),
    (SELECT count(*) FROM consent_annulment AS annulment JOIN consent_act AS act ON act.id = annulment.act_id
        WHERE act.source_profile_id = ANY(%(ids)s) AND act.purpose_id = %(purpose)s),
    (SELECT count(*) FROM consent_restriction WHERE source_profile_id = ANY(%(ids)s)),
    (SELECT count(*) FROM records_sourceprofile WHERE id = ANY(%(ids)s)),
    (SELECT max(id) FROM consent_purposeversion WHERE purpose_id = %(purpose)s),
    (SELECT count(*) FROM consent_notice WHERE purpose_id = %(purpose)s),
    (SELECT max(id) FROM records_sourcepurposes)
"""


def still_allowed(
    rows: Iterable[Row],
    *,
    source_profiles: Callable[[Row], Collection[UUID]],
    purpose: str,
    channel: str = "",
    actor: Actor,
    reason: str,
    clock: Callable[[], datetime],
) -> Iterator[tuple[Row, Grant]]:
    """Of these rows those whose person allows the use at the moment that each is handed over, with leave to open it.

    Run it outside a transaction, or in one of READ COMMITTED, so that it sees what others commit.
    """
    rows = iter(rows)
    while portion := list(islice(rows, PORTION)):
        people = {place: source_profiles(row) for place, row in enumerate(portion)}
        seen = {place: _on_record(ids, purpose) for place, ids in people.items()}
        first = decide_each(people, purpose=purpose, channel=channel, at=clock(), actor=actor, reason=reason)
        for place, row in enumerate(portion):
            decisions = first
            if _on_record(people[place], purpose) != seen[place] or not decisions.grant.lasts(now=timezone.now()):
                mine = {place: people[place]}
                decisions = decide_each(mine, purpose=purpose, channel=channel, at=clock(), actor=actor, reason=reason)
            if place in decisions.allowed:
                yield row, decisions.grant


def _on_record(source_profiles: Collection[UUID], purpose: str) -> tuple[int, ...]:
    with connection.cursor() as cursor:
        cursor.execute(ON_RECORD, {"ids": list(source_profiles), "purpose": purpose})
        counts: tuple[int, ...] = cursor.fetchone()
        return counts
