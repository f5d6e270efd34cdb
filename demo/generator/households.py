"""The people of the demo, settled household by household."""

import datetime
from random import Random

from demo.generator.emails import AddressBook
from demo.generator.families import Bearing, new_family
from demo.generator.habits import new_habits
from demo.generator.names import name_stock
from demo.generator.people import Household, Person
from demo.generator.phones import PhoneBook
from demo.generator.places import new_address, other_home, pick_city, pick_country
from demo.generator.preferences import new_preferences
from demo.generator.randomness import distinct_numbers, happens, stream, weighted
from demo.generator.window import Window

ALWAYS = datetime.datetime.min.replace(tzinfo=datetime.UTC)


def populate(people: int, *, seed: int, window: Window) -> list[Person]:
    """So many people in their households."""
    town = _Town(people, seed=seed, window=window)
    while len(town.people) < people:
        town.settle_household()
    return town.people[:people]


class _Town:
    """The people settled so far, and the books that keep numbers and mailboxes apart."""

    def __init__(self, people: int, *, seed: int, window: Window) -> None:
        self.people: list[Person] = []
        self._households = 0
        self._window = window
        self._rng = stream(seed, "households")
        self._phones = PhoneBook(rng=stream(seed, "phones"))
        self._emails = AddressBook(rng=stream(seed, "emails"))
        self._loyalty_numbers = iter(distinct_numbers(people + 10, digits=9, rng=stream(seed, "loyalty numbers")))
        self._account_numbers = iter(distinct_numbers(people + 10, digits=12, rng=stream(seed, "account numbers")))

    def settle_household(self) -> None:
        """One more household with all who belong to it."""
        country = pick_country(self._rng)
        stock = name_stock(country, rng=self._rng)
        size = weighted(((1, 0.34), (2, 0.36), (3, 0.16), (4, 0.14)), rng=self._rng)
        bearings = new_family(stock, size=size, namesake=self._namesake_elsewhere(country), rng=self._rng)
        household = self._household(country, family=bearings[0].family, size=size)
        self.people += [self._person(household, bearing, place) for place, bearing in enumerate(bearings)]

    def _namesake_elsewhere(self, country: str) -> Bearing | None:
        if not self.people or not happens(0.02, rng=self._rng):
            return None
        other = self._rng.choice(self.people)
        if other.household.country != country:
            return None
        return Bearing(other.sex, other.given, other.family, other.family, other.born_on)

    def _household(self, country: str, *, family: str, size: int) -> Household:
        rng = self._rng
        self._households += 1
        home = new_address(pick_city(country, rng=rng), rng=rng)
        moved = happens(0.07, rng=rng)
        has_landline = happens(0.7 if size > 1 else 0.25, rng=rng)
        return Household(
            household_id=f"H{self._households:04d}",
            country=country,
            home=home,
            earlier_home=other_home(home, rng=rng) if moved else home,
            moved_at=self._window.part(0.15, 0.9).moment(rng) if moved else ALWAYS,
            landline=self._phones.landline(country, area_code=home.city.area_code) if has_landline else None,
            family_email=self._emails.family_mailbox(family) if size > 1 and happens(0.2, rng=rng) else None,
        )

    def _person(self, household: Household, bearing: Bearing, place: int) -> Person:
        rng = self._rng
        habits = new_habits(self._window, rng=rng)
        married = bearing.family != bearing.earlier_family
        has_phone, changed_phone = happens(0.93, rng=rng), happens(0.07, rng=rng)
        number = self._phones.own_number
        area_code = household.home.city.area_code
        uses_web, uses_app = happens(0.78, rng=rng), happens(0.36, rng=rng)
        return Person(
            person_id=f"P{len(self.people) + place + 1:05d}",
            household=household,
            sex=bearing.sex,
            given=bearing.given,
            family=bearing.family,
            earlier_family=bearing.earlier_family,
            married_at=self._window.part(0.2, 0.8).moment(rng) if married else ALWAYS,
            born_on=bearing.born_on,
            language=_language(household.country, rng=rng),
            email=self._emails.mailbox(bearing.given, bearing.family, year=bearing.born_on.year),
            second_email=self._second_mailbox(bearing),
            phone=number(household.country, area_code=area_code) if has_phone else None,
            earlier_phone=number(household.country, area_code=area_code) if has_phone and changed_phone else None,
            loyalty_number=f"L{next(self._loyalty_numbers)}" if happens(0.74, rng=rng) else None,
            loyalty_tier=_tier(habits.kind),
            account_id=f"u_{next(self._account_numbers):x}"
            if (uses_web or uses_app) and happens(0.85, rng=rng)
            else None,
            uses_web=uses_web,
            uses_app=uses_app,
            habits=habits,
            preferences=new_preferences(habits.active, rng=rng),
        )

    def _second_mailbox(self, bearing: Bearing) -> str | None:
        if not happens(0.15, rng=self._rng):
            return None
        return self._emails.mailbox(bearing.given, bearing.earlier_family, year=bearing.born_on.year)


def _language(country: str, *, rng: Random) -> str:
    home = {"GB": "en", "DE": "de", "FR": "fr"}[country]
    return home if happens(0.93, rng=rng) else rng.choice(("en", "de", "fr", "pl", "tr", "es"))


def _tier(kind: str) -> str:
    return {"loyal": "gold", "regular": "silver", "lapsing": "silver"}.get(kind, "bronze")
