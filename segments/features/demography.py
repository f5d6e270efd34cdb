"""Demography, in generalized forms alone: country, and an age band from the year of birth."""

from datetime import datetime

from segments.features.feature import Feature, Group, Owned, Values, rows_of, today
from segments.rules.definition import TEXT

BANDS = ((18, "under 18"), (25, "18-24"), (35, "25-34"), (45, "35-44"), (55, "45-54"), (65, "55-64"), (121, "65+"))

FEATURES = (
    Feature("country", "Country", "Country of the most trusted source that knows it: two letters.", TEXT),
    Feature("age_band", "Age band", "From the year of birth alone.", TEXT, options=tuple(name for _, name in BANDS)),
)

# Country and year of birth of each profile, each from the most trusted source that has it, the latest seen of equals.
# What somebody set by hand comes first, whatever came in through a public write key last, as in the golden record. Each
# source profile is looked up: left to itself PostgreSQL would rather go through all that there are, in order.
DEMOGRAPHY = """
SELECT owned.profile_id,
       COALESCE(max(said.country) FILTER (WHERE said.country <> ''),
                (array_agg(known.country
                           ORDER BY source.client_side, source.trust_rank DESC, known.last_seen_at DESC, known.id)
                    FILTER (WHERE known.country <> ''))[1]),
       COALESCE(max(said.birth_year),
                (array_agg(known.birth_year
                           ORDER BY source.client_side, source.trust_rank DESC, known.last_seen_at DESC, known.id)
                    FILTER (WHERE known.birth_year IS NOT NULL))[1])
FROM owned
CROSS JOIN LATERAL (
    SELECT id, source_id, country, birth_year, last_seen_at FROM records_sourceprofile
    WHERE id = owned.source_profile_id OFFSET 0
) AS known
JOIN records_source AS source ON source.id = known.source_id
LEFT JOIN (
    identity_goldenoverride AS said JOIN identity_goldenvalue AS golden ON golden.override_id = said.id
) ON said.source_profile_id = owned.source_profile_id
GROUP BY owned.profile_id
"""


def compute(owned: Owned, *, now: datetime) -> Values:
    """Country and age band of each profile, where a source knows them."""
    values: Values = {}
    for profile, country, birth_year in rows_of(owned, DEMOGRAPHY):
        band = age_band(birth_year, year=today(now).year)
        values[profile] = {slug: value for slug, value in (("country", country), ("age_band", band)) if value}
    return values


def age_band(birth_year: int | None, *, year: int) -> str:
    """The band of the age reached in that year; empty when the year of birth is missing or absurd."""
    if birth_year is None or birth_year > year:
        return ""
    return next((name for below, name in BANDS if year - birth_year < below), "")


GROUP = Group(FEATURES, compute)
