"""API keys: made once, found by digest, expiring, rotated with an overlap, revoked for good."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from access.models import ApiKey
from access.secrets import digest, new_secret

SCOPES = (
    "profiles:read",
    "profiles:write",
    "identity:write",
    "consents:read",
    "consents:write",
    "segments:read",
    "requests:read",
    "requests:write",
    "sources:read",
    "sources:write",
    "changes:read",
    "deliveries:read",
    "recipients:read",
    "recipients:write",
)
# Who may say where data go, bring files in, or say who is who and what is true of a person, is said by name: a key has
# these only where somebody chose them.
BY_NAME_ALONE = ("profiles:write", "identity:write", "recipients:write", "sources:write")
DEFAULT_SCOPES = tuple(scope for scope in SCOPES if scope not in BY_NAME_ALONE)
# What these read, or pass on, is read for a purpose; all others do without one.
FOR_A_PURPOSE = ("profiles:read", "profiles:write", "segments:read", "changes:read", "recipients:write")
USE_NOTED_EVERY = timedelta(minutes=1)
LONGEST = timedelta(days=2 * 366)
OVERLAP = timedelta(hours=24)
LONGEST_OVERLAP = timedelta(days=14)
# From then on the admin and every answer of the API say that the key ends.
WARNED_BEFORE = timedelta(days=14)


class UnknownScope(ValueError):
    """A scope was asked for that does not exist."""


class TooLong(ValueError):
    """A key was to live, or an old secret to hold, longer than is allowed."""


class Revoked(ValueError):
    """A revoked key was to be taken back into use."""


def add(
    name: str, *, purposes: Sequence[str], scopes: Sequence[str] = DEFAULT_SCOPES, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """A new API key and its text, which is shown this once. Without an end it lives for the default lifetime.

    Raises `UnknownScope`, `TooLong`, and `django.core.exceptions.ValidationError` for a name that is taken or empty.
    Without scopes it may do nothing, without purposes it reads no personal data.
    """
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown:
        raise UnknownScope(f"unknown scope {unknown[0]!r}; choose from {', '.join(SCOPES)}")
    secret, now = new_secret("onym"), timezone.now()
    key = ApiKey(
        name=name,
        digest=secret.digest,
        hint=secret.hint,
        scopes=list(scopes),
        purposes=list(purposes),
        expires_at=_end(expires_at, now=now),
    )
    key.full_clean()
    key.save(force_insert=True)
    return key, secret.text


def for_a_purpose(scopes: Sequence[str]) -> list[str]:
    """Which of these scopes are of no use to a key that holds no purpose."""
    return [scope for scope in FOR_A_PURPOSE if scope in scopes]


def find(text: str, *, now: datetime) -> ApiKey | None:
    """The live API key with this text, its use noted at most once a minute; None when there is none."""
    key = ApiKey.objects.bearing(digest(text), now=now).first()
    if key and (key.last_used_at is None or now - key.last_used_at > USE_NOTED_EVERY):
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return key


def ends_at(key: ApiKey, text: str) -> datetime:
    """When this text of the key stops to open anything: with the key, or earlier when it was rotated out."""
    if key.former_until and digest(text) == bytes(key.former_digest or b""):
        return min(key.former_until, key.expires_at)
    return key.expires_at


def rotate(key: ApiKey, *, now: datetime, overlap: timedelta = OVERLAP, expires_at: datetime | None = None) -> str:
    """A new text for this API key, which lives for the default lifetime; the old one holds for the overlap.

    The text before the old one ends at once. Without overlap the old one ends at once, too: for a key that has leaked.
    Raises `Revoked`, `TooLong`.
    """
    if overlap > LONGEST_OVERLAP:
        raise TooLong(f"an old secret holds for {LONGEST_OVERLAP.days} days at most")
    secret = new_secret("onym")
    former = {"former_digest": F("digest"), "former_until": now + overlap} if overlap else NO_FORMER
    changed = ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(
        digest=secret.digest, hint=secret.hint, expires_at=_end(expires_at, now=now), **former
    )
    if not changed:
        raise Revoked("a revoked key stays revoked: add another")
    return secret.text


def revoke(key: ApiKey, *, now: datetime) -> None:
    """End this API key, whichever text is presented. It cannot be taken back into use."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now, **NO_FORMER)


NO_FORMER = {"former_digest": None, "former_until": None}


def _end(asked: datetime | None, *, now: datetime) -> datetime:
    end = asked or now + timedelta(days=settings.API_KEY_DAYS)
    if end > now + LONGEST:
        raise TooLong(f"an API key lives for {LONGEST.days} days at most; rotate it before it ends")
    return end
