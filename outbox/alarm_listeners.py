"""Who is told of alarms: mail addresses and systems, each of one source or of all."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from outbox import exchanged_secrets
from outbox.addresses import NotAllowed, must_be_allowed
from outbox.models import AlarmListener
from outbox.webhooks import written
from vault import kept_keys
from vault.ids import new_id

CHANGEABLE = frozenset({"email", "url", "source_id", "enabled"})
ONE_OF_BOTH = "Give either an e-mail address or the address of a webhook."


def add(
    name: str, *, email: str = "", url: str = "", source_id: UUID | None = None, now: datetime
) -> tuple[AlarmListener, str]:
    """A new listener, told of what begins and ends from now on; and a webhook's secret, which is shown this once.

    Raises `django.core.exceptions.ValidationError` naming each field that cannot stand.
    """
    listener = AlarmListener(id=new_id(), name=name, email=email, url=url, source_id=source_id, created_at=now)
    _check(listener)
    listener.save(force_insert=True)
    return listener, _secret(listener) if url else ""


def change(listener: AlarmListener, **changes: Any) -> AlarmListener:
    """The listener with these fields changed. Raises `ValidationError` naming the field, and then changed nothing."""
    unknown = sorted(set(changes) - CHANGEABLE)
    if unknown:
        raise ValidationError({unknown[0]: f"cannot be changed; allowed: {', '.join(sorted(CHANGEABLE))}"})
    with transaction.atomic():
        fresh = AlarmListener.objects.select_for_update(no_key=True).get(pk=listener.pk)
        for name, value in changes.items():
            setattr(fresh, name, value)
        _check(fresh)
        fresh.save(update_fields=list(changes))
    return fresh


def exchange_secret(listener: AlarmListener, *, now: datetime) -> str:
    """A new secret, shown this once. For a day messages are signed with the old one as well."""
    return exchanged_secrets.exchange(listener, _key_of(listener), now=now)


def secrets_of(listener: AlarmListener, *, now: datetime) -> list[bytes]:
    """The secrets that count now, the newest first: two while one is exchanged."""
    return exchanged_secrets.counting(listener, _key_of(listener), now=now)


def remove(listener: AlarmListener) -> None:
    """Forget this listener, its address, its secrets, and what it was told."""
    kept_keys.destroy_all(_key_of(listener))
    listener.delete()


def _secret(listener: AlarmListener) -> str:
    listener.secret_version, secret = kept_keys.newest(_key_of(listener))
    listener.save(update_fields=["secret_version"])
    return written(secret)


def _key_of(listener: AlarmListener) -> str:
    return f"alarm webhook {listener.pk}"


def _check(listener: AlarmListener) -> None:
    if bool(listener.email) == bool(listener.url):
        raise ValidationError({"email": ONE_OF_BOTH})
    listener.full_clean(exclude=["id", "secret_version", "old_secret_until", "created_at"])
    if listener.url:
        try:
            must_be_allowed(listener.url)
        except NotAllowed as error:
            raise ValidationError({"url": str(error)}) from None
