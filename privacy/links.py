"""Signed links: for one person and one use, with an end, revocable, and without a word about anybody in the address.

A token is random and carries its end and a signature (HMAC-SHA256 under the installation's secret), so that a forged or
expired one is refused before anything is looked up. The table keeps its hash only: whoever reads the database or a
backup of it can follow no link.
"""

import base64
import binascii
import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.db.models import Q

from privacy.models import OPT_IN, PREFERENCES, REQUEST, Link, SignUp, SubjectRequest
from vault.ids import new_id

RANDOM_BYTES, END_BYTES = 18, 5
LONGEST = 120
LIFETIMES = {PREFERENCES: timedelta(days=7), REQUEST: timedelta(days=90), OPT_IN: timedelta(days=3)}
# Until a request is confirmed, its link is worth no more than the message that it came in.
CONFIRM_WITHIN = timedelta(days=2)
KEPT = timedelta(days=30)


class BadLink(LookupError):
    """There is no such link, or it has ended or been revoked: from outside these are the same."""


class UsedLink(ValueError):
    """This link worked once, and has."""


@dataclass(frozen=True)
class About:
    """What a link is about, beyond the person: the kind of request, or the purpose and channel to be confirmed."""

    asked: str = ""
    purpose: str = ""
    channel: str = ""
    notice: str = ""


def make(
    use: str,
    *,
    source_profile: UUID | None = None,
    sign_up: UUID | None = None,
    index: bytes | None = None,
    about: About | None = None,
    now: datetime,
) -> str:
    """A new link for the person behind this source profile, or for whoever signed up; returns its token, kept nowhere.

    `index` is the blind index of the address that it is sent to: what following it proves.
    """
    about = about or About()
    expires_at = now + LIFETIMES[use]
    token = _token(expires_at)
    Link.objects.create(
        id=new_id(),
        digest=_digest(token),
        use=use,
        source_profile_id=source_profile,
        sign_up_id=sign_up,
        index=index,
        asked=about.asked,
        purpose=about.purpose,
        channel=about.channel,
        notice=about.notice,
        made_at=now,
        expires_at=expires_at,
    )
    return token


def follow(token: str, *, use: str, now: datetime) -> Link:
    """The link with this token, if it is for that use and holds. Raises `BadLink`."""
    if _end_of(token) <= now:
        raise BadLink
    link = Link.objects.select_related("request", "sign_up").filter(digest=_digest(token), use=use).first()
    if link is None or link.revoked_at is not None or link.expires_at <= now:
        raise BadLink
    if link.used_at is None and link.source_profile_id is None and not _waits(link.sign_up, now):
        raise BadLink
    if use == REQUEST and link.request_id is None and link.made_at + CONFIRM_WITHIN <= now:
        raise BadLink
    return link


def _waits(sign_up: SignUp | None, now: datetime) -> bool:
    return sign_up is not None and sign_up.expires_at > now


def use_up(link: Link, *, now: datetime) -> Link:
    """The link, used now, locked to the end of the transaction. Raises `UsedLink` when it was before."""
    with transaction.atomic():
        link = Link.objects.select_for_update(of=("self",)).get(pk=link.pk)
        if link.used_at is not None:
            raise UsedLink
        link.used_at = now
        link.save(update_fields=["used_at"])
    return link


def home_of(link: Link) -> UUID:
    """The source profile of the person whose link it is. Raises `BadLink` where nobody came in yet."""
    if link.source_profile_id is None:
        raise BadLink
    return link.source_profile_id


def lead_to(link: Link, request: SubjectRequest) -> None:
    """From now on the link shows this request."""
    link.request = request
    link.save(update_fields=["request"])


def revoke(source_profile: UUID, *, now: datetime) -> int:
    """End every link for the person behind this source profile. Returns how many."""
    return Link.objects.filter(source_profile=source_profile, revoked_at=None).update(revoked_at=now)


def forget_sent_to(indexes: Collection[bytes]) -> None:
    """Delete the links of sign-ups that were sent to these addresses."""
    Link.objects.filter(index__in=indexes, source_profile=None).delete()


def forget_old(*, now: datetime) -> int:
    """Delete links that ended a month ago, and those of sign-ups that ended. Returns how many."""
    ended = Q(expires_at__lt=now - KEPT) | Q(expires_at__lt=now, source_profile=None)
    return Link.objects.filter(ended).delete()[0]


def _signer() -> Signer:
    return Signer(salt="privacy.links", sep=".", algorithm="sha256")


def _token(expires_at: datetime) -> str:
    content = secrets.token_bytes(RANDOM_BYTES) + int(expires_at.timestamp()).to_bytes(END_BYTES)
    return _signer().sign(base64.urlsafe_b64encode(content).rstrip(b"=").decode())


def _end_of(token: str) -> datetime:
    """When the token ends, as its signature vouches. Raises `BadLink`."""
    if len(token) > LONGEST or not token.isascii():
        raise BadLink
    try:
        text = _signer().unsign(token)
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (BadSignature, binascii.Error):
        raise BadLink from None
    return datetime.fromtimestamp(int.from_bytes(content[RANDOM_BYTES:]), UTC)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
