"""The mobile app: sessions on handsets, under the same accounts as the web shop."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from demo.generator.handsets import Handset
from demo.generator.internet import ip_address, locale_of
from demo.generator.mishaps import record_of
from demo.generator.people import Person
from demo.generator.randomness import happens, shares, weighted
from demo.generator.record import Message, Record
from demo.generator.segment import SHAPE, consent_of, envelope, order_of, product_of
from demo.generator.shopping import pick_shop

MESSAGES_PER_SESSION = 3.14


@dataclass(frozen=True, slots=True)
class Session:
    """One person with one handset, from an instant on; user_id when logged in."""

    at: datetime.datetime
    person: Person
    handset: Handset
    ip: str
    user_id: str | None


def app_records(
    people: list[Person],
    *,
    handsets: dict[str, Handset],
    accounts: dict[str, Message],
    total: float,
    end_at: datetime.datetime,
    rng: Random,
) -> Iterator[Record]:
    """About so many messages, session by session, oldest session first."""
    users = [person for person in people if person.person_id in handsets]
    for session in _sessions(users, handsets=handsets, total=total / MESSAGES_PER_SESSION, rng=rng):
        for message in _messages(session, accounts=accounts, end_at=end_at, rng=rng):
            yield record_of(message, person=session.person, shape=SHAPE, rng=rng)


def _sessions(people: list[Person], *, handsets: dict[str, Handset], total: float, rng: Random) -> list[Session]:
    counts = shares(total, [person.habits.visits + 1 for person in people], rng=rng)
    sessions: list[Session] = []
    for person, count in zip(people, counts, strict=True):
        handset, ip = handsets[person.person_id], ip_address(rng)
        user_id = person.account_id if happens(0.9, rng=rng) else None
        sessions += (
            Session(person.habits.active.moment(rng), person, handset, ip, user_id if happens(0.85, rng=rng) else None)
            for _ in range(count)
        )
    sessions.sort(key=lambda session: (session.at, session.person.person_id))
    return sessions


def _messages(
    session: Session, *, accounts: dict[str, Message], end_at: datetime.datetime, rng: Random
) -> Iterator[Message]:
    at = session.at
    latest = end_at - datetime.timedelta(milliseconds=1)
    yield _track("App Opened", session, at=at, properties={"from_background": happens(0.6, rng=rng)}, rng=rng)
    if session.user_id and happens(0.3, rng=rng):
        yield {**_message("identify", session, at=min(at, latest), rng=rng), "traits": accounts[session.user_id]}
    for event in _events(session.person, rng=rng):
        at = min(at + datetime.timedelta(milliseconds=rng.randrange(1_000, 60_000)), latest)
        yield _track(event, session, at=at, properties=_properties(event, session.person, rng=rng), rng=rng)


def _events(person: Person, *, rng: Random) -> list[str]:
    kinds = (("Product Viewed", 0.82), ("Store Locator Used", 0.18))
    events = [weighted(kinds, rng=rng) for _ in range(int(rng.expovariate(0.45)))]
    ordered = happens(min(0.03 + person.habits.visits * 0.015, 0.25), rng=rng)
    return [*events, "Order Completed"] if ordered else events


def _properties(event: str, person: Person, *, rng: Random) -> Message:
    if event == "Product Viewed":
        return product_of(person, rng=rng)
    return order_of(person, rng=rng) if event == "Order Completed" else {"store": pick_shop(person, rng=rng)}


def _track(event: str, session: Session, *, at: datetime.datetime, properties: Message, rng: Random) -> Message:
    return {**_message("track", session, at=at, rng=rng), "event": event, "properties": properties}


def _message(kind: str, session: Session, *, at: datetime.datetime, rng: Random) -> Message:
    handset = session.handset
    context: Message = {
        "ip": session.ip,
        "locale": locale_of(session.person),
        "device": {"id": handset.device_id, "type": handset.system, "model": handset.model},
        "app": {"name": "Shop", "version": f"4.{session.at.month}.0"},
    }
    consent = consent_of(session.person.preferences.at(at))
    if consent:
        context["consent"] = consent
    return envelope(kind, anonymous_id=handset.device_id, user_id=session.user_id, at=at, context=context, rng=rng)
