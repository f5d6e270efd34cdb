"""Consent acts: recorded as they were said, and never changed."""

import operator
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from consent.models import GRANTED, PENDING, WITHDRAWN, Act, Annulment, Purpose
from vault.arrays import Uuids
from vault.cursors import copy_rows, planned_cursor
from vault.ids import new_id


class NewAct(Struct, frozen=True):
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
    source: str = ""
    addressed: UUID | None = None


ACT_COLUMNS = {
    "id": "uuid",
    "source_profile_id": "uuid",
    "purpose_id": "varchar",
    "channel": "varchar",
    "state": "varchar",
    "occurred_at": "timestamptz",
    "recorded_at": "timestamptz",
    "how": "varchar",
    "verified": "bool",
    "actor": "varchar",
    "notice": "varchar",
    "locale": "varchar",
    "jurisdiction": "varchar",
    "basis": "varchar",
    "source": "varchar",
    "addressed": "uuid",
}


class UnknownPurpose(ValueError):
    """An act speaks of a purpose that does not exist."""


def record(acts: Sequence[NewAct], *, now: datetime, bases: Mapping[str, str] | None = None) -> list[Act]:
    """Append these acts to the ledger. Raises `UnknownPurpose`, and then records none.

    `bases` are those of all purposes, for a caller that has asked for them already.
    """
    bases = legal_bases() if bases is None else bases
    unknown = {act.purpose for act in acts} - bases.keys()
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
            basis=bases[act.purpose],
            source=act.source,
            addressed=act.addressed,
        )
        for act in acts
    ]
    if rows:
        columns = operator.attrgetter(*ACT_COLUMNS)
        copy_rows("consent_act", ACT_COLUMNS, map(columns, rows))
    return rows


def must_exist(slugs: Collection[str]) -> None:
    """Raises `UnknownPurpose`, naming the first of these that is no purpose and those to choose from."""
    there = purposes()
    unknown = sorted(set(slugs) - there)
    if unknown:
        raise UnknownPurpose(f"there is no purpose {unknown[0][:40]!r}; choose from {', '.join(sorted(there))}")


def purposes() -> set[str]:
    """The slugs of all purposes."""
    return set(legal_bases())


def legal_bases() -> dict[str, str]:
    """What each purpose rests on."""
    return dict(Purpose.objects.values_list("slug", "legal_basis"))


HISTORY = """
SELECT source_profile_id, purpose_id, channel, occurred_at, state = 'withdrawn', verified, actor = '', notice
FROM consent_act WHERE source_profile_id = ANY(%b::uuid[]) AND state <> 'pending'
  AND NOT EXISTS (SELECT FROM consent_annulment WHERE act_id = consent_act.id)
"""


class Word(NamedTuple):
    """What was said then. Words sort by time, and of those at the same instant the 'no' comes last."""

    said_at: datetime
    is_no: bool
    verified: bool
    by_source: bool
    notice: str = ""


# What was said of one purpose, channel by channel.
History = dict[str, list[Word]]


def news_of(acts: Sequence[NewAct]) -> list[NewAct]:
    """Those of these acts of sources that say something new at their time: a message repeats the same answer often.

    A repeated 'yes' renews nothing, so consent expires though the customer file repeats it every night; nor does it
    undo what a clerk, an officer or the API withdrew. An act that comes in late is compared with what held then, so
    that past decisions come out right.
    """
    histories = _histories({act.source_profile for act in acts})
    fresh = []
    for act in sorted(acts, key=_when):
        history = histories[act.source_profile, act.purpose]
        if not _is_news(act, history):
            continue
        fresh.append(act)
        if act.state != PENDING:
            history[act.channel].append(Word(*_when(act), act.verified, by_source=not act.actor, notice=act.notice))
    return fresh


def _when(act: NewAct) -> tuple[datetime, bool]:
    return act.occurred_at, act.state == WITHDRAWN


