"""Which of the answers that people give to the review queue the match model learns of."""

from dataclasses import dataclass

from django.db import connection
from django.db.models import FloatField, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from identity.answers import DOUBTFUL, STANDING
from identity.matching import LINK
from identity.models import Match, RuleVersion
from identity.waiting import HELD_BACK, LIMIT

# Decisions about pairs that waited for one, and those of them that count.
GIVEN = f"""
SELECT count(DISTINCT (verdict.actor, verdict.decided_at)),
       count(DISTINCT (verdict.actor, verdict.decided_at)) FILTER (WHERE {DOUBTFUL})
{STANDING} AND ({DOUBTFUL} OR match.evidence @> '[["{HELD_BACK}"]]' OR match.evidence @> '[["{LIMIT}"]]')
"""


@dataclass(frozen=True, slots=True)
class Given:
    """How many answers people have given to the review queue that stand, and how many of them the model will learn of
    at most."""

    answers: int
    counted: int


def given() -> Given:
    """What people have answered by now."""
    with connection.cursor() as cursor:
        cursor.execute(GIVEN, [LINK, LINK])
        return Given(*cursor.fetchone())


def link_then() -> Coalesce:
    """Of a match: from which probability on pairs were joined when it was found. Of a less likely one the model
    learns."""
    then = RuleVersion.objects.filter(saved_at__lte=OuterRef("found_at")).order_by("-number")
    return Coalesce(Subquery(then.values("link")[:1]), Value(LINK), output_field=FloatField())


def teaches(match: Match) -> bool:
    """Whether an answer about this pair counts when the model is learned: it does where how likely it is left it open,
    and not where it is likely enough to be joined and something else holds it back."""
    then = RuleVersion.objects.filter(saved_at__lte=match.found_at).order_by("-number").first()
    return match.probability < (then.link if then else LINK)
