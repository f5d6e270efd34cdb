"""The ledger of assignments: who is who, since when, why. Entries are added and ended, never changed.

A merge moves source profiles to the surviving profile; a split moves one back out. Both can be undone, because
nothing but assignments was rewritten: records, acts and keys stay with their source profiles.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max

from consent import acts
from identity import turns
from identity.models import CANNOT_LINK, LINKED, LINKING, MUST_LINK, REJECTED, Assignment, Profile, Verdict
from identity.profiles import MOST_RULED, profile_of, source_profiles, where_now
from outbox.changes import PROFILE_CREATED, PROFILE_MERGED, PROFILE_SPLIT, News, append
from vault.arrays import Texts, Uuids
from vault.cursors import planned_cursor
from vault.ids import new_id

BY_HAND = "by hand"
LOCK = "SELECT pg_advisory_xact_lock(hashtext('onym identity'))"
JOIN_RESOLVERS = "SELECT pg_advisory_xact_lock_shared(hashtext('onym identity'))"
LOCK_FOLLOWERS = "SELECT pg_advisory_xact_lock(hashtext('onym followers'))"
JOIN_FOLLOWERS = "SELECT pg_advisory_xact_lock_shared(hashtext('onym followers'))"


class NotPossible(ValueError):
    """The ledger cannot be changed in this way; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A source profile goes to a profile, on this evidence: comparison levels and weights, never values."""

    source_profile: UUID
    profile: UUID
    reason: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


def lock() -> None:
    """Let nobody else change who is who, nor compute what follows from it, until this transaction ends."""
    lock_to_resolve()
    with planned_cursor() as cursor:
        cursor.execute(LOCK_FOLLOWERS)


def lock_to_resolve() -> None:
    """The same, but for those who compute what follows: enough for who only gives source profiles their profile."""
    with planned_cursor() as cursor:
        cursor.execute(LOCK)
    turns.forget()


def join_resolvers() -> None:
    """Look around beside others who do, and not beside who changes who is who alone. To write they take `turns`."""
    with planned_cursor() as cursor:
        cursor.execute(JOIN_RESOLVERS)


def join_followers() -> None:
    """Compute what follows from who is who: beside others who do, and not beside who merges by hand or erases."""
    with planned_cursor() as cursor:
        cursor.execute(JOIN_FOLLOWERS)


MAKE_PROFILES = "INSERT INTO identity_profile (id, created_at) SELECT id, %b FROM unnest(%b::uuid[]) AS made (id)"


def make_profiles(count: int, *, now: datetime) -> list[UUID]:
    """New profiles, still without source profiles."""
    ids = [new_id() for _ in range(count)]
    if ids:
        with planned_cursor() as cursor:
            cursor.execute(MAKE_PROFILES, [now, Uuids(ids)])
    return ids


# No earlier than the latest of them began: whoever writes may have waited for whoever wrote that.
END = """
UPDATE identity_assignment SET ended_at = greatest(%(now)b, (
    SELECT max(assigned_at) FROM identity_assignment
    WHERE source_profile_id = ANY(%(ids)b::uuid[]) AND ended_at IS NULL
))
WHERE source_profile_id = ANY(%(ids)b::uuid[]) AND ended_at IS NULL RETURNING ended_at
"""


def release(source_profile_ids: Collection[UUID], *, now: datetime) -> datetime:
    """Let these belong nowhere until they are resolved anew. Returns since when: `now`, or when the last of them came
    to where they were, where that is later."""
    if not source_profile_ids:
        return now
    with planned_cursor() as cursor:
        cursor.execute(END, {"ids": Uuids(source_profile_ids), "now": now})
        ended = cursor.fetchone()
        return ended[0] if ended else now


ASSIGN = """
INSERT INTO identity_assignment
    (id, source_profile_id, profile_id, assigned_at, reason, evidence, rule_version, actor)
SELECT id, source_profile_id, profile_id, %(now)b, reason, evidence::jsonb, %(rule_version)b, %(actor)b
FROM unnest(%(ids)b::uuid[], %(source_profiles)b::uuid[], %(profiles)b::uuid[], %(reasons)b::text[],
            %(evidence)b::text[]) AS entry (id, source_profile_id, profile_id, reason, evidence)
