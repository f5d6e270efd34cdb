"""Webhook secrets: what a sender of Standard Webhooks signs with. A source has its own, kept in the key store."""

from datetime import datetime, timedelta

from outbox import webhooks
from records.models import Source
from vault import kept_keys

OVERLAP = timedelta(hours=24)
# Bytes, as the standard says.
SHORTEST, LONGEST = 24, 64


class BadSecret(ValueError):
    """The text is no secret of Standard Webhooks; the message says how one is written."""


def make(source: Source, *, now: datetime) -> str:
    """A new secret, shown this once, for a sender that lets its receivers choose. The one before counts for a day."""
    version = kept_keys.make_next(_name(source))
    _counts_from_now(source, version, now)
    return webhooks.written(kept_keys.key(_name(source), version))


def keep(source: Source, text: str, *, now: datetime) -> None:
    """Keep the secret that the sender has chosen; the one before counts for a day. Raises `BadSecret`."""
    try:
        secret = webhooks.secret_in(text)
    except ValueError:
        raise BadSecret("a secret must be whsec_ and base64, as the sender shows it") from None
    if not SHORTEST <= len(secret) <= LONGEST:
        raise BadSecret(f"a secret must have {SHORTEST} to {LONGEST} bytes; this one has {len(secret)}")
    if secret not in counting(source, now=now)[:1]:
        _counts_from_now(source, kept_keys.keep_next(_name(source), secret), now)


def forget(source: Source) -> None:
    """End webhooks of this source; its secrets are gone."""
    Source.objects.filter(pk=source.pk).update(webhook_secret_version=0, old_webhook_secret_until=None)
    kept_keys.destroy_all(_name(source))


def counting(source: Source, *, now: datetime) -> list[bytes]:
    """The secrets that count now, the newest first; none where the source takes no webhooks, as a client-side one."""
    if source.client_side or not source.webhook_secret_version:
        return []
    until = source.old_webhook_secret_until
    return kept_keys.counting(_name(source), source.webhook_secret_version, old_until=until, now=now)


def _counts_from_now(source: Source, version: int, now: datetime) -> None:
    until = now + OVERLAP if source.webhook_secret_version else None
    Source.objects.filter(pk=source.pk).update(webhook_secret_version=version, old_webhook_secret_until=until)
    source.webhook_secret_version, source.old_webhook_secret_until = version, until


def _name(source: Source) -> str:
    return f"webhook secret of source {source.pk}"
