"""Matches that have outlived what they were found for."""

from collections.abc import Collection
from uuid import UUID

from vault.arrays import Uuids
from vault.cursors import binary_cursor

# What was found earlier between these and anybody else, where the two are two people by now and nothing was found anew.
DROP_OUTLIVED = """
DELETE FROM identity_match AS match USING identity_assignment AS one, identity_assignment AS two
WHERE (match.left_id = ANY(%(ids)b::uuid[]) OR match.right_id = ANY(%(ids)b::uuid[])) AND match.state <> 'rejected'
  AND match.left_id <> ALL(%(resting)b::uuid[]) AND match.right_id <> ALL(%(resting)b::uuid[])
  AND one.source_profile_id = match.left_id AND one.ended_at IS NULL
  AND two.source_profile_id = match.right_id AND two.ended_at IS NULL AND one.profile_id <> two.profile_id
  AND NOT EXISTS (
      SELECT FROM unnest(%(lefts)b::uuid[], %(rights)b::uuid[]) AS found (left_id, right_id)
      WHERE found.left_id = match.left_id AND found.right_id = match.right_id
  )
"""


def drop(source_profiles: Collection[UUID], found: Collection[tuple[UUID, UUID]], *, resting: Collection[UUID]) -> None:
    """Let go of the pairs that joined these to somebody, or waited for review, and were not `found` again; those of
    whom one is `resting`, and so was not compared, stay."""
    pairs = {"lefts": Uuids(left for left, _ in found), "rights": Uuids(right for _, right in found)}
    with binary_cursor() as cursor:
        cursor.execute(DROP_OUTLIVED, {"ids": Uuids(source_profiles), "resting": Uuids(resting), **pairs})
