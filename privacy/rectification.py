"""Rectification: what is wrong of a person is put right everywhere, stays right, and whoever was told is told so.

GDPR articles 16 and 19. Right values take the place of the wrong ones in identifiers, attributes, the sealed contents
of records and what is generalized from them; golden record, features and segments are computed anew at once, and who
is who is asked again. A wrong value is remembered as a keyed digest, so that a source that sends it again is not
believed: at the door (`records.store`) for the source profile that had it, and in the pipeline (`stand_by`) for others
of the same person.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from msgspec.structs import replace

from consent.decide import Refusal, decide
from identity import candidates, ledger, overriding
from identity.profiles import source_profiles_of
from outbox import deliveries
from privacy import holds, requests, subjects, suppression
from privacy.models import APPROVED, RECTIFICATION, SubjectRequest
from privacy.subjects import Subject, UnknownProfile
from privacy.waking import wake
from records import corrections as known_wrong
from records.by_hand import Illegible, home_of, normal_form, setting_of
from records.models import SourceProfile
from records.rectifying import RECTIFIABLE, drop_refuted, put_right
from records.standardize import Setting, standardize
from segments.following import follow
from vault import audit
from vault.arrays import Uuids
from vault.grants import Actor, Grant
from vault.questions import Question

PURPOSE = "subject_requests"
STAGE = Actor.machine("rectification")


class NotRectifiable(ValueError):
    """This value cannot be put right like this; carries the field, and the message the way out."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field.replace('_', ' ')}: {message}")
        self.field = field


class Refused(PermissionError):
    """The person's data may not be opened for this; the message says why."""


def carry_out(
    request: SubjectRequest, *, corrections: Mapping[str, str], actor: Actor, now: datetime
) -> SubjectRequest:
    """The approved request, carried out and completed: these are the person's values now, by field.

    Of each field every other value goes; a field of which nothing was known is completed. Values may be written as
    people write them. Everything happens or nothing does. Raises `NotRectifiable`, `Refused`, `privacy.holds.Held`,
    `privacy.requests.NotOpen`, `NotVerified`, `WrongKind`, `privacy.subjects.UnknownProfile`.
    """
    with transaction.atomic():
        request = requests.lock(request, kinds=[RECTIFICATION], states=[APPROVED])
        ledger.lock()
        suppression.close_the_door()
        subject = subjects.find(request.profile_id)
        holds.must_not_be_held(subject.source_profiles, at=now)
        home = home_of(subject.source_profiles)
        if home is None:
            raise UnknownProfile("there is no such profile")
        right = _standardized(corrections, subject, home, now)
        reason = f"rectification request {request.pk}"
        grant = _grant(subject.source_profiles, actor=actor, reason=reason, now=now)
        gave_way = overriding.give_way(subject.source_profiles, right, grant=grant, request=request.pk, now=now)
        done = put_right(subject.source_profiles, right, home=home.pk, grant=grant, request=request.pk, now=now)
        audit.write(grant, subject.source_profiles, action="rectify", fields=right)
        _follow(subject.source_profiles, subject.profiles, now=now)
        told = deliveries.queue_rectifications(subject.profiles, fields=right, request=request.pk, now=now)
        outcome = {
            "rectified": sorted(right),
            "values": done.values + gave_way,
            "records": done.records,
            "recipients_told": told,
        }
        return requests.complete(request, outcome=outcome, actor=actor.id, now=now)


def stand_by(profiles: Collection[UUID], *, now: datetime) -> None:
    """Take out what came anew of these profiles and had been put right in another source profile of the same person.

    Who is under a legal hold is left as they are.
    """
    members = source_profiles_of(profiles)
    wrong = known_wrong.refuted({id for ids in members.values() for id in ids})
    if not wrong:
        return
    request = known_wrong.requests_of(wrong)
    for ids in members.values():
        theirs = {id: wrong[id] for id in ids if id in wrong}
        if theirs and not holds.held(ids, at=now):
            grant = _grant(ids, actor=STAGE, reason="what was put right stays right", now=now)
            origin = request[min(theirs)]
            touched = drop_refuted(theirs, among=ids, grant=grant, request=origin, now=now)
            candidates.begin_anew(touched)
            wake(touched, now=now)


ANYTHING_PUT_RIGHT = """
SELECT FROM identity_assignment AS entry JOIN records_correction USING (source_profile_id)
WHERE entry.profile_id = ANY(%b::uuid[]) AND entry.ended_at IS NULL LIMIT 1
"""


def anything_put_right(profiles: Collection[UUID]) -> Question[bool]:
    """Whether anybody of these profiles ever had anything put right: without that, nobody is to `stand_by`."""
    return Question(ANYTHING_PUT_RIGHT, [Uuids(profiles)], bool)


def _standardized(
    corrections: Mapping[str, str], subject: Subject, home: SourceProfile, now: datetime
) -> dict[str, str]:
    """The values in normal form, as they would be at the door."""
    if not corrections:
        raise NotRectifiable("field", "say at least one value that is right")
    keys = _stable_keys(subject)
    setting = setting_of(home, now=now)
    country = standardize("country", corrections.get("country", ""), setting).value
    setting = replace(setting, region=country or setting.region)
    return {field: _one(field, text, keys, setting) for field, text in sorted(corrections.items())}


def _one(field: str, text: str, keys: Collection[str], setting: Setting) -> str:
    if field not in RECTIFIABLE:
        raise NotRectifiable(field, f"can not be put right by hand; known are {', '.join(RECTIFIABLE)}")
    if field in keys:
        raise NotRectifiable(field, "a source knows the person by it: change it there, or split or merge the profile")
    try:
        return normal_form(field, text, setting)
    except Illegible as error:
        raise NotRectifiable(field, str(error)) from None


def _stable_keys(subject: Subject) -> set[str]:
    keyed = SourceProfile.objects.filter(id__in=subject.source_profiles, stable_index__isnull=False)
    return set(keyed.values_list("source__stable_key", flat=True))


def _grant(source_profiles: Collection[UUID], *, actor: Actor, reason: str, now: datetime) -> Grant:
    decision = decide(list(source_profiles), purpose=PURPOSE, at=now, actor=actor, reason=reason)
    if isinstance(decision, Refusal):
        raise Refused(f"refused for '{decision.purpose}': {decision.reason}")
    return decision


def _follow(source_profiles: Collection[UUID], profiles: Collection[UUID], *, now: datetime) -> None:
    """What is computed of the person is computed anew; who is who follows in the pipeline."""
    candidates.begin_anew(source_profiles)
    follow(profiles, now=now)
    wake(source_profiles, now=now)
