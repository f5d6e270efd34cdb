"""The cast: Alice, known to the customer file and, on her phone, to the browser; Bob, to the customer file alone."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from consent.acts import NewAct, record
from consent.decide import Refusal, decide
from consent.models import GRANTED, WITHDRAWN
from records.models import Source
from records.source_profiles import Newcomer, make
from vault.grants import Actor
from vault.ids import new_id

READER = Actor("person", "steward-7")


def newcomer(source: Source, now: datetime) -> UUID:
    """A source profile of this source."""
    id = new_id()
    make(source, [Newcomer(id, "single", None, now)], now=now)
    return id


@pytest.fixture
def alice(crm, now) -> UUID:
    return newcomer(crm, now)


@pytest.fixture
def alices_phone(browser, now) -> UUID:
    return newcomer(browser, now)


@pytest.fixture
def bob(crm, now) -> UUID:
    return newcomer(crm, now)


@pytest.fixture
def says(now) -> Callable[..., None]:
    """Records one act: who says what, how many days from now, and when it came in."""

    def say(
        who: UUID,
        state: str,
        *,
        purpose: str = "marketing",
        channel: str = "email",
        day: float = 0,
        known: float | None = None,
        verified: bool = True,
    ) -> None:
        act = NewAct(who, purpose, channel, state, now + timedelta(days=day), "form", verified)
        record([act], now=now + timedelta(days=day if known is None else known))

    return say


@pytest.fixture
def yes(says) -> Callable[..., None]:
    return lambda who, **how: says(who, GRANTED, **how)


@pytest.fixture
def no(says) -> Callable[..., None]:
    return lambda who, **how: says(who, WITHDRAWN, **how)


@pytest.fixture
def answer(now) -> Callable[..., str]:
    """What `decide` answers: "allowed", or the reason why not."""

    def ask(
        *people: UUID, purpose: str = "marketing", channel: str = "email", day: float = 0, known: float | None = None
    ) -> str:
        decision = decide(
            people,
            purpose=purpose,
            channel=channel,
            at=now + timedelta(days=day),
            known_at=None if known is None else now + timedelta(days=known),
            actor=READER,
            reason="test",
        )
        return decision.reason if isinstance(decision, Refusal) else "allowed"

    return ask
