"""The matching view of source profiles: opened in memory, for the purpose of linking, and kept nowhere."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from uuid import UUID

import structlog

from identity import blocked
from identity.blocked import Blocked, among, unless_blocked
from identity.matching import Person
from vault.arrays import Texts, Uuids
from vault.grants import Grant
from vault.questions import Question, Rows, answer
from vault.sealing import Shelf, open_shelves

log = structlog.get_logger()

FIELDS = ["given_name", "family_name", "birth_date", "email", "phone", "street", "postcode", "city", "country"]
NAMESPACES = ("email", "phone")
NOBODY = Person()

# The latest value of each field that matching looks at; e-mail and phone stand among the identifiers.
LATEST = f"""
SELECT 'records_attribute', source_profile_id, array_agg(uuid_send(id)), array_agg(field::text), array_agg(sealed)
FROM (
    SELECT DISTINCT ON (source_profile_id, field) id, source_profile_id, field, sealed FROM records_attribute
    WHERE source_profile_id = ANY(%(ids)b::uuid[]) AND field = ANY(%(fields)b::text[])
    ORDER BY source_profile_id, field, last_seen_at DESC, id DESC
) AS latest GROUP BY source_profile_id
UNION ALL
SELECT 'records_identifier', source_profile_id, array_agg(uuid_send(id)), array_agg(namespace::text), array_agg(sealed)
FROM (
    SELECT DISTINCT ON (source_profile_id, namespace) id, source_profile_id, namespace, sealed
    FROM records_identifier AS mine
    WHERE source_profile_id = ANY(%(ids)b::uuid[]) AND namespace = ANY(%(fields)b::text[]) AND {unless_blocked("mine")}
    ORDER BY source_profile_id, namespace, last_seen_at DESC, id DESC
) AS latest GROUP BY source_profile_id
"""


def latest_values(source_profiles: Collection[UUID], nobodys: Blocked) -> Question[Rows]:
    """What these source profiles last said, sealed as it is kept, for `open_persons`; blocked values were not said."""
    passed_over = among(nobodys, NAMESPACES).parameters
    asked = {"ids": Uuids(source_profiles), "fields": Texts(FIELDS), **passed_over}
    return Question(LATEST, asked, list)


def open_persons(source_profiles: Collection[UUID], grant: Grant, *, found: Rows | None = None) -> dict[UUID, Person]:
    """What each of these source profiles last said of the person; an empty person where it said nothing.

    `found` are the `latest_values` of these and perhaps of others, where they have been asked for already.

    Of whom something cannot be opened, since the key is gone or it was damaged, nothing counts as said: one lost key
    stops nobody else, and a person half known is joined to nobody for want of what would tell them apart.
    """
    if found is None:
        found = answer(latest_values(source_profiles, blocked.standing()))
    wanted = set(source_profiles)
    shelves = [Shelf(id, table, "sealed", *told) for table, id, *told in found if id in wanted]
    latest: dict[UUID, dict[str, str]] = defaultdict(dict)
    shut = set()
    for shelf, values in zip(shelves, open_shelves(shelves, grant, action="compare"), strict=True):
        said = {field: value.decode() for field, value in zip(shelf.fields, values, strict=True) if value is not None}
        latest[shelf.key_id] |= said
        if len(said) < len(values):
            shut.add(shelf.key_id)
    if shut:
        log.warning("source profiles with values that do not open", count=len(shut))
    for id in shut:
        del latest[id]
    return {id: Person(**latest[id]) if id in latest else NOBODY for id in source_profiles}


def known(persons: Mapping[UUID, Person]) -> set[UUID]:
    """Those of whom anything is known that can tell people apart."""
    return {id for id, person in persons.items() if person != NOBODY}
