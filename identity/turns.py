"""Turns: those who resolve look around side by side, and write one after the other.

Looking around takes nine tenths of the time and changes nothing. Who has looked waits for a turn, asks what others have
changed since the look began, and enters whatever that does not touch; the rest goes again.
"""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from vault.arrays import Uuids
from vault.cursors import planned_cursor
from vault.questions import Question, Rows, answer

# So many are remembered. Who was overtaken by more looks around again.
REMEMBERED = 1_000

LAST = "SELECT coalesce(max(number), 0) FROM identity_turn"
TAKE = "SELECT pg_advisory_xact_lock(hashtext('onym turn'))"
SINCE = "SELECT number, source_profiles, profiles FROM identity_turn WHERE number > %(number)b ORDER BY number"
NOTE = """
WITH last AS MATERIALIZED (SELECT coalesce(max(number), 0) AS number FROM identity_turn),
forgotten AS (DELETE FROM identity_turn WHERE number <= (SELECT number FROM last) - %(remembered)b)
INSERT INTO identity_turn (number, source_profiles, profiles)
SELECT number + 1, %(source_profiles)b::uuid[], %(profiles)b::uuid[] FROM last
"""
FORGET = "DELETE FROM identity_turn"


@dataclass(frozen=True)
class Since:
    """Whom others have given a profile since a turn, and which profiles they have changed.

    It is not known any more where others had too many turns meanwhile.
    """

    source_profiles: frozenset[UUID] = frozenset()
    profiles: frozenset[UUID] = frozenset()
    known: bool = True

    def __bool__(self) -> bool:
        return bool(self.source_profiles or self.profiles)


def last() -> Question[int]:
    """The number of the last turn, for `since`: to be asked before looking around."""
    return Question(LAST, {}, lambda rows: int(rows[0][0]))


def take() -> None:
    """Wait until it is this transaction's turn, which lasts until it ends."""
    with planned_cursor() as cursor:
        cursor.execute(TAKE)


def since(number: int) -> Since:
    """What others have changed after that turn."""

    def read(rows: Rows) -> Since:
        return Since(
            source_profiles=frozenset(id for row in rows for id in row[1]),
            profiles=frozenset(id for row in rows for id in row[2]),
            known=not rows or rows[0][0] == number + 1,
        )

    return answer(Question(SINCE, {"number": number}, read))


def note(source_profiles: Collection[UUID], profiles: Collection[UUID]) -> None:
    """Tell those who are looking around what this turn has changed."""
    told = {"source_profiles": Uuids(source_profiles), "profiles": Uuids(profiles)}
    with planned_cursor() as cursor:
        cursor.execute(NOTE, {"remembered": REMEMBERED, **told})


def forget() -> None:
    """Leave none behind: nobody is looking around."""
    with planned_cursor() as cursor:
        cursor.execute(FORGET)
