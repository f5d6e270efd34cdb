"""Corrections of identity by people: the ledger is changed, and what follows from it is put to work, together.

The golden record follows at once: whoever corrects looks at the profiles next, and not only when a worker has.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from consent.decide import decide_each
from identity import golden, households, ledger
from identity.makeup import CHANGED_MEANWHILE, makeup_of
from identity.models import CANNOT_LINK, LINKING, MUST_LINK, Assignment, Match, Verdict
from identity.profiles import profile_of, source_profiles, source_profiles_of
from pipeline import queue
from privacy import requests, sharing, subjects
from privacy.models import ERASURE, OPEN, SubjectRequest
from privacy.sharing import NotShared
from vault.grants import Actor

STAGE = Actor.machine("corrections")


class ChangedMeanwhile(ledger.NotPossible):
    """One of the two is not made up as whoever decides has seen it."""


def merge(left: UUID, right: UUID, *, actor: str, reason: str, now: datetime) -> UUID:
    """Make two profiles one. Raises `identity.ledger.NotPossible`, also where either may not be linked."""
    with transaction.atomic():
        ledger.lock()
        _must_be_linkable([left, right], now=now)
        survivor = ledger.merge(left, right, actor=actor, reason=reason, now=now)
        _process(left, right, now=now)
    return survivor


def merge_as_seen(left: UUID, right: UUID, *, seen: str, actor: str, reason: str, now: datetime) -> UUID:
    """The same of two that somebody looked at, who were made up so then (`identity.makeup`). Raises `ChangedMeanwhile`
    where either has changed since, and `identity.ledger.NotPossible`."""
    with transaction.atomic():
        ledger.lock()
        if makeup_of([left, right]) != seen:
            raise ChangedMeanwhile(CHANGED_MEANWHILE)
        return merge(left, right, actor=actor, reason=reason, now=now)


def split(source_profile: UUID, *, actor: str, reason: str, now: datetime) -> UUID:
    """Take a source profile out of its profile. Raises `identity.ledger.NotPossible`."""
    with transaction.atomic():
        home = profile_of([source_profile]).get(source_profile)
        made = ledger.split(source_profile, actor=actor, reason=reason, now=now)
        _process(made, *([home] if home else []), now=now)
    return made


def undo_split(source_profile: UUID, *, actor: str, reason: str, now: datetime) -> UUID:
    """Put it back where it was. Raises `identity.ledger.NotPossible`."""
    with transaction.atomic():
        ledger.lock()
        _must_be_linkable(set(profile_of([source_profile]).values()), now=now)
        home = ledger.undo_split(source_profile, actor=actor, reason=reason, now=now)
        _process(home, now=now)
    return home


def undo_merge(profile: UUID, merged: UUID, *, actor: str, reason: str, now: datetime) -> UUID:
    """Take apart what was merged. Raises `identity.ledger.NotPossible`."""
    with transaction.atomic():
        waiting = source_profiles(profile)
        ledger.undo_merge(profile, merged, actor=actor, reason=reason, now=now)
        _follow([profile, merged], now=now)
        queue.enqueue(waiting, now=now)
    return merged


def join(match: Match, *, actor: str, reason: str, now: datetime) -> UUID:
    """Decide that a pair is one person. Raises `identity.ledger.NotPossible`."""
    homes = profile_of([match.left_id, match.right_id])
    if len(homes) < 2:
        raise ledger.NotPossible("one of the two has no profile yet; try again in a moment")
    return merge(homes[match.left_id], homes[match.right_id], actor=actor, reason=reason, now=now)


def join_bearers(request: SubjectRequest, profiles: Collection[UUID], *, actor: str, now: datetime) -> UUID:
    """Decide that these profiles, which bear identifiers of the person of this request, are that person: the request
    covers them from then on. Only of an erasure that nobody has approved yet; whoever joins cannot approve it then.

    Raises `NotOpen`, `NotVerified` and `WrongKind` of `privacy.requests`, `privacy.sharing.NotShared`,
    `privacy.subjects.UnknownProfile`, `identity.ledger.NotPossible`, and then has changed nothing.
    """
    with transaction.atomic():
        request = requests.lock(request, states=[OPEN], kinds=[ERASURE])
        person = subjects.find(request.profile_id)
        if not set(profiles) <= sharing.sharing(person).profiles.keys():
            raise NotShared("one of these profiles bears none of the person's identifiers any more")
        survivor = subjects.living(request.profile_id)
        for other in sorted(profiles):
            survivor = merge(survivor, other, actor=actor, reason=f"subject request {request.pk}", now=now)
        detail = {"profiles": len(profiles)}
        requests.take_step(request, requests.JOINED, actor=actor, now=now, detail=detail)
    return survivor


def keep_apart(match: Match, *, actor: str, reason: str, now: datetime) -> None:
    """Decide that a pair is two people. Raises `identity.ledger.NotPossible` when they are one profile by now."""
    with transaction.atomic():
        ledger.lock()
        homes = profile_of([match.left_id, match.right_id])
        if len(homes) == 2 and len(set(homes.values())) == 1:
            raise ledger.NotPossible("They are one profile by now; split off the source profile instead")
        ledger.rule(match.left_id, match.right_id, CANNOT_LINK, actor=actor, reason=reason, now=now)


def allow_again(profile: UUID, other: UUID, *, actor: str, reason: str, now: datetime) -> None:
    """Take back whatever keeps these two apart, whoever decided it: matching may join them again, if the evidence is
    enough. Raises `identity.ledger.NotPossible`."""
    with transaction.atomic():
        ledger.lock()
        standing = _apart(source_profiles(profile), source_profiles(other))
        if not standing:
            raise ledger.NotPossible("nobody keeps these two apart")
        ledger.withdraw(standing, actor=actor, reason=reason, now=now)
        _process(profile, other, now=now)


def take_back(answer: Verdict, *, actor: str, reason: str, now: datetime) -> None:
    """Take back what somebody decided, on all of its pairs and on no others: what was joined by it is taken apart, and
    matching will not join it again; what is kept apart by it may be joined again, where no other answer forbids it.

    Raises `identity.ledger.NotPossible`.
    """
    with transaction.atomic():
        ledger.lock()
        standing = _standing_with(answer)
        if answer.verdict == MUST_LINK:
            _take_apart(answer, standing, actor=actor, reason=reason, now=now)
        ledger.withdraw(standing, actor=actor, reason=reason, now=now)
        _process(*set(_homes(standing).values()), now=now)


def kept_apart_still(answer: Verdict) -> bool:
    """Whether another answer keeps the two profiles apart that the two of this one are in."""
    homes = profile_of([answer.left_id, answer.right_id])
    here, there = (
        [id, *(source_profiles(homes[id]) if id in homes else ())] for id in (answer.left_id, answer.right_id)
    )
    return bool(_apart(here, there))


def _apart(here: Collection[UUID], there: Collection[UUID]) -> list[Verdict]:
    """What keeps any of the one apart from any of the other."""
    across = Q(left__in=here, right__in=there) | Q(left__in=there, right__in=here)
    return list(Verdict.objects.filter(across, undone_at=None, verdict=CANNOT_LINK))


def _homes(pairs: Collection[Verdict]) -> dict[UUID, UUID]:
    return profile_of({id for pair in pairs for id in (pair.left_id, pair.right_id)})


def _standing_with(answer: Verdict) -> list[Verdict]:
    """This answer and the other pairs of its decision that stand."""
    pairs = {pair.pk: pair for pair in Verdict.objects.filter(decision=answer.decision).order_by("id")}
    if answer.pk not in pairs:
        raise ledger.NotPossible("one of the two was erased, and the answer with them")
    if pairs[answer.pk].undone_at:
        raise ledger.NotPossible("this answer does not stand any more")
    others = [pair for pair in pairs.values() if pair.pk != answer.pk and not pair.undone_at]
    return [pairs[answer.pk], *others]


def _take_apart(answer: Verdict, pairs: Collection[Verdict], *, actor: str, reason: str, now: datetime) -> None:
    """Undo the merge where a profile holds one of these pairs. Who are two by now, by an objection for example, or
    whoever waits to be resolved, are kept apart from then on."""
    homes = _homes(pairs)
    held = [pair for pair in pairs if pair.left_id in homes and homes[pair.left_id] == homes.get(pair.right_id)]
    if held:
        undo_merge(homes[held[0].left_id], _merged_by(answer), actor=actor, reason=reason, now=now)
    apart = [(pair.left_id, pair.right_id) for pair in pairs if pair not in held]
    if apart:
        ledger.rule_each(apart, CANNOT_LINK, actor=actor, reason=reason, now=now)


def _merged_by(answer: Verdict) -> UUID:
    """The profile that ended by this answer: whoever of the two the answer moved was in it until then."""
    entries = Assignment.objects.filter(source_profile__in=[answer.left_id, answer.right_id])
    moved = entries.filter(evidence__verdict=str(answer.decision)).first()
    merged = _before(moved) if moved else None
    if merged is None:
        raise ledger.NotPossible("nothing was joined by this answer; split off the source profile on the profile page")
    return merged


def _before(entry: Assignment) -> UUID | None:
    """The profile that the source profile of this entry left by it."""
    earlier = Q(assigned_at__lt=entry.assigned_at) | Q(assigned_at=entry.assigned_at, id__lt=entry.pk)
    left = Assignment.objects.filter(earlier, source_profile=entry.source_profile_id, ended_at=entry.assigned_at)
    return left.order_by("-assigned_at", "-id").values_list("profile_id", flat=True).first()


def _process(*profiles: UUID, now: datetime) -> None:
    _follow(profiles, now=now)
    waiting = {id for profile in profiles for id in source_profiles(profile)}
    if waiting:
        queue.enqueue(waiting, now=now)


def _must_be_linkable(profiles: Collection[UUID], *, now: datetime) -> None:
    """Whoever objects would be parted again as soon as they are processed, and nobody would know why."""
    owned = source_profiles_of(profiles)
    refused = decide_each(owned, purpose=LINKING, at=now, actor=STAGE, reason="join by hand").refused
    if refused:
        raise ledger.NotPossible(
            f"one of them may not be linked with anybody ({', '.join(sorted(set(refused.values())))}); once they agree "
            "to identity linking, and that is recorded with the profile, this can be done"
        )


def _follow(profiles: Collection[UUID], *, now: datetime) -> None:
    """What is seen at once; the rest follows with who is queued."""
    golden.refresh(profiles, now=now)
    households.refresh(profiles, now=now)
