"""Legal holds: while one stands, nothing of the person is destroyed, and nothing is done with it but keep it (GDPR 18).

A hold is put on a person: on the source profiles that are theirs then, and on all that are joined with them later.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from consent import restrictions
from consent.restrictions import LEGAL_HOLD
from identity import ledger
from privacy import subjects
from privacy.models import HeldSourceProfile, LegalHold
from vault.ids import new_id


class Held(RuntimeError):
    """This may not be destroyed: a legal hold stands. The message names its reference and its end."""

    def __init__(self, holds: Collection[LegalHold]) -> None:
        self.holds = list(holds)
        super().__init__(f"{'; '.join(map(describe, self.holds))}. Nothing is destroyed before it ends or is lifted.")


class NotReasoned(ValueError):
    """A hold needs a reference and a reason, and an end in the future or none."""


class AlreadyLifted(ValueError):
    """The hold no longer stands."""


def put(
    profile_id: UUID, *, reference: str, reason: str, actor: str, now: datetime, until: datetime | None = None
) -> LegalHold:
    """A hold on this person, under that reference (of a court case, say), until it is lifted or ends by itself.

    Their other use ends at once: only purposes that rest on a legal obligation are allowed still.
    Raises `NotReasoned`, `privacy.subjects.UnknownProfile`.
    """
    if not reference.strip() or not reason.strip():
        raise NotReasoned("say under which reference, and why")
    if until is not None and until <= now:
        raise NotReasoned("the end of a hold lies in the future")
    with transaction.atomic():
        ledger.lock()  # an erasure that has begun ends first, and then there is nobody to hold
        subject = subjects.find(profile_id)
        hold = LegalHold.objects.create(
            id=new_id(),
            profile_id=subjects.living(profile_id),
            reference=reference.strip(),
            reason=reason.strip(),
            put_by=actor,
            put_at=now,
            until=until,
        )
        HeldSourceProfile.objects.bulk_create(
            [HeldSourceProfile(hold=hold, source_profile_id=id) for id in sorted(subject.source_profiles)]
        )
        restrictions.restrict(
            subject.source_profiles, kind=LEGAL_HOLD, actor=actor, now=now, request=hold.pk, until=until
        )
    return hold


def lift(hold: UUID, *, reason: str, actor: str, now: datetime) -> LegalHold:
    """The hold, lifted. What else stands on the person, stays. Raises `NotReasoned`, `AlreadyLifted`."""
    if not reason.strip():
        raise NotReasoned("say why the hold is lifted")
    with transaction.atomic():
        found = LegalHold.objects.select_for_update().get(pk=hold)
        if not found.stands(now):
            raise AlreadyLifted("this hold no longer stands")
        found.lifted_at, found.lifted_by, found.lift_reason = now, actor, reason.strip()
        found.save(update_fields=["lifted_at", "lifted_by", "lift_reason"])
        held = HeldSourceProfile.objects.filter(hold=found).values_list("source_profile_id", flat=True)
        restrictions.lift(list(held), kind=LEGAL_HOLD, actor=actor, now=now, request=found.pk)
    return found


def standing(*, at: datetime) -> "QuerySet[LegalHold]":
    """The holds that stand at that instant, the oldest first."""
    return LegalHold.objects.filter(Q(until=None) | Q(until__gt=at), put_at__lte=at, lifted_at=None).order_by("put_at")


# Each asked source profile with the holds on it, or on one that belongs to the same profile now.
HELD = """
WITH asked AS (SELECT unnest(%(ids)s::uuid[]) AS id),
mate AS (
    SELECT asked.id, asked.id AS other FROM asked
    UNION
    SELECT asked.id, other.source_profile_id FROM asked
    JOIN identity_assignment AS own ON own.source_profile_id = asked.id AND own.ended_at IS NULL
    JOIN identity_assignment AS other ON other.profile_id = own.profile_id AND other.ended_at IS NULL
)
SELECT DISTINCT mate.id, hold.id FROM mate
JOIN privacy_heldsourceprofile AS held ON held.source_profile_id = mate.other
JOIN privacy_legalhold AS hold ON hold.id = held.hold_id
WHERE hold.lifted_at IS NULL AND (hold.until IS NULL OR hold.until > %(at)s) AND hold.put_at <= %(at)s
"""


def held(source_profiles: Collection[UUID], *, at: datetime) -> dict[UUID, list[LegalHold]]:
    """Those of these source profiles that a hold keeps, each with its holds. Two queries, however many."""
    with connection.cursor() as cursor:
        cursor.execute(HELD, {"ids": list(source_profiles), "at": at})
        pairs = cursor.fetchall()
    holds = LegalHold.objects.in_bulk({hold for _, hold in pairs})
    found: dict[UUID, list[LegalHold]] = defaultdict(list)
    for source_profile, hold in sorted(pairs):
        found[source_profile].append(holds[hold])
    return dict(found)


# Everybody whom a hold keeps, with those who were joined with them since.
EVERYBODY = """
WITH held AS (
    SELECT held.source_profile_id AS id FROM privacy_heldsourceprofile AS held
    JOIN privacy_legalhold AS hold ON hold.id = held.hold_id
    WHERE hold.lifted_at IS NULL AND (hold.until IS NULL OR hold.until > %(at)s) AND hold.put_at <= %(at)s
)
SELECT id FROM held
UNION
SELECT other.source_profile_id FROM held
JOIN identity_assignment AS own ON own.source_profile_id = held.id AND own.ended_at IS NULL
JOIN identity_assignment AS other ON other.profile_id = own.profile_id AND other.ended_at IS NULL
"""


def everybody(*, at: datetime) -> set[UUID]:
    """Every source profile that a hold keeps at that instant."""
    with connection.cursor() as cursor:
        cursor.execute(EVERYBODY, {"at": at})
        return {row[0] for row in cursor.fetchall()}


def must_not_be_held(source_profiles: Collection[UUID], *, at: datetime) -> None:
    """Raises `Held` when a hold keeps any of these."""
    found = {hold.pk: hold for holds in held(source_profiles, at=at).values() for hold in holds}
    if found:
        raise Held([found[id] for id in sorted(found)])


def over(profile_id: UUID) -> list[LegalHold]:
    """Every hold that was ever put on this person or on one of their source profiles, the latest first."""
    own = subjects.find(profile_id)
    mine = HeldSourceProfile.objects.filter(source_profile__in=own.source_profiles).values("hold")
    return list(LegalHold.objects.filter(Q(profile_id__in=own.profiles) | Q(pk__in=mine)).order_by("-put_at"))


def forget_words(profiles: Collection[UUID]) -> None:
    """Delete what officers wrote about an erased person; that there was a hold, and under which reference, stays."""
    LegalHold.objects.filter(profile_id__in=list(profiles)).update(reason="", lift_reason="")


def describe(hold: LegalHold) -> str:
    """The hold in words."""
    until = f"until {hold.until:%Y-%m-%d %H:%M} UTC" if hold.until else "until it is lifted"
    return f"legal hold {hold.reference} stands {until}"
