"""Homes: where profiles live, read off their golden records as far as they may be linked, and kept as keyed hashes.

The hash of a tie (`identity.dwelling`) is made of the house too, so that it finds nobody in another house.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

from consent.decide import Decisions, decide_each
from identity.dwelling import FIELDS, RULES, STREET, TIES, Dwelling, dwelling_of
from identity.models import LINKING
from identity.profiles import source_profiles_of
from vault.arrays import ByteArray, Texts, Uuids
from vault.cursors import planned_cursor
from vault.grants import Actor
from vault.index_columns import indexes_to_write
from vault.sealing import Place, Sealed, open_what_opens

STAGE = Actor.machine("households")
KEY = "home"
DIGEST_BYTES = 16

# The golden values that tell where these live and with whom, of those of whom a street is known.
VALUES = """
SELECT golden.profile_id, golden.field, golden.source_profile_id,
       CASE WHEN golden.attribute_id IS NOT NULL THEN 'records_attribute'
            WHEN golden.identifier_id IS NOT NULL THEN 'records_identifier' ELSE 'identity_goldenoverride' END,
       coalesce(golden.attribute_id, golden.identifier_id, golden.override_id),
       coalesce(attribute.sealed, identifier.sealed, word.sealed)
FROM unnest(%(profiles)b::uuid[]) AS asked (id)
CROSS JOIN LATERAL (
    SELECT * FROM identity_goldenvalue WHERE profile_id = asked.id AND field = ANY(%(fields)b::text[]) OFFSET 0
) AS golden
LEFT JOIN records_attribute AS attribute ON attribute.id = golden.attribute_id
LEFT JOIN records_identifier AS identifier ON identifier.id = golden.identifier_id
LEFT JOIN identity_goldenoverride AS word ON word.id = golden.override_id
WHERE EXISTS (SELECT FROM identity_goldenvalue WHERE profile_id = asked.id AND field = 'street' OFFSET 0)
ORDER BY golden.profile_id, golden.field
"""
KNOWN = "SELECT profile_id, house, made_of FROM identity_home WHERE profile_id = ANY(%(profiles)b::uuid[])"
FORGET = "DELETE FROM identity_home WHERE profile_id = ANY(%(profiles)b::uuid[])"
# Who has moved is in no household until it is told anew.
KEEP = """
INSERT INTO identity_home AS home (profile_id, house, family_name, flat, email, phone, made_of)
SELECT profile_id, nullif(house, ''), nullif(family_name, ''), nullif(flat, ''), nullif(email, ''), nullif(phone, ''),
       made_of
FROM unnest(%(profiles)b::uuid[], %(house)b::bytea[], %(family_name)b::bytea[], %(flat)b::bytea[],
            %(email)b::bytea[], %(phone)b::bytea[], %(made_of)b::bytea[])
     AS said (profile_id, house, family_name, flat, email, phone, made_of)
ON CONFLICT (profile_id) DO UPDATE SET
    house = excluded.house, family_name = excluded.family_name, flat = excluded.flat, email = excluded.email,
    phone = excluded.phone, made_of = excluded.made_of,
    household = CASE WHEN home.house = excluded.house THEN home.household END,
    joined_at = CASE WHEN home.house = excluded.house THEN home.joined_at END
