"""The people behind the records."""

import datetime
from dataclasses import dataclass

from demo.generator.habits import Habits
from demo.generator.phones import Phone
from demo.generator.places import Address
from demo.generator.preferences import Preferences


@dataclass(frozen=True, slots=True)
class Household:
    """People who live together: a home, perhaps an earlier one, perhaps a landline and a family mailbox."""

    household_id: str
    country: str
    home: Address
    earlier_home: Address
    moved_at: datetime.datetime
    landline: Phone | None
    family_email: str | None

    def address(self, at: datetime.datetime) -> Address:
        """Where the household lived at an instant."""
        return self.home if at >= self.moved_at else self.earlier_home


@dataclass(frozen=True, slots=True)
class Person:
    """One person as they are: the truth that the records tell in their several ways."""

    person_id: str
    household: Household
    sex: str
    given: str
    family: str
    earlier_family: str
    married_at: datetime.datetime
    born_on: datetime.date
    language: str
    email: str
    second_email: str | None
    phone: Phone | None
    earlier_phone: Phone | None
    loyalty_number: str | None
    loyalty_tier: str
    account_id: str | None
    uses_web: bool
    uses_app: bool
    habits: Habits
    preferences: Preferences

    def family_name(self, at: datetime.datetime) -> str:
        """The family name borne at an instant."""
        return self.family if at >= self.married_at else self.earlier_family
