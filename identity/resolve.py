"""Resolve: who is who. New source profiles meet their candidates; the ledger gets what follows."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import numpy as np

from identity import blocked, ledger, turns
from identity.beside import Found, beside_others
from identity.blocked import Blocked
from identity.edges import SIMILAR, Edge, ordered
from identity.grouping import held_back, people_in
from identity.leave import STAGE
from identity.ledger import Entry
from identity.matching import Limit
from identity.matching.waterfall import Step
from identity.models import IN_REVIEW, LINKED, LINKING, Match
from identity.profiles import profile_of
from identity.profiles import source_profiles as members_of
from identity.scene import Scene, look_around
from identity.waiting import why_apart
from identity.weighing import LEAST_FIELDS, Rows
from outbox.changes import PROFILE_CREATED, PROFILE_MERGED, PROFILE_SPLIT, News
from vault.cursors import planned_cursor
from vault.ids import new_id

ALONE = "joined to nobody"
OBJECTED = "no leave to link"
Held = Mapping[Rows, Limit]


@dataclass(frozen=True)
class Resolution:
    """The profiles whose source profiles or data have changed, and the news of it.

    `assigned` were given a profile; `overtaken` are to go again, since others have changed something of them meanwhile.
    """

    profiles: set[UUID]
    news: list[News]
    assigned: frozenset[UUID] = field(default=frozenset(), kw_only=True)
    overtaken: frozenset[UUID] = field(default=frozenset(), kw_only=True)


def resolve(
    source_profiles: Collection[UUID],
    *,
    now: datetime,
    nobodys: Blocked | None = None,
    since: int | None = None,
) -> Resolution:
    """Give each of these source profiles its profile, merging profiles where the evidence says so.

    Runs inside the caller's transaction, which holds `ledger.lock_to_resolve` or is among those who
    `ledger.join_resolvers`; safe to repeat. Who joined them looks around beside others where it tells the last turn
    that it knows of (`since`), and else once it is its turn. `nobodys` are the blocked values, where they have been
    asked for already, no earlier than it was known of whom this is.
    """
    nobodys = nobodys or blocked.standing()
    look = partial(look_around, source_profiles, now=now, nobodys=nobodys)
    found = beside_others(look, since, now=now, nobodys=nobodys) if since is not None else None
    if found is None:
        turns.take()
        scene = look()
        found = Found(scene, people_in(scene))
    found.scene.seen.keep()
    resolution = _enter(found.scene, found.groups, now)
    turns.note(resolution.assigned.union(source_profiles) - found.overtaken, resolution.profiles)
    return replace(resolution, overtaken=found.overtaken)


def _enter(scene: Scene, groups: list[set[int]], now: datetime) -> Resolution:
    """Write what the groups say: new profiles, merges, and the matches behind them."""
    touched = [group for group in groups if group & scene.fresh or len({scene.belongs.get(row) for row in group}) > 1]
    homes = _homes(scene, touched, now)
    held = held_back(scene, groups)
    entries, unseen, news, merged = [], [], [], set()
    for group, (profile, is_new) in zip(touched, homes, strict=True):
        former = {scene.belongs[row] for row in group if row in scene.belongs} - {profile}
        moving = sorted(row for row in group if scene.belongs.get(row, scene.loosened.get(row)) != profile)
        entries += [entry_of(scene, row, profile, group, held) for row in moving]
        unseen += [entry for other in sorted(former & scene.crowds) for entry in _moved(scene, other, profile, group)]
        news += [News(profile, PROFILE_CREATED)] if is_new else []
        news += [News(profile, PROFILE_MERGED, {"from": str(other)}) for other in sorted(former)]
        merged |= former
    left = profile_of([scene.everyone[row] for row in scene.parting])
    news += [News(profile, PROFILE_SPLIT) for profile in sorted(set(left.values()))]
    ledger.assign([*entries, *unseen], actor=STAGE.id, rule_version=scene.version, now=now)
    keep_matches(scene, groups, entries, held, now)
    profiles = {profile for profile, _ in homes} | merged | scene.former | set(left.values())
    return Resolution(profiles, news, assigned=frozenset(entry.source_profile for entry in (*entries, *unseen)))


def _homes(scene: Scene, groups: list[set[int]], now: datetime) -> list[tuple[UUID, bool]]:
    former = [sorted({scene.belongs[row] for row in group if row in scene.belongs}) for group in groups]
    for profile, place in _seats(scene, groups).items():
        former[place] = [profile]
    made = iter(ledger.make_profiles(sum(1 for profiles in former if not profiles), now=now))
    return [
        (next(made), True) if not profiles else (profiles[0] if len(profiles) == 1 else ledger.oldest(profiles), False)
        for profiles in former
    ]


def _seats(scene: Scene, groups: list[set[int]]) -> dict[UUID, int]:
    """Which group goes on with the profile that somebody left who held it together: the largest of those that belong
    nowhere else, as the place of the group."""
    best: dict[UUID, tuple[int, int, int]] = {}
    for place, group in enumerate(groups):
        if not group & scene.belongs.keys():
            for profile in {scene.loosened[row] for row in group & scene.loosened.keys()}:
                size = sum(1 for row in group if scene.loosened.get(row) == profile)
                best[profile] = max(best.get(profile, (0, 0, 0)), (size, -min(group), place))
    return {profile: place for profile, (_, _, place) in best.items()}


def entry_of(scene: Scene, row: int, profile: UUID, group: set[int], held: Held) -> Entry:
    """The ledger entry of a source profile, with the strongest edge into its group as evidence, and with what a limit
    held back."""
    entry = _joining(scene, row, profile, group)
    limits = [(scene.edges[pair].bits, pair) for pair in held if row in pair]
    if not limits:
        return entry
    _, pair = max(limits)
    kept_from = scene.everyone[pair[0] if pair[1] == row else pair[1]]
    limited = {"limit": held[pair].label, "kept_from": str(kept_from)}
    return replace(entry, evidence={**entry.evidence, **limited})


def _joining(scene: Scene, row: int, profile: UUID, group: set[int]) -> Entry:
    id = scene.everyone[row]
    edges = [(scene.edges[pair], pair) for other in group if (pair := ordered(row, other)) in scene.edges]
    best = max(edges, key=lambda item: (item[0].bits, item[1]), default=None)
    if row in scene.parting:
        return Entry(id, profile, OBJECTED)
    if best is None:
        return Entry(id, profile, ALONE) if len(group) == 1 else Entry(id, profile, SIMILAR, {"purpose": LINKING})
    edge, pair = best
    with_ = scene.everyone[pair[0] if pair[1] == row else pair[1]]
    return Entry(id, profile, edge.reason, _evidence(edge, with_))


def _evidence(edge: Edge, with_: UUID) -> dict[str, Any]:
    return {"with": str(with_), "bits": round(edge.bits, 2), "levels": edge.levels, "purpose": LINKING}


def _moved(scene: Scene, crowd: UUID, profile: UUID, group: set[int]) -> list[Entry]:
    """The entries of those of a crowd that are not in the scene: they go where those go who stand for them."""
    inside = {row for row in group if scene.belongs.get(row) == crowd}
    between = [
        (scene.edges[pair], pair, other)
        for row in inside
        for other in group - inside
        if (pair := ordered(row, other)) in scene.edges
    ]
    edge, _, other = max(between, key=lambda item: (item[0].bits, item[1]), default=(None, None, None))
    reason = edge.reason if edge else SIMILAR
    evidence = _evidence(edge, scene.everyone[other]) if edge and other is not None else {}
    unseen = sorted(set(members_of(crowd)) - scene.place.keys())
    return [Entry(id, profile, reason, evidence) for id in unseen]


def keep_matches(
    scene: Scene, groups: Sequence[set[int]], entries: Sequence[Entry], held: Held, now: datetime
) -> list[tuple[UUID, UUID]]:
    """Keep the pairs that joined somebody, and the best pair between two people whom a person should look at: one that
    is likely, or one that a limit held back. Two of whom somebody has decided already are not asked for again. Returns
    the pairs that were kept."""
    number = {row: place for place, members in enumerate(groups) for row in members}
    decided = {ordered(number[one], number[other]) for one, other in scene.apart}
    doubtful: dict[tuple[int, int], tuple[float, Rows]] = {}
    for pair in (*_worth_a_look(scene), *sorted(held)):
        between = ordered(number[pair[0]], number[pair[1]])
        if between[0] != between[1] and between not in decided:
            doubtful[between] = max(doubtful.get(between, (0.0, pair)), (scene.edges[pair].bits, pair))
    joined = {
        ordered(scene.place[entry.source_profile], scene.place[UUID(entry.evidence["with"])])
        for entry in entries
        if "with" in entry.evidence
    }
    found = [(pair, LINKED) for pair in sorted(joined)]
    waiting = sorted(pair for _, pair in doubtful.values())
    found += [(pair, IN_REVIEW) for pair in waiting]
    sides = {pair: (groups[number[pair[0]]], groups[number[pair[1]]]) for pair in waiting}
    why = {pair: why_apart(scene, pair, sides[pair], held.get(pair)) for pair in waiting}
    _write_matches(scene, found, why, now=now)
    _settle_reviews(scene, number)
    return [(scene.everyone[left], scene.everyone[right]) for (left, right), _ in found]


def _worth_a_look(scene: Scene) -> list[Rows]:
    """Likely pairs that a person could decide: with evidence in two fields or more, and no contradiction."""
    likely = [
        pair
        for pair, edge in sorted(scene.edges.items())
        if edge.probability >= scene.thresholds.review and edge.fields >= LEAST_FIELDS
    ]
    if not likely:
        return []
    contradict = scene.contradicts(np.array(likely, dtype=np.int32).reshape(-1, 2))
    return [pair for pair, no in zip(likely, contradict.tolist(), strict=True) if not no]


# What was found of each pair, in the place of what was found before. The same once more is no news.
KEEP_MATCHES = """
INSERT INTO identity_match
    (id, left_id, right_id, reason, probability, evidence, state, model_version, purpose, found_at)
