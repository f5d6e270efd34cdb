"""Secrets that are exchanged without a break: for a day messages are signed with the old one as well."""

from datetime import datetime, timedelta

from outbox.models import AlarmListener, Recipient
from outbox.webhooks import written
from vault import kept_keys

OVERLAP = timedelta(hours=24)


def exchange(one: AlarmListener | Recipient, key: str, *, now: datetime) -> str:
    """A new secret, shown this once."""
    version = kept_keys.make_next(key)
    type(one)._default_manager.filter(pk=one.pk).update(secret_version=version, old_secret_until=now + OVERLAP)
    return written(kept_keys.key(key, version))


def counting(one: AlarmListener | Recipient, key: str, *, now: datetime) -> list[bytes]:
    """The secrets that count now, the newest first: two while one is exchanged."""
    return kept_keys.counting(key, one.secret_version, old_until=one.old_secret_until, now=now)
