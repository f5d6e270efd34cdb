"""Consent acts: recorded as they were said, and never changed."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from consent.models import WITHDRAWN, Act, Purpose
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


HISTORY = """
SELECT source_profile_id, purpose_id, channel, occurred_at, state = 'withdrawn', verified
FROM consent_act WHERE source_profile_id = ANY(%s)
"""


class Word(NamedTuple):
    """What was said then. Words sort by time, and of those at the same instant the 'no' comes last."""

    said_at: datetime
    is_no: bool
    verified: bool


# What was said of one purpose, channel by channel.
History = dict[str, list[Word]]


def news_of(acts: Sequence[NewAct]) -> list[NewAct]:
    """Those of these acts that say something new at their time: a message repeats the same answer many times over.

    A repeated 'yes' renews nothing, so consent expires though the customer file repeats it every night. An act that
    comes in late is compared with what held then, so that past decisions come out right.
    """
    histories = _histories({act.source_profile for act in acts})
    fresh = []
    for act in sorted(acts, key=_when):
        history = histories[act.source_profile, act.purpose]
        if _is_news(act, history):
            fresh.append(act)
            history[act.channel].append(Word(*_when(act), act.verified))
    return fresh


def _when(act: NewAct) -> tuple[datetime, bool]:
    return act.occurred_at, act.state == WITHDRAWN


def _is_news(act: NewAct, history: History) -> bool:
    """A 'no' is, where something else holds. A 'yes' is, where the last word on that very channel is another.

    So an objection to all channels is not undone by a file that does not know of it and repeats its old 'yes'.
    """
    if act.state == WITHDRAWN:
        channels = {act.channel} if act.channel else {"", *history}
        held = (_last([*history[channel], *history[""]], act.occurred_at) for channel in channels)
        return any(word is None or not word.is_no for word in held)
    last = _last(history[act.channel], act.occurred_at)
    if last is None:
        return True
    return last.said_at < act.occurred_at if last.is_no else act.verified and not last.verified


def _last(words: Iterable[Word], at: datetime) -> Word | None:
    return max((word for word in words if word.said_at <= at), default=None)


def _histories(source_profiles: Collection[UUID]) -> dict[tuple[UUID, str], History]:
    histories: dict[tuple[UUID, str], History] = defaultdict(lambda: defaultdict(list))
    with connection.cursor() as cursor:
        cursor.execute(HISTORY, [list(source_profiles)])
        for source_profile, purpose, channel, *word in cursor.fetchall():
            histories[source_profile, purpose][channel].append(Word(*word))
    return histories
