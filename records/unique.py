"""Identifiers that a source's people should not share: whoever bears one that another of them bears already is flagged.

Asked by blind index, once a batch, and only where the source's mapping has such a rule.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from msgspec.structs import replace

from records.models import Source
from records.quality import UNIQUE, flag_of, unique_fields
from records.quality import flagged as with_flags
from records.standardize import identity_form
from records.store import Accepted
from vault.cursors import binary_cursor

# Of each identifier at most two bearers among the source's own: whoever is asked about may be one of them.
BEARERS = """
SELECT asked.namespace, asked.index, bearer.id
FROM unnest(%b::text[], %b::bytea[]) AS asked (namespace, index)
CROSS JOIN LATERAL (
    SELECT source_profile.id FROM records_identifier AS known
    JOIN records_sourceprofile AS source_profile ON source_profile.id = known.source_profile_id
    WHERE known.namespace = asked.namespace AND known.index = asked.index AND source_profile.source_id = %b
    LIMIT 2
) AS bearer
"""


def flagged(accepted: Sequence[Accepted], source: Source, indexes: Mapping[tuple[str, str], bytes]) -> list[Accepted]:
    """These records, flagged where an identifier that the source calls unique is another source profile's as well:
    one that it had before, or one of a record before it in the list."""
    fields = unique_fields(source)
    if not fields:
        return list(accepted)
    borne = [
        [
            (name, indexes[name, identity_form(name, item.envelope.fields[name])])
            for name in fields
            if name in item.envelope.fields
        ]
        for item in accepted
    ]
    bearers = _bearers(sorted({pair for pairs in borne for pair in pairs}), source)
    found = []
    for item, pairs in zip(accepted, borne, strict=True):
        shared = [flag_of(pair[0], UNIQUE) for pair in pairs if bearers.get(pair, set()) - {item.source_profile}]
        for pair in pairs:
            bearers.setdefault(pair, set()).add(item.source_profile)
        found.append(replace(item, envelope=with_flags(item.envelope, shared)))
    return found


def _bearers(pairs: Sequence[tuple[str, bytes]], source: Source) -> dict[tuple[str, bytes], set[UUID]]:
    bearers: dict[tuple[str, bytes], set[UUID]] = {}
    if pairs:
        with binary_cursor() as cursor:
            cursor.execute(BEARERS, [[name for name, _ in pairs], [index for _, index in pairs], source.id])
            for name, index, id in cursor.fetchall():
                bearers.setdefault((name, bytes(index)), set()).add(id)
    return bearers
