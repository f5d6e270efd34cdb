"""Double opt-in: a yes for e-mail counts once whoever reads the mailbox has said it again, by a link for one use."""

from datetime import datetime

from django.db import transaction

from consent.acts import NewAct, record
from consent.models import GRANTED, Purpose
from identity.profiles import profile_of, source_profiles
from privacy import links
from privacy.models import Link

HOW, ACTOR = "double_opt_in", "data_subject"


def confirm(link: Link, *, locale: str, now: datetime) -> int:
    """Record the yes on every source profile now theirs. Raises `privacy.links.UsedLink`, and then changes nothing."""
    with transaction.atomic():
        link = links.use_up(link, now=now)
        profile = profile_of([link.source_profile_id]).get(link.source_profile_id)
        theirs = source_profiles(profile) if profile else [link.source_profile_id]
        acts = [
            NewAct(
                source_profile=source_profile,
                purpose=link.purpose,
                channel=link.channel,
                state=GRANTED,
                occurred_at=now,
                how=HOW,
                verified=True,
                actor=ACTOR,
                notice=link.notice,
                locale=locale,
            )
            for source_profile in theirs
        ]
        return len(record(acts, now=now))


def purpose_name(link: Link) -> str:
    """What the purpose of the link is called."""
    return Purpose.objects.get(slug=link.purpose).name
