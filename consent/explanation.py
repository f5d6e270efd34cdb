"""Was this allowed then? The decision again, with everything that it rested on. It shares the decision's own path."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consent.evidence import gather
from consent.models import Act, Notice, PurposeVersion
from consent.notices import in_force
from consent.rules import ALLOWED


@dataclass(frozen=True)
class Explanation:
    """A decision at an instant, as known at another, and the rule, words, restrictions and notices behind it."""

    purpose: str
    channel: str
    at: datetime
    known_at: datetime | None
    decision: str
    rule: PurposeVersion | None
    acts: list[Act]
    notices: list[Notice]
    restrictions: list[tuple[UUID, str]]
    declared: list[UUID]

    @property
    def allowed(self) -> bool:
        return self.decision == ALLOWED


def explain(
    source_profiles: Collection[UUID],
    *,
    purpose: str,
    channel: str = "",
    at: datetime,
    known_at: datetime | None = None,
) -> Explanation:
    """Why `decide` answers as it does for this person: the ledger entries that count, oldest first, and the rest.

    The notices are those that the entries name, and what was published at the time. Hands out no grant.
    """
    evidence = gather(source_profiles, purpose=purpose, channel=channel, at=at, known_at=known_at)
    version = evidence.version
    acts = list(
        Act.objects.filter(id__in=[said.act for said in evidence.said.values()])
        .select_related("purpose")
        .order_by("occurred_at", "id")
    )
    named = Notice.objects.filter(hash__in={act.notice for act in acts if act.notice}, purpose=purpose)
    told = {notice.id: notice for notice in (*named, *in_force(purpose, at=at, known_at=known_at))}
    return Explanation(
        purpose=purpose,
        channel=channel,
        at=at,
        known_at=known_at,
        decision=evidence.conclude(source_profiles),
        rule=PurposeVersion.objects.get(id=version.version) if version else None,
        acts=acts,
        notices=sorted(told.values(), key=lambda notice: (notice.version, notice.locale)),
        restrictions=sorted((id, kind) for id, kinds in evidence.restricted.items() for kind in kinds),
        declared=sorted(evidence.declared),
    )
