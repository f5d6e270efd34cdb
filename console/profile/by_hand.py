"""What may be chosen for a field of a person, and what somebody has set by hand, as the screen may show it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from console.actors import names_of
from console.showing import shown
from identity import golden
from identity.golden import SetByHand
from identity.overriding import Offer
from vault.grants import Grant
from vault.sealing import open_what_opens


@dataclass(frozen=True)
class Choice:
    """A value that sources have: which, in how many source profiles each, and when it was last seen."""

    id: UUID
    value: str
    sources: str
    last_seen_at: datetime


@dataclass(frozen=True)
class Word:
    """Who set a value by hand, when and why."""

    by: str
    at: datetime
    reason: str
    value: str = ""


def choices_of(offers: Iterable[Offer], field: str, *, revealed: bool) -> list[Choice]:
    """The offers, each value once."""
    alike: dict[str, list[Offer]] = {}
    for one in offers:
        alike.setdefault(one.value, []).append(one)
    return [
        Choice(
            bearing[0].id,
            shown(field, value, revealed=revealed),
            _counted(Counter(one.source for one in bearing)),
            max(one.last_seen_at for one in bearing),
        )
        for value, bearing in alike.items()
    ]


def _counted(sources: Mapping[str, int]) -> str:
    return ", ".join(f"{name} ({count})" if count > 1 else name for name, count in sources.items())


def words_of(said: dict[str, SetByHand]) -> dict[str, Word]:
    """Who set each field, by name."""
    names = names_of(one.actor for one in said.values())
    return {field: Word(names.get(one.actor, one.actor), one.at, one.reason) for field, one in said.items()}


def standing_word(profile: UUID, field: str, grant: Grant, *, revealed: bool) -> Word | None:
    """What was set by hand in this field and counts now."""
    won = golden.read([profile], grant, fields=[field], opening=open_what_opens).get(profile, {}).get(field)
    if won is None or won.by_hand is None:
        return None
    name = names_of([won.by_hand.actor]).get(won.by_hand.actor, won.by_hand.actor)
    return Word(name, won.by_hand.at, won.by_hand.reason, shown(field, won.value, revealed=revealed))
