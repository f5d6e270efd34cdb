"""The matching view of source profiles: opened in memory, for the purpose of linking, and kept nowhere."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from uuid import UUID

from django.db import connection

from identity.matching import Person
from vault.grants import Grant
from vault.sealing import Place, Sealed, open_sealed

FIELDS = ["given_name", "family_name", "birth_date", "email", "phone", "street", "postcode", "city", "country"]

# The latest value of each field that matching looks at; e-mail and phone stand among the identifiers.
LATEST = """
SELECT DISTINCT ON (source_profile_id, field) 'records_attribute', id, source_profile_id, field, sealed
FROM records_attribute WHERE source_profile_id = ANY(%(ids)s) AND field = ANY(%(fields)s)
ORDER BY source_profile_id, field, last_seen_at DESC, id DESC
"""
LATEST_IDENTIFIERS = """
SELECT DISTINCT ON (source_profile_id, namespace) 'records_identifier', id, source_profile_id, namespace, sealed
FROM records_identifier WHERE source_profile_id = ANY(%(ids)s) AND namespace = ANY(%(fields)s)
ORDER BY source_profile_id, namespace, last_seen_at DESC, id DESC
"""


def open_persons(source_profiles: Collection[UUID], grant: Grant) -> dict[UUID, Person]:
    """What each of these source profiles last said of the person; an empty person where it said nothing."""
    with connection.cursor() as cursor:
        rows = []
        for statement in (LATEST, LATEST_IDENTIFIERS):
            cursor.execute(statement, {"ids": sorted(source_profiles), "fields": FIELDS})
            rows += cursor.fetchall()
    sealed = [Sealed(key_id, Place(table, "sealed", id), content) for table, id, key_id, _, content in rows]
    latest: dict[UUID, dict[str, str]] = defaultdict(dict)
    for row, value in zip(rows, open_sealed(sealed, grant, action="compare"), strict=True):
        latest[row[2]][row[3]] = value.decode()
    return {id: Person(**latest[id]) if id in latest else Person() for id in source_profiles}


def known(persons: Mapping[UUID, Person]) -> set[UUID]:
    """Those of whom anything is known that can tell people apart."""
    nobody = Person()
    return {id for id, person in persons.items() if person != nobody}
