"""Limiting: what everybody of a scene bears, measured against the limits on identifiers, where a link is to be made."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from identity.blocked import Blocked, unless_blocked
from identity.limits import LAST
from identity.matching import Borne, Limit, Room
from vault.arrays import Texts, Uuids
from vault.cursors import binary_cursor
from vault.questions import Question, Rows, answer

DAY = 86_400.0

# What these source profiles bear of the limited namespaces, and from when to when in days; and what each crowd bears,
# all of whom need not be in the scene.
BORNE = f"""
SELECT mine.source_profile_id, mine.namespace, mine.index,
       extract(epoch FROM mine.first_seen_at)::float8 / %(day)b,
       extract(epoch FROM mine.last_seen_at)::float8 / %(day)b
FROM records_identifier AS mine
WHERE mine.source_profile_id = ANY(%(ids)b::uuid[])
  AND mine.namespace = ANY(%(namespaces)b::text[]) AND {unless_blocked("mine")}
"""
BORNE_BY_CROWDS = f"""
SELECT entry.profile_id, mine.namespace, mine.index,
       extract(epoch FROM min(mine.first_seen_at))::float8 / %(day)b,
       extract(epoch FROM max(mine.last_seen_at))::float8 / %(day)b
FROM identity_assignment AS entry JOIN records_identifier AS mine USING (source_profile_id)
WHERE entry.profile_id = ANY(%(ids)b::uuid[]) AND entry.ended_at IS NULL
  AND mine.namespace = ANY(%(namespaces)b::text[]) AND {unless_blocked("mine")}
GROUP BY entry.profile_id, mine.namespace, mine.index
"""


@dataclass(frozen=True)
class Limiting:
    """The limits in force, by namespace and by priority, and what those rows of a scene bear that may be joined, read
    when it is first asked for."""

    standing: Mapping[str, Limit]
    everyone: Sequence[UUID]
    joining: Collection[int]
    crowd_of: Mapping[int, UUID]
    nobodys: Blocked

    @cached_property
    def room(self) -> Room:
        """The room of the rows, each alone."""
        return Room(lambda: self._borne, lambda: self._limited)

    def priority(self, namespaces: Collection[str]) -> int:
        """The priority of evidence that rests on these kinds of identifier; what rests on none comes last."""
        return min((self.standing[name].priority for name in namespaces), default=LAST)

    @cached_property
    def _limited(self) -> list[Limit]:
        return [one for one in self.standing.values() if one.most is not None or one.most_in_window is not None]

    @cached_property
    def _borne(self) -> list[Borne]:
        asked: dict[str, Any] = {"namespaces": Texts(one.namespace for one in self._limited), "day": DAY}
        asked |= self.nobodys.parameters
        crowds = {self.crowd_of[row] for row in self.joining if row in self.crowd_of}
        alone = Uuids(self.everyone[row] for row in sorted(self.joining) if row not in self.crowd_of)
        borne = answer(Question(BORNE, {**asked, "ids": alone}, _by_bearer))
        if crowds:
            with binary_cursor() as cursor:
                cursor.execute(BORNE_BY_CROWDS, {**asked, "ids": Uuids(crowds)})
                borne |= _by_bearer(cursor.fetchall())
        return [borne.get(self.crowd_of.get(row, id), {}) for row, id in enumerate(self.everyone)]


def limiting(
    standing: Mapping[str, Limit],
    everyone: Sequence[UUID],
    joining: Collection[int],
    belongs: Mapping[int, UUID],
    crowds: Collection[UUID],
    nobodys: Blocked,
) -> Limiting:
    """The limits for these, of whom some are `joining` others, perhaps, and some stand for crowds."""
    crowd_of = {row: profile for row, profile in belongs.items() if profile in crowds} if crowds else {}
    return Limiting(standing, everyone, joining, crowd_of, nobodys)


def _by_bearer(rows: Rows) -> dict[UUID, Borne]:
    found: dict[UUID, dict[str, dict[Any, tuple[float, float]]]] = defaultdict(lambda: defaultdict(dict))
    for bearer, namespace, index, first, last in rows:
        found[bearer][namespace][bytes(index)] = (first, last)
    return dict(found)
