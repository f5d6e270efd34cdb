"""Break-glass: in an emergency somebody who may see a profile opens its masked values without the role for it.

Of one profile, for one actor, for fifteen minutes. It lifts the mask alone: what consent or a restriction refuses stays
refused. The privacy team is alerted at once and reviews every case afterwards.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.db import connection, transaction
from django.db.models import QuerySet

from identity.profiles import where_now
from privacy.models import JUSTIFIED, NOT_JUSTIFIED, EmergencyReveal
from privacy.subjects import UnknownProfile
from vault.ids import new_id
from vault.reasons import names_somebody

LASTS = timedelta(minutes=15)
# How a read under it is marked in the audit log, before its reason.
MARK = "break-glass: "


class NotReasoned(ValueError):
    """An emergency reveal and its review each need a reason that names nobody."""


class NotReviewable(RuntimeError):
    """It was reviewed already, or whoever would review it is the one who opened it."""


# Two clicks of one person open one reveal.
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('break-glass ' || %s, 0))"


def open(profile_id: UUID, *, reason: str, actor: str, now: datetime) -> EmergencyReveal:
    """The reveal of this profile to this actor until fifteen minutes from now, or the one that stands already.

    The team is told by e-mail when the transaction has committed. Raises `NotReasoned`, `UnknownProfile`.
    """
    reason = _reasoned(reason)
    if where_now(profile_id) != profile_id:
        raise UnknownProfile("there is no such profile, or it was merged into another")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(ONE_AT_A_TIME, [actor])
        if found := standing(profile_id, actor=actor, now=now):
            return found
        opened = EmergencyReveal.objects.create(
            id=new_id(), profile_id=profile_id, actor=actor, reason=reason, opened_at=now, ends_at=now + LASTS
        )
        transaction.on_commit(lambda: _alert(opened), robust=True)  # the reveal is kept and listed, come what may
    return opened


def standing(profile_id: UUID, *, actor: str, now: datetime) -> EmergencyReveal | None:
    """The reveal under which this actor may read this profile at that instant, if any."""
    theirs = EmergencyReveal.objects.filter(profile_id=profile_id, actor=actor, opened_at__lte=now)
    return theirs.filter(ends_at__gt=now).order_by("-opened_at").first()


def to_review() -> "QuerySet[EmergencyReveal]":
    """Those that nobody of the privacy team has judged yet."""
    return EmergencyReveal.objects.filter(verdict="")


def review(id: UUID, *, justified: bool, comment: str, actor: str, now: datetime) -> EmergencyReveal:
    """The reveal with what a second person thinks of it, once and for all. Raises `NotReasoned`, `NotReviewable`."""
    comment = _reasoned(comment)
    with transaction.atomic():
        found = EmergencyReveal.objects.select_for_update().get(pk=id)
        if found.verdict:
            raise NotReviewable("this emergency reveal was reviewed already")
        if found.actor == actor:
            raise NotReviewable("whoever opened a profile in an emergency cannot review it")
        found.verdict = JUSTIFIED if justified else NOT_JUSTIFIED
        found.reviewed_by, found.reviewed_at, found.comment = actor, now, comment
        found.save(update_fields=["verdict", "reviewed_by", "reviewed_at", "comment"])
    return found


def _reasoned(text: str) -> str:
    text = text.strip()
    if not text:
        raise NotReasoned("say why")
    if names_somebody(text):
        raise NotReasoned("it stays on record for years: name a case, no e-mail address or phone number")
    return text


def _alert(opened: EmergencyReveal) -> None:
    if settings.PRIVACY_TEAM:
        lines = (
            f"Reveal {opened.pk}: user {opened.actor} opened profile {opened.profile_id}",
            f"from {opened.opened_at:%Y-%m-%d %H:%M} to {opened.ends_at:%H:%M} UTC. Please review it in the console.",
        )
        send_mail("Break-glass: a profile was opened in an emergency", "\n".join(lines), None, settings.PRIVACY_TEAM)
