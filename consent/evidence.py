"""What a decision rests on: the rule in force then, everybody's last word, declarations of sources, restrictions."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consent import restrictions
from consent.models import CONTRACT
from consent.purposes import RuleVersion, declared_for, which_rule
from consent.rules import Said, conclude
from vault.arrays import Uuids
from vault.questions import Question, answer, answers


@dataclass(frozen=True)
class Evidence:
    """All that counts for a purpose and channel at an instant, of these source profiles."""

    at: datetime
    version: RuleVersion | None
    said: dict[UUID, Said]
    declared: set[UUID]
    restricted: dict[UUID, set[str]]

    def conclude(self, source_profiles: Collection[UUID]) -> str:
        """ "allowed", or why not, for all source profiles of one person together."""
        return conclude(
            self.version.rule if self.version else None,
            source_profiles,
            self.said,
            declared=self.declared,
            restrictions=restrictions.kinds(self.restricted, source_profiles),
            at=self.at,
        )

    def covered(self, source_profiles: Collection[UUID]) -> Collection[UUID]:
        """Those of an allowed person that may be read: under a contract, only of sources that declare it."""
        rests_on_contract = self.version is not None and self.version.rule.legal_basis == CONTRACT
        return [id for id in source_profiles if id in self.declared] if rests_on_contract else source_profiles


def gather(
    source_profiles: Collection[UUID], *, purpose: str, channel: str, at: datetime, known_at: datetime | None
) -> Evidence:
    """What counts of these source profiles, by what had been recorded until `known_at`. Four queries, however many."""
    version, said, restricted = answers(
        which_rule(purpose, at=at, known_at=known_at),
        what_was_said(source_profiles, purpose=purpose, channel=channel, at=at, known_at=known_at),
        restrictions.which_stand(source_profiles, at=at, known_at=known_at),
    )
    return Evidence(
        at=at,
        version=version,
        said=said,
        declared=declared_for(source_profiles, version.rule if version else None, at=at, known_at=known_at),
        restricted=restricted,
    )


# What each source profile says, by its last word on each channel. A word on all channels replaces earlier ones on one.
# Asked about one channel: the last word on it or on all. Asked about none: a 'no' on any channel, else the last 'yes'.
# Of words at the same instant the restrictive one counts. What awaits confirmation shows only where nothing else was
# said; what was annulled was never said.
LATEST = """
WITH act AS (
    SELECT id, source_profile_id, channel, state, occurred_at, verified, jurisdiction, notice FROM consent_act
    WHERE source_profile_id = ANY(%(ids)b::uuid[]) AND purpose_id = %(purpose)s
      AND (channel = '' OR channel = %(channel)s OR %(channel)s = '')
      AND occurred_at <= %(at)s AND (%(known_at)s::timestamptz IS NULL OR recorded_at <= %(known_at)s)
      AND NOT EXISTS (
          SELECT FROM consent_annulment AS annulment WHERE annulment.act_id = consent_act.id
            AND (%(known_at)s::timestamptz IS NULL OR annulment.recorded_at <= %(known_at)s)
      )
), word AS (
    SELECT DISTINCT ON (source_profile_id, channel) * FROM act WHERE state <> 'pending'
    ORDER BY source_profile_id, channel, occurred_at DESC, state DESC, verified, notice, jurisdiction
), spoken AS (
    SELECT word.*, max(occurred_at) FILTER (WHERE channel = '') OVER (PARTITION BY source_profile_id) AS on_all_at
    FROM word
    UNION ALL
    SELECT act.*, NULL FROM act WHERE state = 'pending'
)
SELECT DISTINCT ON (source_profile_id) source_profile_id, state, occurred_at, verified, jurisdiction, notice, id
FROM spoken WHERE on_all_at IS NULL OR occurred_at >= on_all_at
ORDER BY source_profile_id, state = 'pending', (%(channel)s = '' AND state = 'withdrawn') DESC, occurred_at DESC,
    state DESC, verified, notice, jurisdiction
"""


def latest_acts(
    source_profiles: Collection[UUID], *, purpose: str, channel: str, at: datetime, known_at: datetime | None
) -> dict[UUID, Said]:
    """What each of these source profiles last said of the purpose and channel by that instant."""
    return answer(what_was_said(source_profiles, purpose=purpose, channel=channel, at=at, known_at=known_at))


def what_was_said(
    source_profiles: Collection[UUID], *, purpose: str, channel: str, at: datetime, known_at: datetime | None
) -> Question[dict[UUID, Said]]:
    """The same as a question."""
    parameters = {"purpose": purpose, "channel": channel, "at": at, "known_at": known_at}
    return Question(
        LATEST, {**parameters, "ids": Uuids(source_profiles)}, lambda rows: {row[0]: Said(*row) for row in rows}
    )
