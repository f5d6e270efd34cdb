"""Messages in the format that Segment's libraries send: identify, page and track."""

import datetime
from random import Random

from demo.generator.goods import currency_of, new_basket
from demo.generator.mishaps import Shape
from demo.generator.people import Person
from demo.generator.portrait import Portrait
from demo.generator.preferences import Preferences
from demo.generator.randomness import opaque_id
from demo.generator.record import Message
from demo.generator.window import iso_milliseconds

SHAPE = Shape(message_id="messageId", at="timestamp", identifiers=("anonymousId", "userId"))


def envelope(
    kind: str, *, anonymous_id: str, user_id: str | None, at: datetime.datetime, context: Message, rng: Random
) -> Message:
    """What all messages have in common."""
    message: Message = {"type": kind, "messageId": opaque_id(rng), "anonymousId": anonymous_id}
    if user_id:
        message["userId"] = user_id
    message["timestamp"] = iso_milliseconds(at)
    message["context"] = context
    return message


def consent_of(wishes: Preferences) -> Message | None:
    """The consent context after the banner; None when the visitor left it unanswered."""
    if wishes.analytics is None:
        return None
    return {
        "categoryPreferences": {
            "analytics": wishes.analytics,
            "marketing": bool(wishes.marketing_email),
            "personalization": bool(wishes.personalization),
        }
    }


def traits_of(portrait: Portrait, *, country: str, rng: Random) -> Message:
    """What an account tells of its holder; birthday, phone and address only when filled in."""
    traits: Message = {"email": portrait.email, "firstName": portrait.given, "lastName": portrait.family}
    if portrait.phone and rng.random() < 0.55:
        traits["phone"] = portrait.phone
    if rng.random() < 0.5:
        traits["birthday"] = portrait.birth_date
    if rng.random() < 0.45:
        traits["address"] = {
            "street": portrait.street,
            "city": portrait.city,
            "postalCode": portrait.postcode,
            "country": country,
        }
    return traits


def order_of(person: Person, *, rng: Random) -> Message:
    """The properties of a completed order."""
    basket = new_basket(person, rng=rng)
    return {
        "order_id": f"O{rng.randrange(10**9, 10**10)}",
        "total": basket.total,
        "currency": basket.currency,
        "products": basket.items,
        "category": basket.category,
    }


def product_of(person: Person, *, rng: Random) -> Message:
    """The properties of a product looked at."""
    basket = new_basket(person, rng=rng)
    price = round(basket.total / basket.items, 2)
    return {
        "product_id": f"SKU{rng.randrange(1000, 1600)}",
        "category": basket.category,
        "price": price,
        "currency": currency_of(person),
    }