def _is_news(act: NewAct, history: History) -> bool:
    if act.state == PENDING:
        return True
    if act.state == GRANTED and _is_repeated(act, history[act.channel]):
        return False
    own = _by(history, source=True)
    if act.state == WITHDRAWN:
        # Its own 'no' is kept even where another's holds: else its next 'yes' could not be told from a repetition.
        return any(word is None or not word.is_no for said in (history, own) for word in _held(act, said))
    return _is_new_yes(act, history, own)


def _is_repeated(act: NewAct, said: Sequence[Word]) -> bool:
    """Whether the very last word before this yes is the source's own yes, no weaker one: most that come are so."""
    last = _last(said, act.occurred_at)
    return (
        last is not None
        and last.by_source
        and not last.is_no
        and (last.verified or not act.verified)
        and act.notice in ("", last.notice)
    )


def _is_new_yes(act: NewAct, history: History, own: History) -> bool:
    """A 'yes' is new where the source's own last word on that very channel was 'no': there the person changed it.

    Otherwise it is new only as the first word, the first verified one or the first under this notice, and only where
    nobody else said 'no', on that channel or on all. So no file undoes an objection that it does not know of.
    """
    own_word = _last(own[act.channel], act.occurred_at)
    if own_word and own_word.is_no:
        return own_word.said_at < act.occurred_at
    if any(word and word.is_no for word in _held(act, _by(history, source=False))):
        return False
    last = _last(history[act.channel], act.occurred_at)
    if last is None or last.is_no:
        return own_word is None
    return (act.verified and not last.verified) or bool(act.notice and act.notice != last.notice)


def _held(act: NewAct, history: History) -> list[Word | None]:
    """What held on the act's channel at its time; for an act on all channels, what held on each."""
    channels = {act.channel} if act.channel else {"", *history}
    return [_last([*history[channel], *history[""]], act.occurred_at) for channel in channels]


def _by(history: History, *, source: bool) -> History:
    """What the source said itself, or what everybody else said."""
    said: History = defaultdict(list)
    for channel, words in history.items():
        said[channel] = [word for word in words if word.by_source == source]
    return said


def _last(words: Iterable[Word], at: datetime) -> Word | None:
    return max([word for word in words if word.said_at <= at], default=None)


def _histories(source_profiles: Collection[UUID]) -> dict[tuple[UUID, str], History]:
    histories: dict[tuple[UUID, str], History] = defaultdict(lambda: defaultdict(list))
    with planned_cursor() as cursor:
        cursor.execute(HISTORY, [Uuids(source_profiles)])
        for source_profile, purpose, channel, *word in cursor.fetchall():
            histories[source_profile, purpose][channel].append(Word(*word))
    return histories


def annul(
    theirs: Collection[UUID], *, others: Collection[UUID], addressed: Collection[UUID], actor: str, now: datetime
) -> int:
    """Two people were taken for one, and are apart again: what was said by the one no longer counts for the other.

    Annuls acts on these source profiles that were written there because somebody of the others was spoken to: at one
    of the others, or at one of the profiles `addressed` that stand for them. A yes of which nobody knows to whom it
    was said goes, a no stays. Returns how many.
    """
    shared = Act.objects.filter(source_profile__in=theirs, annulment=None).exclude(actor="")
    spread = shared.filter(addressed__in=[*others, *addressed])
    unclear = shared.filter(addressed=None, state=GRANTED, occurred_at__in=_spoken_of_both(theirs, others))
    rows = [
        Annulment(id=new_id(), act_id=id, recorded_at=now, reason="taken for one person", actor=actor)
        for id in sorted({*spread.values_list("id", flat=True), *unclear.values_list("id", flat=True)})
    ]
    return len(Annulment.objects.bulk_create(rows, batch_size=2_000))


def _spoken_of_both(theirs: Collection[UUID], others: Collection[UUID]) -> set[datetime]:
    """Instants at which the same was written for both: one act, spread over all that was taken for one person."""
    mine, yours = (
        set(Act.objects.filter(source_profile__in=ids, addressed=None).values_list("occurred_at", flat=True))
        for ids in (theirs, others)
    )
    return mine & yours
