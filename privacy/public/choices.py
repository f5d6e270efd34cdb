"""A person's choices: what they may decide, how it stands, and what they decide, recorded on all that is theirs."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from consent.acts import NewAct, record
from consent.models import CONSENT, GRANTED, LEGITIMATE_INTEREST, WITHDRAWN, Purpose
from consent.rules import ALLOWED
from consent.state import Standing, standing
from privacy.public.wording import channel_name

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
class Choice:
    """A purpose in plain words, and its switches."""

    slug: str
    name: str
    description: str
    by_consent: bool
    switches: list[Switch]


@dataclass(frozen=True)
class Given:
    """A purpose for which nobody is asked: a contract or the law."""

    name: str
    description: str
    legal_basis: str


def choices(source_profiles: Collection[UUID], *, at: datetime) -> list[Choice]:
    """What this person may decide, purpose by purpose, and how it stands."""
    purposes = {purpose.slug: purpose for purpose in _active() if purpose.legal_basis in DECIDABLE}
    stands = [one for one in standing(source_profiles, at=at) if one.purpose in purposes]
    found = [
        _choice(purposes[slug], list(of_purpose)) for slug, of_purpose in groupby(stands, key=lambda one: one.purpose)
    ]
    return sorted(found, key=lambda choice: not choice.by_consent)


def given() -> list[Given]:
    """What is done without asking."""
    return [
        Given(purpose.name, purpose.description, purpose.legal_basis)
        for purpose in _active()
        if purpose.legal_basis not in DECIDABLE
    ]


def _active() -> Sequence[Purpose]:
    return list(Purpose.objects.filter(active=True).order_by("slug"))


def _choice(purpose: Purpose, stands: Sequence[Standing]) -> Choice:
    return Choice(
        slug=purpose.slug,
        name=purpose.name,
        description=purpose.description,
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
    notice: str = "",
    locale: str,
    now: datetime,
) -> int:
    """Record what the person changed: `shown` were on when the page was made, `chosen` are now.

    What stood the same way before is not said again, so a page that was left open undoes nothing. Returns how many
    acts.
    """
    offered = {switch.key for choice in choices(source_profiles, at=now) for switch in choice.switches}
    said = [(key, GRANTED) for key in sorted((set(chosen) - set(shown)) & offered)]
    said += [(key, WITHDRAWN) for key in sorted((set(shown) - set(chosen)) & offered)]
    return _record(source_profiles, said, notice=notice, locale=locale, now=now)


def withdraw_everything(source_profiles: Collection[UUID], *, notice: str = "", locale: str, now: datetime) -> int:
    """Record a no to every purpose that a person may decide about, on all channels. Returns how many acts."""
    said = [(f"{choice.slug}:", WITHDRAWN) for choice in choices(source_profiles, at=now)]
    return _record(source_profiles, said, notice=notice, locale=locale, now=now)


def _record(
    source_profiles: Collection[UUID], said: Sequence[tuple[str, str]], *, notice: str, locale: str, now: datetime
) -> int:
    acts = [
        NewAct(
            source_profile=source_profile,
            purpose=key.partition(":")[0],
            channel=key.partition(":")[2],
            state=state,
            occurred_at=now,
            how=HOW,
            verified=True,
            actor=ACTOR,
            notice=notice,
            locale=locale,
        )
        for source_profile in sorted(source_profiles)
        for key, state in said
    ]
    return len(record(acts, now=now)) if acts else 0
