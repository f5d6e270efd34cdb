"""The review queue: pairs that may be one person, on which nobody has decided yet."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from identity.models import IN_REVIEW, Assignment, Match, Verdict

# The likeliest first.
ORDER = ("-probability", "id")


def waiting() -> "QuerySet[Match]":
    """Pairs in review, without those that a verdict settled or that meanwhile came together by other evidence."""
    settled = Verdict.objects.filter(undone_at=None, left=OuterRef("left"), right=OuterRef("right"))
    return Match.objects.filter(~Exists(settled), ~Exists(_together()), state=IN_REVIEW)


def after(match: Match) -> Match | None:
    """The pair that stands behind this one in the queue, whether this one still waits or not; behind the last the
    first."""
    queue = waiting().exclude(pk=match.pk).order_by(*ORDER)
    less_likely = Q(probability__lt=match.probability) | Q(probability=match.probability, id__gt=match.pk)
    return queue.filter(less_likely).first() or queue.first()


def _together() -> "QuerySet[Assignment]":
    """The right one's current assignment, where the left one is in the same profile."""
    left = Assignment.objects.current().filter(source_profile=OuterRef(OuterRef("left")), profile=OuterRef("profile"))
    return Assignment.objects.current().filter(Exists(left), source_profile=OuterRef("right"))