"""


def assign(entries: Collection[Entry], *, actor: str, rule_version: str, now: datetime) -> None:
    """Enter these assignments; what held before for the same source profiles ends at the same instant: see
    `release`."""
    now = release([entry.source_profile for entry in entries], now=now)
    if not entries:
        return
    columns: dict[str, Any] = {
        "ids": Uuids(new_id() for _ in entries),
        "source_profiles": Uuids(entry.source_profile for entry in entries),
        "profiles": Uuids(entry.profile for entry in entries),
        "reasons": Texts(entry.reason for entry in entries),
        "evidence": Texts(json.dumps(dict(entry.evidence)) for entry in entries),
    }
    with planned_cursor() as cursor:
        cursor.execute(ASSIGN, {**columns, "rule_version": rule_version, "actor": actor, "now": now})


def _no_earlier(now: datetime, source_profile_ids: Collection[UUID]) -> datetime:
    """`now`, or when these came to where they are: whoever decided may have waited for the lock meanwhile."""
    theirs = Assignment.objects.current().filter(source_profile__in=source_profile_ids)
    return max(now, theirs.aggregate(latest=Max("assigned_at"))["latest"] or now)


def merge(left: UUID, right: UUID, *, actor: str, reason: str, now: datetime) -> UUID:
    """Make these two profiles one, by a person's decision. The older profile survives; returns its id.

    What kept any two of them apart so far ends. Raises `NotPossible` when they are one already or one of them has
    nobody.
    """
    with transaction.atomic():
        lock()
        survivor, other = _by_age(left, right)
        kept, moved = source_profiles(survivor), source_profiles(other)
        if survivor == other or not kept or not moved:
            raise NotPossible("choose two different profiles that both have source profiles")
        now = _no_earlier(now, moved)
        _withdraw_between(kept, moved, verdict=CANNOT_LINK, actor=actor, reason=reason, now=now)
        verdict = _join(kept, moved, actor=actor, reason=reason, now=now)
        assign(
            [Entry(id, survivor, BY_HAND, {"verdict": str(verdict.id), "purpose": LINKING}) for id in moved],
            actor=actor,
            rule_version=BY_HAND,
            now=now,
        )
        append([News(survivor, PROFILE_MERGED, {"from": str(other)})], now=now)
        return survivor


def split(source_profile: UUID, *, actor: str, reason: str, now: datetime) -> UUID:
    """Take this source profile out of its profile, by a person's decision. Returns the id of its new profile.

    Raises `NotPossible` when it is the only one there.
    """
    with transaction.atomic():
        lock()
        home = profile_of([source_profile]).get(source_profile)
        others = [id for id in source_profiles(home) if id != source_profile] if home else []
        if home is None or not others:
            raise NotPossible("this source profile is the only one of its profile; there is nothing to split")
        now = _no_earlier(now, [source_profile])
        _keep_apart([source_profile], others, actor=actor, reason=reason, now=now)
        (made,) = make_profiles(1, now=now)
        entry = Entry(source_profile, made, BY_HAND, {"from": str(home)})
        assign([entry], actor=actor, rule_version=BY_HAND, now=now)
        acts.annul([source_profile], others=others, addressed=[home], actor=actor, now=now)
        acts.annul(others, others=[source_profile], addressed=[], actor=actor, now=now)
        append([News(home, PROFILE_SPLIT, {"into": str(made)}), News(made, PROFILE_CREATED)], now=now)
        return made


def undo_split(source_profile: UUID, *, actor: str, reason: str, now: datetime) -> UUID:
    """Put a source profile that was split off by hand back where it came from, or into what that was merged into since.
    Returns that profile's id. Raises `NotPossible` where it is not where the split put it, or nobody is there."""
    with transaction.atomic():
        lock()
        entry = Assignment.objects.current().filter(source_profile=source_profile, reason=BY_HAND).first()
        home = where_now(UUID(entry.evidence["from"])) if entry and "from" in entry.evidence else None
        members = source_profiles(home) if home else []
        if entry is None or home is None or home == entry.profile_id or not members:
            raise NotPossible("this source profile was not split off by hand, or its former profile has nobody left")
        now = _no_earlier(now, [source_profile])
        _withdraw_between([source_profile], members, verdict=CANNOT_LINK, actor=actor, reason=reason, now=now)
        verdict = _join(members, [source_profile], actor=actor, reason=reason, now=now)
        evidence = {"undoes": str(entry.id), "verdict": str(verdict.id), "purpose": LINKING}
        assign([Entry(source_profile, home, BY_HAND, evidence)], actor=actor, rule_version=BY_HAND, now=now)
        append([News(home, PROFILE_MERGED, {"from": str(entry.profile_id)})], now=now)
        return home


