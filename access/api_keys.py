"""API keys: made once, found by digest, revoked for good."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from access.models import ApiKey
from access.secrets import digest, new_secret

SCOPES = (
    "profiles:read",
    "consents:read",
    "consents:write",
    "segments:read",
    "requests:read",
    "requests:write",
    "sources:read",
    "changes:read",
    "deliveries:read",
)
USE_NOTED_EVERY = timedelta(minutes=1)


class UnknownScope(ValueError):
    """A scope was asked for that does not exist."""


def add(
    name: str, *, purposes: Sequence[str], scopes: Sequence[str] = SCOPES, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """A new API key and its text, which is shown this once.

    Raises `UnknownScope`, and `django.core.exceptions.ValidationError` for a name that is taken or empty.
    Without scopes it may do nothing, without purposes it reads no personal data.
    """
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown:
        raise UnknownScope(f"unknown scope {unknown[0]!r}; choose from {', '.join(SCOPES)}")
    secret = new_secret("onym")
    key = ApiKey(
        name=name,
        digest=secret.digest,
        hint=secret.hint,
        scopes=list(scopes),
        purposes=list(purposes),
        expires_at=expires_at,
    )
    key.full_clean()
    key.save(force_insert=True)
    return key, secret.text


def find(text: str, *, now: datetime) -> ApiKey | None:
    """The live API key with this text, its use noted at most once a minute; None when there is none."""
    key = ApiKey.objects.live(now).filter(digest=digest(text)).first()
    if key and (key.last_used_at is None or now - key.last_used_at > USE_NOTED_EVERY):
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return key


def renew(key: ApiKey) -> str:
    """A new text for this API key; the old one ends at once. A revoked key stays revoked."""
    secret = new_secret("onym")
    ApiKey.objects.filter(pk=key.pk).update(digest=secret.digest, hint=secret.hint)
    return secret.text


def revoke(key: ApiKey, *, now: datetime) -> None:
    """End this API key. It cannot be taken back into use."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now)
