"""Which of the answers that people give to the review queue the match model learns of."""

from dataclasses import dataclass

from django.db import connection

from identity.answers import DOUBTFUL, STANDING
from identity.matching import LINK
from identity.matching.waterfall import CONTRADICTION
from identity.models import Match, RuleVersion
from identity.review_order import CONTRADICTS, HELD_BACK, LIMIT, kind_of

# Decisions about pairs that waited for one, and those of them that count.
GIVEN = f"""
SELECT count(DISTINCT verdict.decision),
       count(DISTINCT verdict.decision) FILTER (WHERE {DOUBTFUL} AND NOT match.evidence @> '[["{CONTRADICTION}"]]')
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


def teaches(match: Match) -> bool:
    """Whether an answer about this pair counts when the model is learned: it does where how likely it is left it open,
    and not where it is likely enough to be joined and something else holds it back, nor where it contradicts itself."""
    if contradicts_itself(match):
        return False
    then = RuleVersion.objects.filter(saved_at__lte=match.found_at).order_by("-number").first()
    return match.probability < (then.link if then else LINK)


def contradicts_itself(match: Match) -> bool:
    """Whether the two plainly differ in what one person has only once."""
    return kind_of(match.evidence) == CONTRADICTS