def undo_merge(profile: UUID, merged: UUID, *, actor: str, reason: str, now: datetime) -> UUID:
    """Take apart again what was merged: the source profiles that were in `merged` then go back to it. Returns its id.

    Works for merges by hand and by matching, at any later time and through further merges; matching will not join
    them again. Whoever joined since because of somebody who goes back belongs nowhere until they are resolved anew, so
    queue everybody of the profile afterwards; what was said meanwhile to the one holds of neither of these. Raises
    `NotPossible` when nobody, or everybody, came from there.
    """
    with transaction.atomic():
        lock()
        there = set(source_profiles(profile))
        came = _last_in(merged, there) if merged != profile else set()
        joined = _joined_later(there - came, came, merged=merged)
        freed = _because_of(came, joined, there=there)
        freed = freed if there - came - freed else set()
        stay = there - came - freed
        if not came or not stay:
            raise NotPossible("none of this profile's source profiles came from that one")
        now = _no_earlier(now, came | freed)
        _keep_apart(came, stay - joined.keys() or stay, actor=actor, reason=reason, now=now)
        release(freed, now=now)
        entries = [Entry(id, merged, BY_HAND, {"undoes": str(profile)}) for id in sorted(came)]
        assign(entries, actor=actor, rule_version=BY_HAND, now=now)
        acts.annul(came | freed, others=stay, addressed=[profile], actor=actor, now=now)
        acts.annul(stay, others=came | freed, addressed=[merged], actor=actor, now=now)
        append([News(profile, PROFILE_SPLIT, {"into": str(merged)})], now=now)
        return merged


def _last_in(profile: UUID, source_profile_ids: set[UUID]) -> set[UUID]:
    """Those of these who were in this profile to its end: not who had left it before."""
    past = Assignment.objects.filter(profile=profile)
    end = past.aggregate(end=Max("ended_at"))["end"]
    theirs = past.filter(ended_at=end, source_profile__in=source_profile_ids)
    return set(theirs.values_list("source_profile_id", flat=True))


# Of these source profiles, those that joined a profile with `came` or after them, and why: the entry with which they
# first met.
JOINED_LATER = """
WITH host AS (
    SELECT profile_id, min(assigned_at) AS since, max(coalesce(ended_at, 'infinity')) AS until
    FROM identity_assignment
    WHERE source_profile_id = ANY(%(came)s) AND profile_id <> %(merged)s
      AND assigned_at >= (SELECT max(ended_at) FROM identity_assignment WHERE profile_id = %(merged)s)
    GROUP BY profile_id
), met AS (
    SELECT DISTINCT ON (entry.source_profile_id)
           entry.source_profile_id, entry.reason, entry.evidence ->> 'with' AS because_of, entry.assigned_at, host.since
    FROM identity_assignment AS entry JOIN host USING (profile_id)
    WHERE entry.source_profile_id = ANY(%(ids)s)
      AND entry.assigned_at < host.until AND host.since < coalesce(entry.ended_at, 'infinity')
    ORDER BY entry.source_profile_id, greatest(entry.assigned_at, host.since)
)
SELECT source_profile_id, because_of FROM met
WHERE (assigned_at > since OR assigned_at = since AND because_of IS NOT NULL) AND reason <> %(by_hand)s
"""


def _joined_later(ids: Collection[UUID], came: Collection[UUID], *, merged: UUID) -> dict[UUID, UUID | None]:
    """Who of these joined by matching with `came` or after them, each with whom they were found to be."""
    with connection.cursor() as cursor:
        cursor.execute(JOINED_LATER, {"ids": list(ids), "came": list(came), "merged": merged, "by_hand": BY_HAND})
        return {id: UUID(because_of) if because_of else None for id, because_of in cursor.fetchall()}


