"""What is asked on the public form: kept as a keyed hash, answered by a message to the address if it is known here.

Whoever asks is told the same at once, after the same work: whether anybody bears the address is looked up later, by a
worker, and only the address itself ever hears of it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from smtplib import SMTPException
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import translation

from consent.decide import Refusal, decide
from identity.profiles import profile_of
from privacy import links
from privacy.links import About
from privacy.models import PREFERENCES, REQUEST, Inquiry, Link
from privacy.public import mail
from privacy.public.wording import CHOICES
from records.models import Identifier
from records.standardize import Absurd, Setting, identity_form, standardize
from vault.blind import blind_index
from vault.grants import Actor
from vault.ids import new_id
from vault.index_columns import indexes_to_write
from vault.sealing import Place, Sealed, open_sealed

log = structlog.get_logger(__name__)

ASKABLE = tuple(CHOICES)
STAGE = Actor.machine("public form")
PURPOSE = "subject_requests"
NAMESPACE = "email"
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MOST_BY_CLIENT = 30
MOST_TO_ADDRESS = 5
MOST_ATTEMPTS = 5
AT_A_TIME = 50


class TooMany(PermissionError):
    """This client has asked too often within the hour."""


class NoAddress(ValueError):
    """This is no e-mail address."""


def ask(asked: str, *, address: str, client: str, locale: str, now: datetime) -> None:
    """Keep what is asked, to be answered soon. Raises `NoAddress`, `TooMany`; both say nothing about anybody."""
    index = address_index(address, now=now)
    who = blind_index("public-client", client)
    with transaction.atomic():
        if Inquiry.objects.filter(client=who, asked_at__gt=now - HOUR).count() >= MOST_BY_CLIENT:
            raise TooMany
        Inquiry.objects.create(id=new_id(), asked=asked, index=index, client=who, locale=locale, asked_at=now)


def address_index(address: str, *, now: datetime) -> bytes:
    """The blind index under which an address would be found. Raises `NoAddress`."""
    try:
        clean = standardize(NAMESPACE, address, Setting(region="GB", date_order=None, now=now))
    except Absurd:
        raise NoAddress from None
    if not clean.value:
        raise NoAddress
    form = identity_form(NAMESPACE, clean.value)
    return indexes_to_write([(NAMESPACE, form)])[NAMESPACE, form]


def answer_waiting(*, now: datetime) -> int:
    """Answer what waits and is in nobody's hands, and forget what is a day old. Returns how many messages went out."""
    Inquiry.objects.filter(asked_at__lt=now - DAY).delete()
    sent = 0
    for inquiry in _waiting():
        sent += _answer(inquiry, now)
    return sent


def _waiting() -> Iterator[UUID]:
    waiting = Inquiry.objects.filter(answered_at=None, attempts__lt=MOST_ATTEMPTS).order_by("asked_at", "id")
    yield from list(waiting.values_list("id", flat=True)[:AT_A_TIME])


def _answer(inquiry_id: UUID, now: datetime) -> int:
    """Send the message, if there is anybody to send it to; what cannot be sent is tried again."""
    with transaction.atomic():
        inquiry = Inquiry.objects.select_for_update(skip_locked=True).filter(id=inquiry_id, answered_at=None).first()
        if inquiry is None:
            return 0
        inquiry.attempts += 1
        try:
            with transaction.atomic():
                sent = _write_to(inquiry, now)
            inquiry.answered_at = now
        except (OSError, SMTPException) as error:
            # The error's own words can hold the address.
            log.warning("mail_not_sent", error=type(error).__name__)
            sent = 0
        inquiry.save(update_fields=["attempts", "answered_at"])
    return sent


def _write_to(inquiry: Inquiry, now: datetime) -> int:
    bearer = bearer_of(bytes(inquiry.index))
    if bearer is None or written_lately(bytes(inquiry.index), now) >= MOST_TO_ADDRESS:
        return 0
    address = open_address(bearer, now)
    if address is None:
        return 0
    use = PREFERENCES if inquiry.asked == PREFERENCES else REQUEST
    about = About(asked="" if use == PREFERENCES else inquiry.asked)
    token = links.make(use, source_profile=bearer.source_profile_id, index=bytes(bearer.index), about=about, now=now)
    with translation.override(inquiry.locale):
        mail.send(use, to=address, token=token, asked=about.asked)
    return 1


def bearer_of(index: bytes) -> Identifier | None:
    """Who bears this address: verified before unverified, then whoever bore it last, if they have a profile."""
    found = Identifier.objects.filter(namespace=NAMESPACE, index=index).order_by("-verified", "-last_seen_at", "id")
    bearers = list(found[:100])
    profiles = profile_of([bearer.source_profile_id for bearer in bearers])
    return next((bearer for bearer in bearers if bearer.source_profile_id in profiles), None)


def written_lately(index: bytes, now: datetime) -> int:
    """How many messages this address had within a day, whoever asked for them."""
    return Link.objects.filter(index=index, made_at__gt=now - DAY).count()


def proved_by(link: Link, now: datetime) -> dict[str, str]:
    """The address that following this link proves to be the person's; nothing where it is theirs no more."""
    bearer = Identifier.objects.filter(
        source_profile=link.source_profile_id, namespace=NAMESPACE, index=link.index
    ).first()
    address = open_address(bearer, now, why="see whose address was proved") if bearer else None
    return {NAMESPACE: address} if address else {}


def open_address(bearer: Identifier, now: datetime, *, why: str = "send a link to the person") -> str | None:
    """The address as it is known; the read is audited. None where it may not be read."""
    grant = decide([bearer.source_profile_id], purpose=PURPOSE, at=now, actor=STAGE, reason=why)
    if isinstance(grant, Refusal):
        return None
    place = Place("records_identifier", "sealed", bearer.id)
    sealed = Sealed(bearer.source_profile_id, place, bearer.sealed, NAMESPACE)
    return open_sealed([sealed], grant, action=why)[0].decode()
