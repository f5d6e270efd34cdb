"""Restrictions: while one stands, a person's data are kept and not used. Started and lifted by rows, never changed."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from consent.models import Restriction
from vault.arrays import Uuids
from vault.ids import new_id
from vault.questions import Question, Rows, answer

RESTRICTION, LEGAL_HOLD, ERASURE_PENDING = "restriction", "legal_hold", "erasure_pending"


def restrict(
    source_profiles: Collection[UUID],
    *,
    kind: str,
    actor: str,
    now: datetime,
    request: UUID | None = None,
    until: datetime | None = None,
) -> None:
    """From now on (until then, or until lifted) these may be used only as far as this kind lets them.

    "opt_out" refuses purposes that sell or share, "limit_use" those that use sensitive data, "under_16" asks for an
    opt-in to sale and sharing; every other kind refuses all that does not rest on legal obligation.
    """
    _append(source_profiles, kind=kind, lifts=False, actor=actor, now=now, request=request, until=until)


def lift(
    source_profiles: Collection[UUID], *, kind: str, actor: str, now: datetime, request: UUID | None = None
) -> None:
    """From now on restrictions of this kind no longer hold: those of this request; without one, all of them."""
    _append(source_profiles, kind=kind, lifts=True, actor=actor, now=now, request=request, until=None)


# Restrictions that had begun by then and nobody had lifted. Of rows of the same instant the later id counts.
STANDING = """
SELECT source_profile_id, kind FROM consent_restriction AS begun
WHERE source_profile_id = ANY(%(ids)b::uuid[]) AND NOT lifts
  AND occurred_at <= %(at)s AND (%(known_at)s::timestamptz IS NULL OR recorded_at <= %(known_at)s)
  AND (until IS NULL OR until > %(at)s)
  AND NOT EXISTS (
      SELECT FROM consent_restriction AS lifted
      WHERE lifted.source_profile_id = begun.source_profile_id AND lifted.kind = begun.kind AND lifted.lifts
        AND (lifted.request IS NULL OR lifted.request = begun.request)
        AND (lifted.occurred_at, lifted.id) > (begun.occurred_at, begun.id)
        AND lifted.occurred_at <= %(at)s
        AND (%(known_at)s::timestamptz IS NULL OR lifted.recorded_at <= %(known_at)s)
  )
"""


def restricted(
    source_profiles: Collection[UUID], *, at: datetime, known_at: datetime | None = None
) -> dict[UUID, set[str]]:
    """The kinds of restriction that stand for each of these at that instant; those under none are left out."""
    return answer(which_stand(source_profiles, at=at, known_at=known_at))


def which_stand(
    source_profiles: Collection[UUID], *, at: datetime, known_at: datetime | None = None
) -> Question[dict[UUID, set[str]]]:
    """The same as a question."""
    return Question(STANDING, {"ids": Uuids(source_profiles), "at": at, "known_at": known_at}, _by_source_profile)


def _by_source_profile(rows: Rows) -> dict[UUID, set[str]]:
    standing: dict[UUID, set[str]] = defaultdict(set)
    for source_profile, kind in rows:
        standing[source_profile].add(kind)
    return dict(standing)


def kinds(standing: Mapping[UUID, set[str]], source_profiles: Collection[UUID]) -> set[str]:
    """All kinds that stand for any of these source profiles of one person."""
    return set().union(*(standing[id] for id in source_profiles if id in standing)) if standing else set()


def _append(
    source_profiles: Collection[UUID],
    *,
    kind: str,
    lifts: bool,
    actor: str,
    now: datetime,
    request: UUID | None,
    until: datetime | None,
) -> None:
    rows = [
        Restriction(
            id=new_id(),
            source_profile_id=id,
            kind=kind,
            lifts=lifts,
            occurred_at=now,
            recorded_at=now,
            until=until,
            actor=actor,
            request=request,
        )
        for id in sorted(set(source_profiles))
    ]
    Restriction.objects.bulk_create(rows, batch_size=2_000)