def _because_of(came: Collection[UUID], joined: Mapping[UUID, UUID | None], *, there: Collection[UUID]) -> set[UUID]:
    """Who joined because of those who came, or of somebody who did; also who joined because of nobody still there."""
    freed = set()
    for id in joined:
        chain, other = {id}, joined[id]
        while other is not None and other in joined and other not in chain:
            chain.add(other)
            other = joined[other]
        if other in came or other not in there or other in chain:
            freed.add(id)
    return freed


def rule(left: UUID, right: UUID, verdict: str, *, actor: str, reason: str, now: datetime) -> Verdict:
    """A person's verdict on a pair; it replaces the one that stood.

    Raises `NotPossible` when the two are to be kept apart and are one profile by now.
    """
    with transaction.atomic():
        lock()
        homes = profile_of([left, right])
        if verdict == CANNOT_LINK and left in homes and homes.get(left) == homes.get(right):
            raise NotPossible("they are one profile by now; split off the source profile instead")
        return rule_each([(left, right)], verdict, actor=actor, reason=reason, now=now)[0]


# The standing verdicts of these pairs, ended; and what the review queue holds of them, decided.
END_VERDICTS = """
UPDATE identity_verdict AS verdict SET undone_at = %s, undone_by = %s, undone_reason = %s
FROM unnest(%s::uuid[], %s::uuid[]) AS pair (low, high)
WHERE verdict.left_id = pair.low AND verdict.right_id = pair.high AND verdict.undone_at IS NULL
"""
DECIDE_MATCHES = """
UPDATE identity_match AS match SET state = %s
FROM unnest(%s::uuid[], %s::uuid[]) AS pair (low, high)
WHERE match.left_id = pair.low AND match.right_id = pair.high
"""