SELECT id, left_id, right_id, reason, probability, evidence::jsonb, state, %(version)s, %(purpose)s, %(now)s
FROM unnest(%(ids)b::uuid[], %(lefts)b::uuid[], %(rights)b::uuid[], %(reasons)b::text[], %(probabilities)b::float8[],
            %(evidence)b::text[], %(states)b::text[])
    AS found (id, left_id, right_id, reason, probability, evidence, state)
ON CONFLICT (left_id, right_id) DO UPDATE SET
    reason = excluded.reason, probability = excluded.probability, evidence = excluded.evidence, state = excluded.state,
    model_version = excluded.model_version, purpose = excluded.purpose, found_at = excluded.found_at
WHERE (identity_match.reason, identity_match.probability, identity_match.evidence, identity_match.state,
       identity_match.model_version)
   IS DISTINCT FROM (excluded.reason, excluded.probability, excluded.evidence, excluded.state, excluded.model_version)
"""


def _write_matches(
    scene: Scene, found: Sequence[tuple[Rows, str]], why: Mapping[Rows, list[Step]], *, now: datetime
) -> None:
    if not found:
        return
    edges = [scene.edges[pair] for pair, _ in found]
    columns: dict[str, Any] = {
        "ids": [new_id() for _ in found],
        "lefts": [scene.everyone[left] for (left, _), _ in found],
        "rights": [scene.everyone[right] for (_, right), _ in found],
        "reasons": [edge.reason for edge in edges],
        "probabilities": [edge.probability for edge in edges],
        "evidence": [
            json.dumps([*edge.levels, *why.get(pair, ())]) for (pair, _), edge in zip(found, edges, strict=True)
        ],
        "states": [state for _, state in found],
    }
    with planned_cursor() as cursor:
        cursor.execute(KEEP_MATCHES, {**columns, "version": scene.version, "purpose": LINKING, "now": now})


def _settle_reviews(scene: Scene, number: dict[int, int]) -> None:
    """A pair that waited for review and has become one by other evidence needs nobody any more."""
    place = scene.place
    settled = [id for left, right, id in scene.reviews if number[place[left]] == number[place[right]]]
    if settled:
        Match.objects.filter(id__in=settled).update(state=LINKED)
