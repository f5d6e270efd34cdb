"""A person's choices: what they may decide, how it stands, and what they decide, recorded on all that is theirs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from consent.acts import NewAct, record
from consent.models import CONSENT, GRANTED, LEGITIMATE_INTEREST, WITHDRAWN, Notice, Purpose
from consent.notices import in_force
from consent.rules import ALLOWED
from consent.state import Standing, standing
from privacy import suppression
from privacy.public.wording import channel_name
from privacy.suppression_lift import PREFERENCE_CENTER, lifted
from privacy.waking import wake

HOW, ACTOR = "preference_center", "data_subject"
DECIDABLE = (CONSENT, LEGITIMATE_INTEREST)


@dataclass(frozen=True)
class Switch:
    """One thing to say yes or no to: a purpose on a channel."""

    key: str
    channel: str
    channel_name: str
    on: bool
    state: str
    since: datetime | None
    held_back: bool


@dataclass(frozen=True)
class Proved:
    """What the person showed to be theirs by coming here, in normal form, and by which link."""

    fields: Mapping[str, str]
    by: str


@dataclass(frozen=True)
class Choice:
    """A purpose in plain words, and its switches."""

    slug: str
    name: str
    description: str
    notice: str
    by_consent: bool
    switches: list[Switch]


@dataclass(frozen=True)
class Given:
    """A purpose for which nobody is asked: a contract or the law."""

    name: str
    description: str
    legal_basis: str


def choices(source_profiles: Collection[UUID], *, at: datetime, locale: str = "en") -> list[Choice]:
    """What this person may decide, purpose by purpose, and how it stands; in the words of the notice in force."""
    purposes = {purpose.slug: purpose for purpose in _active() if purpose.legal_basis in DECIDABLE}
    stands = [one for one in standing(source_profiles, at=at) if one.purpose in purposes]
    found = [
        _choice(purposes[slug], list(of_purpose), notice_for(slug, at=at, locale=locale))
        for slug, of_purpose in groupby(stands, key=lambda one: one.purpose)
    ]
    return sorted(found, key=lambda choice: not choice.by_consent)


def notice_for(purpose: str, *, at: datetime, locale: str) -> Notice | None:
    """What people are told of the purpose, in their language if it was published in it."""
    texts = in_force(purpose, at=at)
    return next((notice for notice in texts if notice.locale.split("-")[0] == locale), texts[0] if texts else None)


def given() -> list[Given]:
    """What is done without asking."""
    return [
        Given(purpose.name, purpose.description, purpose.legal_basis)
        for purpose in _active()
        if purpose.legal_basis not in DECIDABLE
    ]


def _active() -> Sequence[Purpose]:
    return list(Purpose.objects.filter(active=True).order_by("slug"))


def _choice(purpose: Purpose, stands: Sequence[Standing], notice: Notice | None) -> Choice:
    return Choice(
        slug=purpose.slug,
        name=purpose.name,
        description=notice.text if notice else purpose.description,
        notice=notice.hash if notice else "",
        by_consent=purpose.legal_basis == CONSENT,
        switches=[
            Switch(
                key=f"{one.purpose}:{one.channel}",
                channel=one.channel,
                channel_name=channel_name(one.channel) if one.channel else "",
                on=one.decision == ALLOWED,
                state=one.state,
                since=one.occurred_at,
                held_back=one.state == GRANTED and one.decision != ALLOWED,
            )
            for one in stands
        ],
    )


def save(
    source_profiles: Collection[UUID],
    *,
    chosen: Collection[str],
    shown: Collection[str],
    addressed: UUID,
    proved: Proved,
    locale: str,
    now: datetime,
) -> int:
    """Record what the person changed: `shown` were on when the page was made, `chosen` are now.

    What stood the same way before is not said again, so a page that was left open undoes nothing. `addressed` is the
    source profile that the person was spoken to as. A yes ends the suppression of the address that they `proved` to be
    theirs, for later records. Returns how many acts.
    """
    offered = {
        switch.key: choice.notice
        for choice in choices(source_profiles, at=now, locale=locale)
        for switch in choice.switches
    }
    said = [(key, GRANTED) for key in sorted((set(chosen) - set(shown)) & offered.keys())]
    said += [(key, WITHDRAWN) for key in sorted((set(shown) - set(chosen)) & offered.keys())]
    words = [_Word(key.partition(":")[0], key.partition(":")[2], state, offered[key]) for key, state in said]
    agreed = any(word.state == GRANTED for word in words)
    bars = [bar.id for bar in suppression.standing(proved.fields)] if agreed else []
    with lifted(bars, evidence=PREFERENCE_CENTER, reference=proved.by, actor=ACTOR, now=now):
        return _record(source_profiles, words, addressed=addressed, locale=locale, now=now)


def withdraw_everything(source_profiles: Collection[UUID], *, addressed: UUID, locale: str, now: datetime) -> int:
    """Record a no to every purpose that a person may decide about, on all channels. Returns how many acts."""
    offered = choices(source_profiles, at=now, locale=locale)
    words = [_Word(choice.slug, "", WITHDRAWN, choice.notice) for choice in offered]
    return _record(source_profiles, words, addressed=addressed, locale=locale, now=now)


class _Word(NamedTuple):
    purpose: str
    channel: str
    state: str
    notice: str


def _record(
    source_profiles: Collection[UUID], words: Sequence[_Word], *, addressed: UUID, locale: str, now: datetime
) -> int:
    acts = [
        NewAct(
            source_profile=source_profile,
            purpose=word.purpose,
            channel=word.channel,
            state=word.state,
            occurred_at=now,
            how=HOW,
            verified=True,
            actor=ACTOR,
            notice=word.notice,
            locale=locale,
            addressed=addressed,
        )
        for source_profile in sorted(source_profiles)
        for word in words
    ]
    if not acts:
        return 0
    with transaction.atomic():
        wake(source_profiles, now=now)
        return len(record(acts, now=now))
