"""What stays plain of a source profile: year of birth, area of the postcode, country, and when it was seen."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from records.sightings import Told
from records.standardize import postcode_area
from vault.cursors import planned_cursor
from vault.ids import in_order

GENERALIZED = ("birth_date", "postcode", "country")

# The latest word counts; what comes late fills what was missing. That somebody was seen later, and nothing more, is
# written when they are processed (`records.source_profiles.seen_again`).
NOTE_GENERALIZED = """
UPDATE records_sourceprofile AS known SET
    birth_year = CASE WHEN new.last_seen_at >= known.last_seen_at THEN COALESCE(new.birth_year, known.birth_year)
                      ELSE COALESCE(known.birth_year, new.birth_year) END,
    postcode_area = CASE WHEN new.postcode_area = '' OR known.postcode_area <> ''
                              AND new.last_seen_at < known.last_seen_at
                         THEN known.postcode_area ELSE new.postcode_area END,
    country = CASE WHEN new.country = '' OR known.country <> '' AND new.last_seen_at < known.last_seen_at
                   THEN known.country ELSE new.country END,
    first_seen_at = LEAST(known.first_seen_at, new.first_seen_at),
    last_seen_at = GREATEST(known.last_seen_at, new.last_seen_at)
FROM unnest(%b::uuid[], %b::smallint[], %b::text[], %b::text[], %b::timestamptz[], %b::timestamptz[])
    AS new (id, birth_year, postcode_area, country, first_seen_at, last_seen_at)
WHERE known.id = new.id AND (
    new.birth_year IS NOT NULL OR new.postcode_area <> '' OR new.country <> ''
    OR new.first_seen_at < known.first_seen_at
)
"""


def note(told: Iterable[Told]) -> None:
    """Note what these records say, generalized, and when they were from, where that can be news."""
    told = [one for one in told if not (one.is_known and one.fields.keys().isdisjoint(GENERALIZED))]
    latest: dict[UUID, dict[str, str]] = {}
    span: dict[UUID, tuple[datetime, datetime]] = {}
    for one in sorted(told, key=_when):
        said = latest.setdefault(one.source_profile, {})
        for name in GENERALIZED:
            if name in one.fields:
                said[name] = one.fields[name]
        first, _ = span.get(one.source_profile, (one.at, one.at))
        span[one.source_profile] = (first, one.at)
    rows = [(id, *_generalized(latest[id]), *span[id]) for id in in_order(latest)]
    if rows:
        with planned_cursor() as cursor:
            cursor.execute(NOTE_GENERALIZED, [list(column) for column in zip(*rows, strict=True)])


def _generalized(fields: Mapping[str, str]) -> tuple[int | None, str, str]:
    if not fields:
        return None, "", ""
    birth_year = int(fields["birth_date"][:4]) if "birth_date" in fields else None
    area = postcode_area(fields["postcode"], fields.get("country")) if "postcode" in fields else ""
    return birth_year, area, fields.get("country", "")


def _when(one: Told) -> datetime:
    return one.at