"""


@dataclass(frozen=True, slots=True)
class Changes:
    """Homes that are told anew, by profile, None where a street tells of no house; signs of what they were read off;
    profiles of which none is to be kept; and the houses that all of these lived in."""

    dwellings: Mapping[UUID, Dwelling | None]
    made_of: Mapping[UUID, bytes]
    gone: Collection[UUID]
    left: Collection[bytes]


def changes(profiles: Collection[UUID], *, now: datetime) -> Changes:
    """What is to be changed of the homes of these profiles, by their golden records and what they said of linking."""
    sealed = _sealed(profiles)
    with planned_cursor() as cursor:
        cursor.execute(KNOWN, {"profiles": Uuids(profiles)})
        known = {profile: (house and bytes(house), bytes(made_of)) for profile, house, made_of in cursor.fetchall()}
    if not sealed and not known:
        return Changes({}, {}, (), ())
    owned = source_profiles_of(sealed)
    decisions = decide_each(owned, purpose=LINKING, at=now, actor=STAGE, reason="tell who lives together")
    covered = {profile: _covered(values, decisions) for profile, values in sealed.items()}
    made_of = {profile: _digest(values) for profile, values in covered.items() if values}
    anew = [profile for profile, digest in made_of.items() if profile not in known or digest != known[profile][1]]
    dwellings = _opened({profile: covered[profile] for profile in anew}, decisions)
    gone = known.keys() - made_of.keys()
    left = {known[profile][0] for profile in (gone | dwellings.keys()) & known.keys()} - {None}
    return Changes(dwellings, made_of, gone, left)


def keep(found: Changes) -> set[bytes]:
    """Keep these changes. Returns the houses in which somebody lives now who did not, or otherwise."""
    with planned_cursor() as cursor:
        if found.gone:
            cursor.execute(FORGET, {"profiles": Uuids(found.gone)})
        if not found.dwellings:
            return set()
        hashed = _hashed(found.dwellings.values())
        columns = {field: ByteArray(home.get(field, b"") for home in hashed) for field in ("house", *TIES)}
        made_of = ByteArray(found.made_of[profile] for profile in found.dwellings)
        cursor.execute(KEEP, {"profiles": Uuids(found.dwellings), "made_of": made_of, **columns})
    return set(columns["house"]) - {b""}


def _sealed(profiles: Collection[UUID]) -> dict[UUID, list[Sealed]]:
    found: dict[UUID, list[Sealed]] = defaultdict(list)
    with planned_cursor() as cursor:
        cursor.execute(VALUES, {"profiles": Uuids(profiles), "fields": Texts(FIELDS)})
        for profile, field, source_profile, table, row, ciphertext in cursor.fetchall():
            found[profile].append(Sealed(source_profile, Place(table, "sealed", row), ciphertext, field))
    return dict(found)


def _covered(values: Collection[Sealed], decisions: Decisions[UUID]) -> list[Sealed]:
    """Those of one person's values that may be opened; none, where the street is not among them."""
    found = [one for one in values if one.key_id in decisions.grant.source_profiles]
    return found if any(one.field == STREET for one in found) else []


def _digest(values: Collection[Sealed]) -> bytes:
    """A sign by which it is known whether these are the values that were opened before, by the same rules."""
    digest = blake2b(bytes([RULES]), digest_size=DIGEST_BYTES)
    for one in values:
        digest.update(one.field.encode() + b"\0" + one.ciphertext)
    return digest.digest()


def _opened(sealed: Mapping[UUID, Collection[Sealed]], decisions: Decisions[UUID]) -> dict[UUID, Dwelling | None]:
    """The dwelling of each, as far as its values open."""
    items = [(profile, one) for profile, values in sealed.items() for one in values]
    opened = open_what_opens([one for _, one in items], decisions.grant, action="compare")
    golden: dict[UUID, dict[str, str]] = {profile: {} for profile in sealed}
    for (profile, one), value in zip(items, opened, strict=True):
        if value is not None:
            golden[profile][one.field] = value.decode()
    return {profile: dwelling_of(values) for profile, values in golden.items()}


def _hashed(dwellings: Collection[Dwelling | None]) -> list[dict[str, bytes]]:
    """The keyed hashes of each house and its ties, by field."""
    forms = [_forms(one) if one else {} for one in dwellings]
    indexes = indexes_to_write({(KEY, form) for home in forms for form in home.values()})
    return [{field: indexes[KEY, form] for field, form in home.items()} for home in forms]


def _forms(one: Dwelling) -> dict[str, str]:
    return {"house": one.house, **{field: f"{one.house}|{field}|{form}" for field, form in one.ties.items()}}
