"""The review queue: pairs that may be one person, on which nobody has decided yet, in the order of
`identity.review_order`.

However many wait, a page asks for few of them: no more than `MOST` are counted.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from console.ids import uuid_in
from identity.models import IN_REVIEW, Assignment, Match, Verdict
from identity.review_order import BY_LIMIT, CONTRADICTS, DISTANCE, EVEN, KIND, OTHERWISE, UNDECIDED, kind_of

ORDER = ("kind", "distance", "id")
MOST = 1_000
# Why a pair waits, as an address and the filter say it.
WHY = {
    "undecided": "Undecided by evidence",
    "limit": "Held back by a limit",
    "otherwise": "Held back by something else",
    "contradicts": "Contradicts itself",
}
_KINDS = {"undecided": UNDECIDED, "limit": BY_LIMIT, "otherwise": OTHERWISE, "contradicts": CONTRADICTS}


@dataclass(frozen=True)
class Part:
    """A part of the queue: pairs that wait for this reason, and of which one side comes from this source."""

    why: str = ""
    source: UUID | None = None

    @property
    def query(self) -> str:
        """How the part is called in an address."""
        named = {"why": self.why, "source": str(self.source or "")}
        return urlencode({name: value for name, value in named.items() if value})


ALL = Part()


def part_in(asked: Mapping[str, str]) -> Part:
    """The part that an address asks for; what it cannot mean is left out."""
    why = asked.get("why", "")
    return Part(why if why in WHY else "", uuid_in(asked.get("source", "")))


def waiting(part: Part = ALL) -> "QuerySet[Match]":
    """Pairs in review, without those that a verdict settled or that meanwhile came together by other evidence."""
    settled = Verdict.objects.filter(undone_at=None, left=OuterRef("left"), right=OuterRef("right"))
    found = Match.objects.filter(~Exists(settled), ~Exists(_together()), state=IN_REVIEW)
    if part.why:
        found = found.alias(kind=KIND).filter(kind=_KINDS[part.why])
    return found.filter(Q(left__source=part.source) | Q(right__source=part.source)) if part.source else found


def in_order(pairs: "QuerySet[Match]") -> "QuerySet[Match]":
    """The pairs by whose answers the model learns most come first."""
    return pairs.alias(kind=KIND, distance=DISTANCE).order_by(*ORDER)


def after(match: Match, part: Part = ALL) -> Match | None:
    """The pair that stands behind this one in this part of the queue, whether this one still waits or not; behind the
    last the first."""
    queue = in_order(waiting(part).exclude(pk=match.pk))
    kind, distance = kind_of(match.evidence), abs(match.probability - EVEN)
    alike = queue.filter(Q(kind=kind))
    # Each alone is the next step along the index; one condition for all would be a look at every pair.
    behind = (alike.filter(Q(distance=distance, id__gt=match.pk)), alike.filter(Q(distance__gt=distance)))
    steps = (*behind, queue.filter(Q(kind__gt=kind)), queue)
    return next((found for step in steps if (found := step.first())), None)


def count(part: Part = ALL) -> int:
    """How many pairs wait in this part; one more than `MOST` stands for any more."""
    return waiting(part)[: MOST + 1].count()


def told(pairs: int) -> str:
    """A count as it is shown."""
    return f"{MOST:,}+" if pairs > MOST else f"{pairs:,}"


def count_by_why(source: UUID | None) -> dict[str, int]:
    """How many pairs wait for each reason, of all sources or of this one."""
    return {why: count(Part(why, source)) for why in WHY}


def count_by_source(why: str) -> dict[UUID, int] | None:
    """How many pairs have a side of each source, of those that wait for this reason or of all; None where these are
    more than `MOST`."""
    rows = list(waiting(Part(why)).values_list("left__source", "right__source")[: MOST + 1])
    if len(rows) > MOST:
        return None
    return dict(Counter(source for sides in rows for source in {*sides}))


def _together() -> "QuerySet[Assignment]":
    """The right one's current assignment, where the left one is in the same profile."""
    left = Assignment.objects.current().filter(source_profile=OuterRef(OuterRef("left")), profile=OuterRef("profile"))
    return Assignment.objects.current().filter(Exists(left), source_profile=OuterRef("right"))
