"""What stays plain of a source profile: year of birth, area of the postcode, country, and when it was seen."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from records.sightings import Told
from records.standardize import postcode_area
from vault.cursors import planned_cursor
from vault.ids import in_order

GENERALIZED = ("birth_date", "postcode", "country")

# The latest word counts; what comes late fills what was missing. Of a source profile from before these instants were
# kept, the word counts as said when it was last seen. That somebody was seen later, and nothing more, is written when
# they are processed (`records.source_profiles.seen_again`).
NOTE_GENERALIZED = """
WITH new AS (
    SELECT *, said_at IS NOT NULL AND said_at >= COALESCE(bearer.generalized_at, bearer.last_seen_at) AS is_later
    FROM unnest(%b::uuid[], %b::smallint[], %b::text[], %b::text[], %b::timestamptz[], %b::timestamptz[],
                %b::timestamptz[])
        AS told (id, year, area, place, said_at, first_at, last_at)
    JOIN records_sourceprofile AS bearer USING (id)
)
UPDATE records_sourceprofile AS known SET
    birth_year = CASE WHEN is_later THEN COALESCE(year, known.birth_year) ELSE COALESCE(known.birth_year, year) END,
    postcode_area = CASE WHEN area = '' OR known.postcode_area <> '' AND NOT is_later
                         THEN known.postcode_area ELSE area END,
    country = CASE WHEN place = '' OR known.country <> '' AND NOT is_later THEN known.country ELSE place END,
    generalized_at = GREATEST(known.generalized_at, said_at),
    first_seen_at = LEAST(known.first_seen_at, first_at),
    last_seen_at = GREATEST(known.last_seen_at, last_at)
FROM new
WHERE known.id = new.id AND (said_at IS NOT NULL OR first_at < known.first_seen_at)
"""


def note(told: Iterable[Told]) -> None:
    """Note what these records say, generalized, and when they were from, where that can be news."""
    told = [one for one in told if not (one.is_known and one.fields.keys().isdisjoint(GENERALIZED))]
    latest: dict[UUID, dict[str, str]] = {}
    span: dict[UUID, tuple[datetime | None, datetime, datetime]] = {}
    for one in sorted(told, key=_when):
        said = latest.setdefault(one.source_profile, {})
        spoken_at, first, _ = span.get(one.source_profile, (None, one.at, one.at))
        for name in GENERALIZED:
            if name in one.fields:
                said[name], spoken_at = one.fields[name], one.at
        span[one.source_profile] = (spoken_at, first, one.at)
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
