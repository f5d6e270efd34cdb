"""Waking the floors above: what is computed of people follows what they say within moments."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string


def wake(source_profiles: Collection[UUID], *, now: datetime) -> None:
    """Have segments and all else that is computed of these source profiles looked at again.

    The queue lies on a floor above and is wired by its name in the settings; it is written in the caller's transaction.
    """
    import_string(settings.WAKE)(source_profiles, now=now)
