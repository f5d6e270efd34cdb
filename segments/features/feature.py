"""Features: one fact each about a profile, computed in groups, a query or two for any number of profiles."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from segments.rules.definition import Value
from vault.cursors import binary_cursor

Owned = Mapping[UUID, Collection[UUID]]
Values = dict[UUID, dict[str, Value]]

# The source profiles of each profile, as rows of (profile_id, source_profile_id): every group's query starts with this.
OWNED = """
WITH owned AS (
    SELECT * FROM unnest(%(profiles)b::uuid[], %(source_profiles)b::uuid[]) AS pair (profile_id, source_profile_id)
)
"""


@dataclass(frozen=True)
class Feature:
    """One fact about a profile, as a rule or a score may use it. A text feature with `options` has no other values.

    The name says how many days back it looks, if not for ever: conditions are read out by it.
    """

    slug: str
    name: str
    description: str
    type: str
    unit: str = ""
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """Features computed together: profile to slug to value; what is not known of a profile is left out."""

    features: tuple[Feature, ...]
    compute: Callable[..., Values]


def today(now: datetime) -> date:
    """The day of that instant, as daily activity counts days: in UTC."""
    return now.astimezone(UTC).date()


def rows_of(owned: Owned, sql: str, **parameters: Any) -> Iterator[tuple[Any, ...]]:
    """The rows of this query over the source profiles of these profiles; it may name `owned`."""
    pairs = [(profile, source_profile) for profile, theirs in owned.items() for source_profile in theirs]
    bound: dict[str, Any] = {
        "profiles": [profile for profile, _ in pairs],
        "source_profiles": [source_profile for _, source_profile in pairs],
        **parameters,
    }
    with binary_cursor() as cursor:
        cursor.execute(OWNED + sql, bound)
        yield from cursor.fetchall()
