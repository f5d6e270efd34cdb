"""The web shop: visits in browsers, some of them shared by two people of a household."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from demo.generator.internet import USER_AGENTS, ip_address, locale_of
from demo.generator.mishaps import record_of
from demo.generator.people import Person
from demo.generator.randomness import happens, opaque_id, shares, weighted
from demo.generator.record import Message, Record
from demo.generator.segment import SHAPE, consent_of, envelope, order_of, product_of

MESSAGES_PER_VISIT = 4.8


@dataclass(slots=True)
class Browser:
    """A browser and who answered its consent banner last."""

    anonymous_id: str
    ip: str
    user_agent: str
    locale: str
    banner_answered_by: Person | None = None


@dataclass(slots=True)
class Visit:
    """One person at one browser, from an instant on, perhaps logged in."""

    at: datetime.datetime
    person: Person
    browser: Browser
    user_id: str | None = None


def web_records(
    people: list[Person], *, accounts: dict[str, Message], total: float, end_at: datetime.datetime, rng: Random
) -> Iterator[Record]:
    """About so many messages, visit by visit, oldest visit first."""
    visits = _visits([person for person in people if person.uses_web], total=total / MESSAGES_PER_VISIT, rng=rng)
    for visit in visits:
        for message in _messages(visit, accounts=accounts, end_at=end_at, rng=rng):
            yield record_of(message, person=visit.person, shape=SHAPE, rng=rng)


def _visits(people: list[Person], *, total: float, rng: Random) -> list[Visit]:
    counts = shares(total, [person.habits.visits + 2 for person in people], rng=rng)
    visits: list[Visit] = []
    family_browser: dict[str, Browser] = {}
    for person, count in zip(people, counts, strict=True):
        browsers = _browsers(person, family_browser=family_browser, rng=rng)
        visits += (Visit(person.habits.active.moment(rng), person, rng.choice(browsers)) for _ in range(count))
    visits.sort(key=lambda visit: (visit.at, visit.person.person_id))
    return visits


def _browsers(person: Person, *, family_browser: dict[str, Browser], rng: Random) -> list[Browser]:
    browsers = [_new_browser(person, rng=rng) for _ in range(weighted(((1, 0.66), (2, 0.27), (3, 0.07)), rng=rng))]
    household_id = person.household.household_id
    if household_id in family_browser and happens(0.3, rng=rng):
        browsers[0] = family_browser[household_id]
    family_browser.setdefault(household_id, browsers[0])
    return browsers


def _new_browser(person: Person, *, rng: Random) -> Browser:
    return Browser(opaque_id(rng), ip_address(rng), rng.choice(USER_AGENTS), locale_of(person))


def _messages(
    visit: Visit, *, accounts: dict[str, Message], end_at: datetime.datetime, rng: Random
) -> Iterator[Message]:
    clock = _clock(visit.at, end_at=end_at, rng=rng)
    yield _message("page", visit, at=next(clock), path="/", rng=rng)
    if visit.browser.banner_answered_by is None:
        visit.browser.banner_answered_by = visit.person
    account_id = visit.person.account_id
    if account_id and happens(0.45, rng=rng):
        visit.user_id = account_id
        visit.browser.banner_answered_by = visit.person
        message = _message("identify", visit, at=next(clock), path="/account", rng=rng)
        yield {**message, "traits": accounts[account_id]}
    for _ in range(1 + int(rng.expovariate(0.36))):
        yield _action(visit, at=next(clock), rng=rng)
    if happens(min(0.04 + visit.person.habits.visits * 0.02, 0.3), rng=rng):
        message = _message("track", visit, at=next(clock), path="/checkout/thanks", rng=rng)
        yield {**message, "event": "Order Completed", "properties": order_of(visit.person, rng=rng)}


def _action(visit: Visit, *, at: datetime.datetime, rng: Random) -> Message:
    action = weighted(_ACTIONS, rng=rng)
    if action == "page":
        return _message("page", visit, at=at, path=rng.choice(_PATHS), rng=rng)
    if action == "Newsletter Signup":
        message = _message("track", visit, at=at, path="/newsletter", rng=rng)
        return {**message, "event": action, "properties": {"email": visit.person.email}}
    product = product_of(visit.person, rng=rng)
    message = _message("track", visit, at=at, path=f"/products/{product['product_id']}", rng=rng)
    return {**message, "event": action, "properties": product}


def _message(kind: str, visit: Visit, *, at: datetime.datetime, path: str, rng: Random) -> Message:
    browser = visit.browser
    context: Message = {
        "ip": browser.ip,
        "userAgent": browser.user_agent,
        "page": {"url": f"https://shop.example{path}", "path": path},
        "locale": browser.locale,
    }
    answered_by = browser.banner_answered_by
    consent = consent_of(answered_by.preferences.at(at)) if answered_by else None
    if consent:
        context["consent"] = consent
    return envelope(kind, anonymous_id=browser.anonymous_id, user_id=visit.user_id, at=at, context=context, rng=rng)


def _clock(at: datetime.datetime, *, end_at: datetime.datetime, rng: Random) -> Iterator[datetime.datetime]:
    latest = end_at - datetime.timedelta(milliseconds=1)
    while True:
        at += datetime.timedelta(milliseconds=rng.randrange(2_000, 90_000))
        yield min(at, latest)


_ACTIONS = (("page", 0.3), ("Product Viewed", 0.48), ("Product Added", 0.19), ("Newsletter Signup", 0.03))
_PATHS = ("/coffee", "/cookware", "/tableware", "/appliances", "/textiles", "/garden", "/lighting", "/sale", "/stores")
