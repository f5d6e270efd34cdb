"""The persons behind source profiles: opened in memory, for the purpose of linking, and kept nowhere but sealed."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from uuid import UUID

import structlog

from identity import blocked
from identity.blocked import Blocked, among, unless_blocked
from identity.matching import Person
from identity.matching_views import FIELDS, TABLE, read
from vault.arrays import Texts, Uuids
from vault.grants import Grant
from vault.questions import Question, Rows, answer
from vault.sealing import Shelf, open_shelves

log = structlog.get_logger()

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

VIEWS = f"""
SELECT '{TABLE}', source_profile_id, ARRAY[uuid_send(source_profile_id)], %(fields)b::text[], ARRAY[sealed]
FROM {TABLE} WHERE source_profile_id = ANY(%(ids)b::uuid[])
"""


def latest_values(source_profiles: Collection[UUID], nobodys: Blocked) -> Question[Rows]:
    """What these source profiles last said, sealed as it is kept, for `open_persons`; blocked values were not said."""
    passed_over = among(nobodys, NAMESPACES).parameters
    asked = {"ids": Uuids(source_profiles), "fields": Texts(FIELDS), **passed_over}
    return Question(LATEST, asked, list)


def views(source_profiles: Collection[UUID]) -> Question[Rows]:
    """The same as one sealed value each, of those that have a matching view."""
    return Question(VIEWS, {"ids": Uuids(source_profiles), "fields": Texts(FIELDS)}, list)


def without_view(source_profiles: Collection[UUID], found: Rows) -> set[UUID]:
    """Those of these source profiles whose `views` were not found."""
    return set(source_profiles) - {id for _, id, *_ in found}


def open_persons(source_profiles: Collection[UUID], grant: Grant, *, found: Rows | None = None) -> dict[UUID, Person]:
    """What each of these source profiles last said of the person; an empty person where it said nothing.

    `found` are the `latest_values` or `views` of these and perhaps of others, where they have been asked for already.

    Of whom something cannot be opened, since the key is gone or it was damaged, nothing counts as said: one lost key
    stops nobody else, and a person half known is joined to nobody for want of what would tell them apart.
    """
    if found is None:
        viewed = answer(views(source_profiles))
        bare = without_view(source_profiles, viewed)
        found = viewed + (answer(latest_values(bare, blocked.standing())) if bare else [])
    wanted = set(source_profiles)
    shelves = [Shelf(id, table, "sealed", *told) for table, id, *told in found if id in wanted]
    latest: dict[UUID, dict[str, str]] = defaultdict(dict)
    shut = set()
    for shelf, values in zip(shelves, open_shelves(shelves, grant, action="compare"), strict=True):
        whole = [value for value in values if value is not None]
        if len(whole) < len(values):
            shut.add(shelf.key_id)
        elif shelf.table == TABLE:
            latest[shelf.key_id] = read(*whole)
        else:
            latest[shelf.key_id] |= {field: value.decode() for field, value in zip(shelf.fields, whole, strict=True)}
    if shut:
        log.warning("source profiles with values that do not open", count=len(shut))
    for id in shut:
        latest.pop(id, None)
    return {id: Person(**latest[id]) if id in latest else NOBODY for id in source_profiles}


def known(persons: Mapping[UUID, Person]) -> set[UUID]:
    """Those of whom anything is known that can tell people apart."""
    return {id for id, person in persons.items() if person != NOBODY}
