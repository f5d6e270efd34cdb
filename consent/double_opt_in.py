"""Double opt-in: a yes that waits for a second one, from whoever the address belongs to."""

from collections.abc import Sequence

from django.db import connection
from msgspec.structs import replace

from consent.acts import NewAct, news_of
from consent.models import GRANTED, PENDING

# Purposes and channels whose last word, said then or later, is a yes that waits already.
WAITING = """
SELECT source_profile_id, purpose_id, channel FROM (
    SELECT DISTINCT ON (source_profile_id, purpose_id, channel) source_profile_id, purpose_id, channel, state
    FROM consent_act WHERE source_profile_id = ANY(%s)
    ORDER BY source_profile_id, purpose_id, channel, occurred_at DESC, id DESC
) AS last WHERE state = 'pending'
"""


def worth_asking(acts: Sequence[NewAct]) -> list[NewAct]:
    """Those of these pending acts that are worth a message: a repeated yes asks nobody twice.

    One that would be no news as a plain yes, or that waits for its answer already, is left out.
    """
    if not acts:
        return []
    with connection.cursor() as cursor:
        cursor.execute(WAITING, [list({act.source_profile for act in acts})])
        waiting = set(cursor.fetchall())
    fresh = news_of([replace(act, state=GRANTED) for act in acts])
    return [
        replace(act, state=PENDING) for act in fresh if (act.source_profile, act.purpose, act.channel) not in waiting
    ]
