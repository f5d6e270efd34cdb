"""Alice, who said yes by e-mail, and Carol, who withdrew; known to a shop, with links of their own."""

import re
from datetime import datetime
from uuid import UUID

from django.core import mail
from django.utils import timezone

from identity.profiles import source_profiles
from privacy import links
from privacy.models import PREFERENCES
from privacy.public import inquiries
from records.models import Identifier

ADDRESS = re.compile(r"https?://[^\s/]+(/\S+)")


def source_profile_of(profile: UUID) -> UUID:
    """The source profile that bears the person's e-mail address."""
    found = Identifier.objects.filter(namespace="email", source_profile__in=source_profiles(profile)).first()
    assert found is not None
    return found.source_profile_id


def preference_link(profile: UUID, *, now: datetime | None = None) -> str:
    token = links.make(PREFERENCES, source_profile=source_profile_of(profile), now=now or timezone.now())
    return f"/privacy/choices/{token}/"


def mailed() -> str:
    """The link in the only message that went out since the last look."""
    inquiries.answer_waiting(now=timezone.now())
    (message,) = mail.outbox
    mail.outbox.clear()
    found = ADDRESS.search(message.body)
    assert found is not None, message.body
    return found[1]
