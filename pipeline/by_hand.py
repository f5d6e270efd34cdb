"""Golden values set by hand, and what follows from them: golden record, features, segments, in the same transaction."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from identity import ledger, overriding
from identity.profiles import source_profiles
from privacy import epoch
from segments.following import follow
from vault.grants import Grant


def set_value(
    profile: UUID,
    field: str,
    *,
    text: str = "",
    chosen: UUID | None = None,
    reason: str,
    grant: Grant,
    now: datetime,
) -> None:
    """Let this value of the person count: `text`, or the offer that is `chosen` by its id.

    Raises `identity.overriding.NotOverridable`, and then has changed nothing.
    """
    epoch.must_be_current()
    with transaction.atomic():
        ledger.lock()
        theirs = source_profiles(profile)
        overriding.override(theirs, field, text=text, chosen=chosen, reason=reason, grant=grant, now=now)
        follow([profile], now=now)


def take_back(profile: UUID, field: str, *, grant: Grant, now: datetime) -> None:
    """Let survivorship decide on this field again. Raises `identity.overriding.NotOverridable`."""
    epoch.must_be_current()
    with transaction.atomic():
        ledger.lock()
        overriding.take_back(source_profiles(profile), field, grant=grant, now=now)
        follow([profile], now=now)
