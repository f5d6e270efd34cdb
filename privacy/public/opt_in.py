"""Double opt-in: a yes for e-mail counts once whoever reads the mailbox has said it again, by a link for one use."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from smtplib import SMTPException
from typing import NamedTuple
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.utils import translation
from django.utils.translation import gettext

from consent.acts import NewAct, record
from consent.models import GRANTED, WITHDRAWN, Act, Purpose
from identity.profiles import profile_of, source_profiles
from privacy import links, sign_ups, suppression
from privacy.links import About, BadLink, UsedLink
from privacy.models import OPT_IN, Link, SignUp
from privacy.public import inquiries, mail
from privacy.suppression_lift import DOUBLE_OPT_IN, lifted
from privacy.waking import wake
from records.models import Identifier

log = structlog.get_logger(__name__)

HOW, ACTOR = "double_opt_in", "data_subject"
ASKING = 0x0A5C1

# Pending acts, the oldest first, of which nobody was told yet and which nothing was said after.
WAITING = """
SELECT act.id, act.source_profile_id, act.purpose_id, act.channel, act.notice, act.locale, act.recorded_at
FROM consent_act AS act
WHERE act.state = 'pending' AND act.channel = 'email' AND act.recorded_at > %(since)s
  AND NOT EXISTS (SELECT FROM privacy_link AS link
      WHERE link.source_profile_id = act.source_profile_id AND link.use = 'opt_in'
        AND link.purpose = act.purpose_id AND link.channel = act.channel AND link.made_at >= act.recorded_at)
  AND NOT EXISTS (SELECT FROM consent_act AS later
      WHERE later.source_profile_id = act.source_profile_id AND later.purpose_id = act.purpose_id
        AND later.channel IN ('', act.channel) AND (later.occurred_at, later.id) > (act.occurred_at, act.id))
ORDER BY act.recorded_at, act.id LIMIT %(limit)s
"""


class Pending(NamedTuple):
    """A yes that waits for a second one."""

    act: UUID
    source_profile: UUID
    purpose: str
    channel: str
    notice: str
    locale: str
    recorded_at: datetime


def ask_waiting(*, now: datetime) -> int:
    """Ask whoever gave a yes that waits to say it again. Returns how many messages went out; safe to repeat.

    Among them those who were erased and sign up anew, of whom nothing but the address is kept (`privacy.sign_ups`).
    """
    since = now - links.LIFETIMES[OPT_IN]
    with connection.cursor() as cursor:
        cursor.execute(WAITING, {"since": since, "limit": inquiries.AT_A_TIME})
        waiting = [Pending(*row) for row in cursor.fetchall()]
    newcomers = sign_ups.waiting(now=now, limit=inquiries.AT_A_TIME)
    asks = [partial(_ask, one, now) for one in waiting] + [partial(_ask_newcomer, one, now) for one in newcomers]
    return sum(_alone(ask) for ask in asks)


def _alone(ask: Callable[[], int]) -> int:
    """Ask, unless another worker is asking somebody: what it has sent is seen once it has committed."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ASKING])
            (alone,) = cursor.fetchone() or (False,)
        return ask() if alone else 0


def _ask(pending: Pending, now: datetime) -> int:
    """Send one message; an act stands on every source profile of a person, who is asked once."""
    theirs = _everything_of(pending.source_profile)
    told = Link.objects.filter(use=OPT_IN, source_profile__in=theirs, purpose=pending.purpose, channel=pending.channel)
    if told.filter(made_at__gte=pending.recorded_at).exists():
        return 0
    bearers = Identifier.objects.filter(source_profile__in=theirs, namespace=inquiries.NAMESPACE)
    own = bearers.filter(source_profile=pending.source_profile).order_by("-last_seen_at", "id").first()
    bearer = own or bearers.order_by("-verified", "-last_seen_at", "id").first()
    if bearer is None or inquiries.written_lately(bytes(bearer.index), now) >= inquiries.MOST_TO_ADDRESS:
        return 0
    address = inquiries.open_address(bearer, now)
    if address is None:
        return 0
    about = About(purpose=pending.purpose, channel=pending.channel, notice=pending.notice)
    addressee = Addressee(address, bytes(bearer.index), source_profile=bearer.source_profile_id)
    return _write_to(addressee, about, pending.locale, now)


def _ask_newcomer(sign_up: SignUp, now: datetime) -> int:
    index = bytes(sign_up.index)
    if not SignUp.objects.filter(pk=sign_up.pk, links=None).exists():
        return 0
    if inquiries.written_lately(index, now) >= inquiries.MOST_TO_ADDRESS:
        return 0
    address = sign_ups.address_of(sign_up, now=now)
    if address is None:
        # Nobody will ever read it: it must not stand before those who came later.
        sign_ups.forget([index], purpose=sign_up.purpose)
        return 0
    about = About(purpose=sign_up.purpose, channel=sign_up.channel)
    return _write_to(Addressee(address, index, sign_up=sign_up.pk), about, "", now)


@dataclass(frozen=True)
class Addressee:
    """Where a message goes, and whose link it holds: a source profile's, or a sign-up's."""

    address: str
    index: bytes
    source_profile: UUID | None = None
    sign_up: UUID | None = None


def _write_to(to: Addressee, about: About, locale: str, now: datetime) -> int:
    try:
        with transaction.atomic(), translation.override(locale.split("-")[0] or "en"):
            token = links.make(
                OPT_IN, source_profile=to.source_profile, sign_up=to.sign_up, index=to.index, about=about, now=now
            )
            purpose = gettext(Purpose.objects.get(slug=about.purpose).name)
            mail.send(OPT_IN, to=to.address, token=token, purpose=purpose)
    except (OSError, SMTPException) as error:
        # The error's own words can hold the address.
        log.warning("mail_not_sent", error=type(error).__name__)
        return 0
    return 1


def confirm(link: Link, *, locale: str, now: datetime) -> None:
    """Record the yes on every source profile now theirs; whoever was erased and signed up anew comes in.

    The mailbox is proved with it: where its address was suppressed, later records that bear it come in.

    Raises `privacy.links.UsedLink` when it was confirmed before, and `privacy.links.BadLink` when the person has said
    no since the link was made; either changes nothing.
    """
    if link.used_at is not None:
        raise UsedLink
    if link.source_profile_id is None:
        sign_ups.confirm(link, how=HOW, actor=ACTOR, locale=locale, now=now)
        return
    bars = [bar.id for bar in suppression.standing(inquiries.proved_by(link, now))]
    with lifted(bars, evidence=DOUBLE_OPT_IN, reference=str(link.pk), actor=ACTOR, now=now):
        link = links.use_up(link, now=now)
        theirs = _everything_of(links.home_of(link))
        said_since = Act.objects.filter(source_profile__in=theirs, purpose=link.purpose, channel__in=["", link.channel])
        if said_since.filter(state=WITHDRAWN, occurred_at__gt=link.made_at).exists():
            raise BadLink
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
                addressed=link.source_profile_id,
            )
            for source_profile in theirs
        ]
        wake(theirs, now=now)
        record(acts, now=now)


def _everything_of(source_profile: UUID) -> list[UUID]:
    """All source profiles of the person behind this one, as far as the person is known."""
    profile = profile_of([source_profile]).get(source_profile)
    return source_profiles(profile) if profile else [source_profile]


def purpose_name(link: Link) -> str:
    """What the purpose of the link is called."""
    return Purpose.objects.get(slug=link.purpose).name
