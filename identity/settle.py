"""Settle: what matching has joined is decided anew by the rules in force, as if everybody had come at once.

The looks and the decisions are those of `resolve`. What a person did stands: verdicts, whatever they joined by hand,
whatever they took apart. A profile keeps its id where the largest part of its people is.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from identity import ledger, outlived
from identity.anew import Anew
from identity.edges import ordered
from identity.grouping import held_back
from identity.ledger import Entry
from identity.models import IN_REVIEW, Match, Profile
from identity.partings import Parting
from identity.portions import MOST_TOGETHER, beside, tied
from identity.profiles import profile_of
from identity.resolve import OBJECTED, Held, Resolution, entry_of, keep_matches
from identity.scene import look_around
from identity.seats import seats
from outbox.changes import PROFILE_CREATED, News
from vault.grants import Actor

STAGE = Actor.machine("settle")
APART = "decided anew"
# How many times a person joined another and how many parts left a person, counted as a dry run does; source profiles
# that moved; and pairs that came to wait for review, or wait no more.
COUNTED = ("merges", "splits", "moved", "reviews_added", "reviews_taken")


@dataclass(frozen=True)
class Settled(Resolution):
    """What has changed, and how much, by `COUNTED`."""

    counts: Mapping[str, int] = field(default_factory=dict)


def settle(source_profiles: Collection[UUID], *, now: datetime) -> Settled:
    """Decide anew who these are and all who may be one person with them, and enter what differs from the ledger.

    Runs inside the caller's transaction, which holds `ledger.lock_to_resolve`; safe to repeat: the second time changes
    nothing. Where more than `MOST_TOGETHER` may be one person, all stay as they are.
    """
    asked = set(source_profiles)
    before = profile_of(asked)
    while True:
        scene = look_around(asked, now=now, anew=True)
        # Since they were gathered others may have come.
        more = (tied(scene) | beside(asked)) - asked
        if not more:
            break
        before |= profile_of(more)
        asked |= more
        if len(asked) > MOST_TOGETHER:
            return Settled(set(), [], dict.fromkeys(COUNTED, 0))
    return _enter(Anew(scene, asked, before), now)


def _enter(anew: Anew, now: datetime) -> Settled:
    """Write what differs: moves, new profiles, and the matches behind them."""
    scene, groups = anew.scene, anew.changed
    scene.seen.keep()
    targets, made = _targets(anew, groups, now)
    held = held_back(scene, anew.groups)
    moves = [
        (row, target, group)
        for group, target in zip(groups, targets, strict=True)
        for row in sorted(group)
        if anew.homes.get(row) != target
    ]
    entries = [_entry(anew, row, target, group, held) for row, target, group in moves]
    ledger.assign(entries, actor=STAGE.id, rule_version=scene.version, now=now)
    waited = _in_review(scene.everyone)
    found = keep_matches(scene, anew.around, entries, held, now)
    outlived.drop(anew.asked, found, resting={scene.everyone[row] for row in scene.restricted})
    partings = _partings(anew, {row: target for row, target, _ in moves})
    for one in partings:
        one.annul(actor=STAGE.id, now=now)
    news = [News(profile, PROFILE_CREATED) for profile in made]
    news += [told for one in partings for told in one.news()]
    wait = _in_review(scene.everyone)
    counts = {
        "merges": sum(len({*_before(anew, group)}) - 1 for group in groups if _before(anew, group)),
        "splits": sum(len(one.parts) - 1 for one in partings),
        "moved": sum(len(one.moved) for one in partings),
        "reviews_added": len(wait - waited),
        "reviews_taken": len(waited - wait),
    }
    profiles = {one.profile for one in partings} | {target for _, target, _ in moves}
    return Settled(profiles, news, counts)


def _targets(anew: Anew, groups: Sequence[set[int]], now: datetime) -> tuple[list[UUID], list[UUID]]:
    """The profile of each group, and those that were made for it."""
    kept = {home for group in groups if not group <= anew.scene.objecting for home in anew.parts(group)}
    parts = [anew.parts(group) for group in groups]
    # Whoever objects leaves, and those whom they leave keep the profile.
    for group, theirs in zip(groups, parts, strict=True):
        for home in kept & theirs.keys() if group <= anew.scene.objecting else ():
            del theirs[home]
    ages = Profile.objects.filter(id__in={profile for one in parts for profile in one})
    found = seats(parts, age=dict(ages.values_list("id", "created_at")), by_hand=set(anew.scene.belongs.values()))
    made = ledger.make_profiles(found.count(None), now=now)
    new = iter(made)
    return [profile or next(new) for profile in found], made


def _entry(anew: Anew, row: int, profile: UUID, group: set[int], held: Held) -> Entry:
    """The ledger entry of a source profile: why it goes there, and, where it leaves others, what there was between."""
    scene = anew.scene
    entry = entry_of(scene, row, profile, group, held)
    if row in scene.objecting:
        return replace(entry, reason=OBJECTED)
    home = anew.homes.get(row)
    behind = sorted(anew.members[home] - group) if home and home != profile else []
    if not behind:
        return entry
    between = [(edge.bits, other, edge) for other in behind if (edge := scene.edges.get(ordered(row, other)))]
    _, other, edge = max(between, key=lambda item: item[:2], default=(0.0, behind[0], None))
    apart = {"apart_from": str(scene.everyone[other])}
    if len(group) > 1:
        return replace(entry, evidence={**entry.evidence, **apart})
    known = {"bits": round(edge.bits, 2), "levels": edge.levels} if edge else {}
    return replace(entry, reason=APART, evidence={**entry.evidence, **apart, **known})


def _before(anew: Anew, group: set[int]) -> list[UUID]:
    """The profiles that these had."""
    return [anew.before[id] for row in group if (id := anew.scene.everyone[row]) in anew.before]


def _in_review(ids: Collection[UUID]) -> set[tuple[UUID, UUID]]:
    """The pairs that wait for review and of which one is among these."""
    theirs = Match.objects.filter(Q(left__in=ids) | Q(right__in=ids), state=IN_REVIEW)
    return set(theirs.values_list("left_id", "right_id"))


def _partings(anew: Anew, moved: dict[int, UUID]) -> list[Parting]:
    """Of each profile that somebody leaves what becomes of its people."""
    scene, after = anew.scene, anew.homes | moved
    left = {anew.before[id] for row in moved if (id := scene.everyone[row]) in anew.before}
    parts: dict[UUID, dict[UUID, list[UUID]]] = defaultdict(lambda: defaultdict(list))
    for id, profile in sorted(anew.before.items()):
        if profile in left and id in scene.place:
            parts[profile][after[scene.place[id]]].append(id)
    objecting = {scene.everyone[row] for row in scene.objecting}
    found = [Parting(profile, theirs, objecting) for profile, theirs in parts.items()]
    return [one for one in found if one.moved]