def rule_each(
    pairs: Collection[tuple[UUID, UUID]], verdict: str, *, actor: str, reason: str, now: datetime
) -> list[Verdict]:
    """The same verdict on many pairs at once, by one decision; each replaces the one that stood.

    To be called under the ledger's lock, and to keep apart only whom no profile holds together.
    """
    lows, highs = zip(*(sorted(pair) for pair in pairs), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(END_VERDICTS, [now, actor, reason[:200], list(lows), list(highs)])
        cursor.execute(DECIDE_MATCHES, [REJECTED if verdict == CANNOT_LINK else LINKED, list(lows), list(highs)])
    ids = [new_id() for _ in lows]
    return Verdict.objects.bulk_create(
        [
            Verdict(
                id=id,
                decision=ids[0],
                left_id=low,
                right_id=high,
                verdict=verdict,
                reason=reason[:200],
                actor=actor,
                decided_at=now,
            )
            for id, low, high in zip(ids, lows, highs, strict=True)
        ],
        batch_size=2_000,
    )


# The ledger holds each side together, so a few pairs join the sides or keep them apart; more than one, since some may
# leave.
def _join(one: Collection[UUID], other: Collection[UUID], *, actor: str, reason: str, now: datetime) -> Verdict:
    """Rule that the one and the other are one person, in a bounded number of pairs; returns the oldest pair's verdict.

    So whoever is left of either side stays joined when somebody of them objects to being linked.
    """
    return rule_each(_across(one, other), MUST_LINK, actor=actor, reason=reason, now=now)[0]


def _across(one: Collection[UUID], other: Collection[UUID]) -> list[tuple[UUID, UUID]]:
    return list(product(_oldest_and_latest(one), _oldest_and_latest(other)))


REJECT_BETWEEN = """
UPDATE identity_match SET state = 'rejected'
WHERE state <> 'rejected'
  AND ((left_id = ANY(%(one)s) AND right_id = ANY(%(other)s)) OR (left_id = ANY(%(other)s) AND right_id = ANY(%(one)s)))
"""


def _keep_apart(
    one: Collection[UUID], other: Collection[UUID], *, actor: str, reason: str, now: datetime
) -> list[Verdict]:
    """Rule that the one and the other are two people, in a bounded number of pairs."""
    _withdraw_between(one, other, verdict=MUST_LINK, actor=actor, reason=reason, now=now)
    with connection.cursor() as cursor:
        cursor.execute(REJECT_BETWEEN, {"one": list(one), "other": list(other)})
    return rule_each(_across(one, other), CANNOT_LINK, actor=actor, reason=reason, now=now)


def _oldest_and_latest(ids: Collection[UUID]) -> list[UUID]:
    """At most `MOST_RULED` of these; ids run in the order of their making."""
    rows = sorted(ids)
    return rows if len(rows) <= MOST_RULED else [*rows[: MOST_RULED // 2], *rows[-MOST_RULED // 2 :]]


WITHDRAW_BETWEEN = """
UPDATE identity_verdict SET undone_at = %(now)s, undone_by = %(actor)s, undone_reason = %(reason)s
WHERE undone_at IS NULL AND verdict = %(verdict)s
  AND ((left_id = ANY(%(one)s) AND right_id = ANY(%(other)s)) OR (left_id = ANY(%(other)s) AND right_id = ANY(%(one)s)))
"""


def _withdraw_between(
    one: Collection[UUID], other: Collection[UUID], *, verdict: str, actor: str, reason: str, now: datetime
) -> None:
    """End these verdicts between any of the one and any of the other."""
    sides = {"one": list(one), "other": list(other)}
    with connection.cursor() as cursor:
        cursor.execute(
            WITHDRAW_BETWEEN, {"now": now, "actor": actor, "reason": reason[:200], "verdict": verdict, **sides}
        )


def withdraw(verdicts: Collection[Verdict], *, actor: str, reason: str, now: datetime) -> None:
    """End those of these verdicts that stand."""
    standing = Verdict.objects.filter(pk__in=[one.pk for one in verdicts], undone_at=None)
    standing.update(undone_at=now, undone_by=actor, undone_reason=reason[:200])


def _by_age(left: UUID, right: UUID) -> tuple[UUID, UUID]:
    rows = Profile.objects.filter(id__in=[left, right]).order_by("created_at", "id").values_list("id", flat=True)
    if len(rows) < 2:
        raise NotPossible("choose two different profiles that both have source profiles")
    return rows[0], rows[1]


# Entries of others who were ever in one profile with these source profiles, or were kept from them by a limit, without
# what their evidence says of them.
FORGET = """
WITH shared AS (SELECT DISTINCT profile_id FROM identity_assignment WHERE source_profile_id = ANY(%(ids)s)),
others AS (
    SELECT DISTINCT source_profile_id FROM identity_assignment
    WHERE profile_id IN (SELECT profile_id FROM shared) AND source_profile_id <> ALL(%(ids)s)
    UNION
    SELECT source_profile_id FROM identity_assignment
    WHERE evidence ? 'kept_from' AND evidence ->> 'kept_from' = ANY(%(names)s)
)
UPDATE identity_assignment AS entry
SET evidence = coalesce(
    (SELECT jsonb_object_agg(name, value) FROM jsonb_each(entry.evidence) AS piece (name, value)
     WHERE value #>> '{}' <> ALL(%(names)s)), '{}'
)
WHERE source_profile_id IN (SELECT source_profile_id FROM others)
  AND EXISTS (SELECT FROM jsonb_each_text(entry.evidence) AS piece (name, value) WHERE value = ANY(%(names)s))
"""


def forget(source_profile_ids: Collection[UUID], *, profiles: Collection[UUID]) -> None:
    """Let the entries of everybody else say nothing of these source profiles and profiles, which are being erased.

    To be called before those are deleted, and allowed in an erasure alone. The entries themselves stay.
    """
    names = sorted(str(id) for id in (*source_profile_ids, *profiles))
    with connection.cursor() as cursor:
        cursor.execute(FORGET, {"ids": list(source_profile_ids), "names": names})


def history(profile: UUID) -> list[Assignment]:
    """Every assignment that this profile ever had, the latest first."""
    entries = Assignment.objects.filter(profile=profile).select_related("source_profile__source")
    return list(entries.order_by("-assigned_at", "-id"))


def oldest(profiles: Iterable[UUID]) -> UUID:
    """The profile that survives a merge of these: the oldest."""
    rows = Profile.objects.filter(id__in=list(profiles)).order_by("created_at", "id").values_list("id", flat=True)
    return rows[0]
