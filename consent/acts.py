"""Consent acts: recorded as they were said, and never changed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from consent.models import GRANTED, WITHDRAWN, Act, Purpose
from vault.ids import new_id


@dataclass(frozen=True, slots=True)
class NewAct:
    """What a person said, on behalf of one source profile."""

    source_profile: UUID
    purpose: str
    channel: str
    state: str
    occurred_at: datetime
    how: str
    verified: bool
    actor: str = ""
    notice: str = ""
    locale: str = ""
    jurisdiction: str = ""


class UnknownPurpose(ValueError):
    """An act speaks of a purpose that does not exist."""


def record(acts: Sequence[NewAct], *, now: datetime) -> list[Act]:
    """Append these acts to the ledger. Raises `UnknownPurpose`, and then records none."""
    unknown = {act.purpose for act in acts} - purposes()
    if unknown:
        raise UnknownPurpose(f"there is no purpose {sorted(unknown)[0][:40]!r}")
    rows = [
        Act(
            id=new_id(),
            source_profile_id=act.source_profile,
            purpose_id=act.purpose,
            channel=act.channel,
            state=act.state,
            occurred_at=act.occurred_at,
            recorded_at=now,
            how=act.how,
            verified=act.verified,
            actor=act.actor,
            notice=act.notice,
            locale=act.locale,
            jurisdiction=act.jurisdiction,
        )
        for act in acts
    ]
    return Act.objects.bulk_create(rows, batch_size=2_000)


def purposes() -> set[str]:
    """The slugs of all purposes."""
    return set(Purpose.objects.values_list("slug", flat=True))


STANDING = """
SELECT DISTINCT ON (source_profile_id, purpose_id, channel) source_profile_id, purpose_id, channel, state, occurred_at
FROM consent_act WHERE source_profile_id = ANY(%s)
ORDER BY source_profile_id, purpose_id, channel, occurred_at DESC, state DESC, recorded_at DESC
"""


def news_of(acts: Sequence[NewAct]) -> list[NewAct]:
    """Those of these acts that say something new: a message repeats the same answer many times over."""
    latest = _latest({act.source_profile for act in acts})
    fresh = []
    for act in sorted(acts, key=lambda act: (act.occurred_at, act.state == WITHDRAWN)):
        key = (act.source_profile, act.purpose, act.channel)
        known = latest.get(key)
        if known is None or known[0] != act.state or _speaks_earlier(act, known):
            fresh.append(act)
            if known is None or act.occurred_at >= known[1]:
                latest[key] = (act.state, act.occurred_at)
    return fresh


def _latest(source_profiles: Collection[UUID]) -> dict[tuple[UUID, str, str], tuple[str, datetime]]:
    with connection.cursor() as cursor:
        cursor.execute(STANDING, [list(source_profiles)])
        return {(row[0], row[1], row[2]): (row[3], row[4]) for row in cursor.fetchall()}


def _speaks_earlier(act: NewAct, known: tuple[str, datetime]) -> bool:
    """A late message that grants earlier than was known changes what follows for the time between."""
    return act.state == GRANTED and act.occurred_at < known[1]
