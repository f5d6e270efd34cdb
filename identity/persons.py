"""The matching view of source profiles: opened in memory, for the purpose of linking, and kept nowhere."""

from collections.abc import Collection, Mapping
from uuid import UUID

from identity.matching import Person
from records.reading import open_attributes, open_identifiers
from vault.grants import Grant

ATTRIBUTES = frozenset({"given_name", "family_name", "birth_date", "street", "postcode", "city", "country"})
IDENTIFIERS = frozenset({"email", "phone"})


def open_persons(source_profiles: Collection[UUID], grant: Grant) -> dict[UUID, Person]:
    """What each of these source profiles last said of the person; an empty person where it said nothing."""
    attributes = open_attributes(source_profiles, grant)
    identifiers = open_identifiers(source_profiles, grant)
    persons = {}
    for id in source_profiles:
        # Both lists run from the latest to the earliest, so the later assignment is the later value.
        latest = {known.field: known.value for known in reversed(attributes.get(id, [])) if known.field in ATTRIBUTES}
        borne = {known.namespace: known.value for known in reversed(identifiers.get(id, []))}
        latest |= {name: value for name, value in borne.items() if name in IDENTIFIERS}
        persons[id] = Person(**latest)
    return persons


def known(persons: Mapping[UUID, Person]) -> set[UUID]:
    """Those of whom anything is known that can tell people apart."""
    return {id for id, person in persons.items() if person != Person()}
