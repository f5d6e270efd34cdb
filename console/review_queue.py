"""The review queue: pairs that may be one person, on which nobody has decided yet.

Those come first by whose answers the match model learns most: the closer to even odds, the more an answer tells. Of a
pair that was likely enough to be joined, and that something else holds back, it learns nothing.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Abs

from console.ids import uuid_in
from identity.given_answers import link_then, teaches
from identity.models import IN_REVIEW, Assignment, Match, Verdict
from identity.waiting import HELD_BACK, LIMIT

ORDER = ("teaches_nothing", "from_even_odds", "id")
EVEN = 0.5
UNDECIDED, BY_LIMIT, OTHERWISE = "undecided", "limit", "otherwise"
# Why a pair waits, as the filter says it.
WHY = {
    UNDECIDED: "Undecided by evidence",
    BY_LIMIT: "Held back by a limit",
    OTHERWISE: "Held back by something else",
}
# The evidence of a pair that something holds back has a step that says what.
_WHY = Case(
    When(evidence__contains=[[LIMIT]], then=Value(BY_LIMIT)),
    When(evidence__contains=[[HELD_BACK]], then=Value(OTHERWISE)),
    default=Value(UNDECIDED),
    output_field=CharField(),
)


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
        found = found.alias(why=_WHY).filter(why=part.why)
    return found.filter(Q(left__source=part.source) | Q(right__source=part.source)) if part.source else found


def in_order(pairs: "QuerySet[Match]") -> "QuerySet[Match]":
    """The pairs by whose answers the model learns most come first."""
    teaches_nothing = Case(When(probability__lt=link_then(), then=Value(0)), default=Value(1))
    return pairs.alias(teaches_nothing=teaches_nothing, from_even_odds=Abs(F("probability") - EVEN)).order_by(*ORDER)


def after(match: Match, part: Part = ALL) -> Match | None:
    """The pair that stands behind this one in this part of the queue, whether this one still waits or not; behind the
    last the first."""
    queue = in_order(waiting(part).exclude(pk=match.pk))
    last, distance = int(not teaches(match)), abs(match.probability - EVEN)
    farther = Q(from_even_odds__gt=distance) | Q(from_even_odds=distance, id__gt=match.pk)
    return queue.filter(Q(teaches_nothing__gt=last) | Q(teaches_nothing=last) & farther).first() or queue.first()


def count_by_why(source: UUID | None) -> dict[str, int]:
    """How many pairs wait for each reason, of all sources or of this one."""
    rows = waiting(Part(source=source)).annotate(why=_WHY).order_by().values("why")
    return dict(rows.annotate(pairs=Count("id")).values_list("why", "pairs"))


def count_by_source(why: str) -> dict[UUID, int]:
    """How many pairs have a side of each source, of those that wait for this reason or of all."""
    rows = waiting(Part(why=why)).order_by().values("left__source", "right__source")
    counts: Counter[UUID] = Counter()
    for left, right, pairs in rows.annotate(pairs=Count("id")).values_list("left__source", "right__source", "pairs"):
        counts.update(dict.fromkeys({left, right}, pairs))
    return dict(counts)


def _together() -> "QuerySet[Assignment]":
    """The right one's current assignment, where the left one is in the same profile."""
    left = Assignment.objects.current().filter(source_profile=OuterRef(OuterRef("left")), profile=OuterRef("profile"))
    return Assignment.objects.current().filter(Exists(left), source_profile=OuterRef("right"))
