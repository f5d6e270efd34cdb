"""The rule of a purpose: as it is, and as it was at any past instant by what was known then."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from consent.models import CONTRACT
from consent.rules import Renewal, Rule
from vault.arrays import Uuids
from vault.cursors import plan_once
from vault.questions import Question, answer


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """A rule and the version of the purpose that it comes from."""

    version: int
    valid_from: datetime
    recorded_at: datetime
    rule: Rule


# The version in force then, and the last material change of its notice by then: since when, and every hash from it on.
RULE = """
WITH published AS (
    SELECT version, hash, material, published_at FROM consent_notice
    WHERE purpose_id = %(purpose)s AND published_at <= %(at)s
      AND (%(known_at)s::timestamptz IS NULL OR recorded_at <= %(known_at)s)
), renewal AS (
    SELECT version, min(published_at) AS since FROM published WHERE material
    GROUP BY version ORDER BY version DESC LIMIT 1
)
SELECT id, valid_from, recorded_at, legal_basis, expires_after_days, expiry_by_jurisdiction::text, active, sensitive,
    sale_or_sharing, (SELECT since FROM renewal),
    (SELECT array_agg(hash) FROM published WHERE version >= (SELECT version FROM renewal))
FROM consent_purposeversion
WHERE purpose_id = %(purpose)s AND valid_from <= %(at)s
  AND (%(known_at)s::timestamptz IS NULL OR recorded_at <= %(known_at)s)
ORDER BY valid_from DESC, id DESC LIMIT 1
"""


def rule_in_force(purpose: str, *, at: datetime, known_at: datetime | None = None) -> RuleVersion | None:
    """The rule of this purpose in force then, as far as it was known by `known_at`; None when there is none."""
    return answer(which_rule(purpose, at=at, known_at=known_at))


def which_rule(purpose: str, *, at: datetime, known_at: datetime | None = None) -> Question[RuleVersion | None]:
    """The same as a question."""
    parameters = {"purpose": purpose, "at": at, "known_at": known_at}
    return Question(RULE, parameters, lambda rows: _version(purpose, rows[0]) if rows else None)


def _version(purpose: str, row: tuple[Any, ...]) -> RuleVersion:
    id, valid_from, recorded_at, basis, days, by_jurisdiction, active, sensitive, sale, since, notices = row
    return RuleVersion(
        version=id,
        valid_from=valid_from,
        recorded_at=recorded_at,
        rule=Rule(
            slug=purpose,
            legal_basis=basis,
            expires_after=None if days is None else timedelta(days=days),
            active=active,
            sensitive=sensitive,
            sale_or_sharing=sale,
            expires_in={place: timedelta(days=count) for place, count in json.loads(by_jurisdiction).items()},
            renewal=Renewal(since, frozenset(notices)) if since else None,
        ),
    )


# The sources whose records might then be used for the purpose.
DECLARING = """
SELECT source_id FROM (
    SELECT DISTINCT ON (source_id) source_id, purposes FROM records_sourcepurposes
    WHERE valid_from <= %(at)s AND (%(known_at)s::timestamptz IS NULL OR recorded_at <= %(known_at)s)
    ORDER BY source_id, valid_from DESC, id DESC
) AS declaration
WHERE %(purpose)s = ANY(purposes)
"""
DECLARED = f"SELECT id FROM records_sourceprofile WHERE id = ANY(%(ids)b::uuid[]) AND source_id IN ({DECLARING})"


def declared_for(
    source_profiles: Collection[UUID], rule: Rule | None, *, at: datetime, known_at: datetime | None = None
) -> set[UUID]:
    """Those of these source profiles whose source may be used for a purpose that rests on contract."""
    if rule is None or rule.legal_basis != CONTRACT:
        return set()
    asked: dict[str, Any] = {"ids": Uuids(source_profiles), "purpose": rule.slug, "at": at, "known_at": known_at}
    with connection.cursor() as cursor:
        plan_once(cursor).execute(DECLARED, asked)
        return {row[0] for row in cursor.fetchall()}
