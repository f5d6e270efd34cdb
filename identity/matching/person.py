"""The matching view of one source profile: the fields that can tell people apart."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person as one source knows them; ingestion has already trimmed and standardized the values.

    Names and addresses keep case and diacritics, `birth_date` is ISO 8601 (YYYY-MM-DD), `email` is lowercase, `phone`
    is E.164, `country` is ISO 3166-1 alpha-2. `None` means unknown. Identifiers and traits are what a file
    holds beside: the same field means the same column in all people of a run.
    """

    given_name: str | None = None
    family_name: str | None = None
    birth_date: str | None = None
    email: str | None = None
    phone: str | None = None
    street: str | None = None
    postcode: str | None = None
    city: str | None = None
    country: str | None = None
    identifier: str | None = None
    identifier_2: str | None = None
    trait: str | None = None
    trait_2: str | None = None
    trait_3: str | None = None
    trait_4: str | None = None
    trait_5: str | None = None
    trait_6: str | None = None

    def __repr__(self) -> str:
        """Name the fields that are known, never their values, so that no log or traceback holds personal data."""
        known = ", ".join(name for name in self.__slots__ if getattr(self, name) is not None)
        return f"Person(knows {known or 'nothing'})"
