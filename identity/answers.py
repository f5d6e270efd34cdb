"""Answers: what people said of pairs that waited for review, as a model weighs those pairs."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import numpy as np
from django.db import connection

from consent.decide import decide_each
from identity.matching import LINK, Answer, Model
from identity.models import MUST_LINK
from identity.persons import open_persons
from identity.weighing import LEAST_FIELDS, weighing
from vault.grants import Actor
from vault.ids import in_order

MOST_ANSWERS = 2_000

# Verdicts that stand on pairs that matching had found before.
STANDING = """
FROM identity_verdict AS verdict
JOIN identity_match AS match ON match.left_id = verdict.left_id AND match.right_id = verdict.right_id
WHERE verdict.undone_at IS NULL AND match.found_at <= verdict.decided_at
"""
# By the rules of then the pair was not likely enough to be joined. Whoever splits what was joined, or merges whom they
# found themselves, chose the pair for its answer, and what is likely enough waits only because something else holds it
# back: such tell nothing of how often others are right.
DOUBTFUL = """match.probability < coalesce(
    (SELECT link FROM identity_ruleversion WHERE saved_at <= match.found_at ORDER BY number DESC LIMIT 1), %s
)"""
ANSWERED = f"""
SELECT verdict.left_id, verdict.right_id, verdict.verdict, verdict.decision
{STANDING} AND {DOUBTFUL}
ORDER BY verdict.decided_at DESC, verdict.id LIMIT %s
"""


def answers_to(model: Model, *, purpose: str, now: datetime) -> list[Answer]:
    """What people answered, the latest first, of those who may be linked; many pairs of one decision weigh as one.

    Pairs that contradict themselves say nothing: they are held below what joins, whatever else they come to.
    """
    with connection.cursor() as cursor:
        cursor.execute(ANSWERED, [LINK, MOST_ANSWERS])
        rows = cursor.fetchall()
    asked = {id: (id,) for row in rows for id in row[:2]}
    actor = Actor.machine("learn")
    decisions = decide_each(asked, purpose=purpose, at=now, actor=actor, reason="calibrate match model")
    persons = open_persons(decisions.allowed, decisions.grant)
    place: Mapping[UUID, int] = {id: row for row, id in enumerate(in_order(persons))}
    told = [row for row in rows if row[0] in place and row[1] in place]
    if not told:
        return []
    scales = weighing([persons[id] for id in place], model)
    pairs = [(place[row[0]], place[row[1]]) for row in told]
    compared = scales.weigh(pairs)
    contradict = scales.contradicts(np.array(pairs, dtype=np.int32)).tolist()
    kept = [number for number, no in enumerate(contradict) if not no and compared.fields[number] >= LEAST_FIELDS]
    together = Counter(told[number][3] for number in kept)
    return [
        Answer(compared.bits[number], told[number][2] == MUST_LINK, 1 / together[told[number][3]]) for number in kept
    ]
