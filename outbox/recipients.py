"""Recipients: who may be told of changes, for which purposes, at which address, under which secret."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from outbox import exchanged_secrets
from outbox.addresses import NotAllowed, must_be_allowed
from outbox.models import Change, Recipient
from outbox.webhooks import written
from vault import kept_keys
from vault.ids import new_id


def add(name: str, *, purposes: Sequence[str], url: str = "", now: datetime) -> tuple[Recipient, str]:
    """A new recipient and its secret, which is shown this once. It is told of what happens from now on.

    Without an address it is a recipient by hand, of an exported file, say. Raises
    `django.core.exceptions.ValidationError` naming each field that cannot stand.
    """
    recipient = Recipient(
        id=new_id(), name=name, url=url, purposes=list(purposes), last_change=_newest_change(), created_at=now
    )
    _check(recipient)
    recipient.secret_version, secret = kept_keys.newest(_key_of(recipient))
    recipient.save(force_insert=True)
    return recipient, written(secret)


CHANGEABLE = frozenset({"url", "purposes", "enabled"})


def change(recipient: Recipient, **changes: Any) -> Recipient:
    """The recipient with these fields changed. Enabled again, it is told of what happens from then on.

    Raises `django.core.exceptions.ValidationError` naming the field, and then has changed nothing.
    """
    unknown = sorted(set(changes) - CHANGEABLE)
    if unknown:
        raise ValidationError({unknown[0]: f"cannot be changed; allowed: {', '.join(sorted(CHANGEABLE))}"})
    with transaction.atomic():
        fresh = Recipient.objects.select_for_update(no_key=True).get(pk=recipient.pk)
        if changes.get("enabled") and not fresh.enabled:
            fresh.last_change = _newest_change()
        for name, value in changes.items():
            setattr(fresh, name, value)
        _check(fresh)
        fresh.save(update_fields=[*changes, "last_change"])
    return fresh


def exchange_secret(recipient: Recipient, *, now: datetime) -> str:
    """A new secret, shown this once. For a day messages are signed with the old one as well."""
    return exchanged_secrets.exchange(recipient, _key_of(recipient), now=now)


def secrets_of(recipient: Recipient, *, now: datetime) -> list[bytes]:
    """The secrets that count now, the newest first: two while one is exchanged."""
    return exchanged_secrets.counting(recipient, _key_of(recipient), now=now)


def find(name: str) -> Recipient:
    """The recipient of this name. Raises `Recipient.DoesNotExist`."""
    return Recipient.objects.get(name=name)


def by_id(id: UUID) -> Recipient:
    """The recipient of this id. Raises `Recipient.DoesNotExist`."""
    return Recipient.objects.get(pk=id)


def go_on_after(recipient: Recipient, change: int) -> None:
    """Note that deliveries have been made of all changes up to this one."""
    Recipient.objects.filter(pk=recipient.pk).update(last_change=change)


def _key_of(recipient: Recipient) -> str:
    return f"webhook {recipient.pk}"


def _newest_change() -> int:
    return Change.objects.aggregate(newest=Max("id"))["newest"] or 0


def _check(recipient: Recipient) -> None:
    recipient.full_clean(exclude=["id", "secret_version", "old_secret_until", "last_change", "created_at"])
    if recipient.url:
        try:
            must_be_allowed(recipient.url)
        except NotAllowed as error:
            raise ValidationError({"url": str(error)}) from None
