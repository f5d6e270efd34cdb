"""Coming back by signing up: an erased person's address, kept for three days at most, until its mailbox says yes again.

The door refuses whoever was erased, so nobody could ever be asked whether they want to come back. A sign-up that asks
for a second yes is therefore kept, apart from all profiles: the address, sealed under a key of its own, and what it was
a yes to. Confirmed, it lifts the suppression that it met and comes in as any record does; else it goes.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from consent.acts import purposes
from consent.decide import Refusal, decide
from privacy import links, suppression
from privacy.links import BadLink
from privacy.models import OPT_IN, Link, SignUp
from privacy.subjects import Subject
from privacy.suppression import Pair
from privacy.suppression_lift import DOUBLE_OPT_IN, lifted
from records.envelope import Envelope, Said
from records.models import ONLINE, Source
from records.standardize import identity_form
from vault import keys
from vault.grants import Actor
from vault.ids import new_id
from vault.index_columns import indexes_to_write
from vault.sealing import Place, Sealed, Sealer, open_what_opens

STAGE = Actor.machine("sign-up")
PURPOSE = "subject_requests"
NAMESPACE = "email"
# What the list holds of an address is it alone, or it together with a name or a date of birth.
BEARING = (NAMESPACE, "given_name", "family_name", "birth_date")
KEPT = links.LIFETIMES[OPT_IN]


@dataclass(frozen=True)
class _Yes:
    """A yes of somebody who is barred: under which index their address stands, and which rows of the list they met."""

    address: str
    index: bytes
    word: Said
    bars: list[int]


def keep(refused: Sequence[Envelope], source: Source, *, now: datetime) -> int:
    """Of records that the suppression list refused, keep the sign-ups, in the caller's transaction. Returns how many.

    A sign-up is a yes by double opt-in, said after the erasure, at a source that reports what people do: a customer
    file says the same every night, whoever was erased. One that waits is left alone, so nobody is asked twice; a no
    ends it.
    """
    spoken = [item for item in refused if item.said and NAMESPACE in item.fields]
    if source.kind != ONLINE or not spoken:
        return 0
    forms = {item.position: identity_form(NAMESPACE, item.fields[NAMESPACE]) for item in spoken}
    indexes = indexes_to_write([(NAMESPACE, form) for form in forms.values()])
    known = purposes()
    wanted: dict[tuple[bytes, str, str], _Yes] = {}
    for item in sorted(spoken, key=lambda item: item.occurred_at):
        index = indexes[NAMESPACE, forms[item.position]]
        for word in item.said:
            if not word.granted:
                forget([index], purpose=word.purpose)
                wanted = {key: yes for key, yes in wanted.items() if key[:2] != (index, word.purpose)}
        for yes in _yeses(item, index):
            if yes.word.purpose in known:
                wanted[index, yes.word.purpose, yes.word.channel] = yes
    return _keep(list(wanted.values()), source, now)


def _yeses(item: Envelope, index: bytes) -> Iterator[_Yes]:
    asking = [word for word in item.said if word.granted and word.double_opt_in and word.channel == NAMESPACE]
    if not asking:
        return
    met = suppression.standing({name: item.fields[name] for name in BEARING if name in item.fields})
    if met and all(bar.created_at < item.occurred_at for bar in met):
        yield from (_Yes(item.fields[NAMESPACE], index, word, [bar.id for bar in met]) for word in asking)


def _keep(wanted: Sequence[_Yes], source: Source, now: datetime) -> int:
    there = SignUp.objects.filter(index__in=[yes.index for yes in wanted])
    there.filter(expires_at__lte=now).delete()
    waiting = {(bytes(index), *rest) for index, *rest in there.values_list("index", "purpose", "channel")}
    fresh = {new_id(): yes for yes in wanted if (yes.index, yes.word.purpose, yes.word.channel) not in waiting}
    sealer = Sealer(keys.make(fresh))
    rows = [
        SignUp(
            id=id,
            source=source,
            purpose=yes.word.purpose,
            channel=yes.word.channel,
            index=yes.index,
            sealed=sealer.seal(id, _place(id), yes.address.encode()),
            bars=yes.bars,
            kept_at=now,
            expires_at=now + KEPT,
        )
        for id, yes in fresh.items()
    ]
    return len(SignUp.objects.bulk_create(rows, ignore_conflicts=True))


def waiting(*, now: datetime, limit: int) -> list[SignUp]:
    """Sign-ups of which nobody was told yet, the oldest first."""
    untold = SignUp.objects.filter(links=None, expires_at__gt=now)
    return list(untold.order_by("kept_at", "id")[:limit])


def address_of(sign_up: SignUp, *, now: datetime) -> str | None:
    """The address; the read is audited. None where it may not be, or its key is gone: a restored backup has such."""
    grant = decide([sign_up.pk], purpose=PURPOSE, at=now, actor=STAGE, reason="ask whoever signed up for a second yes")
    if isinstance(grant, Refusal):
        return None
    sealed = Sealed(sign_up.pk, _place(sign_up.pk), sign_up.sealed, NAMESPACE)
    opened = open_what_opens([sealed], grant, action="confirm a sign-up")[0]
    return None if opened is None else opened.decode()


def confirm(link: Link, *, how: str, actor: str, locale: str, now: datetime) -> None:
    """Whoever reads the mailbox has said yes again: they are let in with their address and their yes, nothing more.

    Raises `privacy.links.UsedLink`, and `privacy.links.BadLink` when the sign-up has ended.
    """
    with transaction.atomic():
        suppression.close_the_door()
        link = links.use_up(link, now=now)
        sign_up = SignUp.objects.select_for_update().filter(links=link, expires_at__gt=now).first()
        address = address_of(sign_up, now=now) if sign_up else None
        if sign_up is None or address is None:
            raise BadLink
        ended = forget([bytes(sign_up.index)], purpose=sign_up.purpose)
        transaction.on_commit(lambda: keys.destroy(ended))
        with lifted(sign_up.bars, evidence=DOUBLE_OPT_IN, reference=str(link.pk), actor=actor, now=now):
            word = Said(sign_up.purpose, sign_up.channel, granted=True, how=how, spoken_by=actor, locale=locale)
            take_in = import_string(settings.TAKE_IN)
            take_in(sign_up.source, address=address, word=word, message=link.pk.bytes, now=now)


def forget_addresses_of(subject: Subject) -> list[UUID]:
    """Delete what waits, or waited, under an address of this person. Returns the ids whose keys are to be destroyed."""
    return forget_pairs(suppression.pairs_of(subject.source_profiles))


def forget_pairs(pairs: Collection[Pair]) -> list[UUID]:
    """Delete sign-ups and their links by what these pairs find. Returns the sign-ups' ids, to destroy their keys."""
    indexes = [index for namespace, index in pairs if namespace == NAMESPACE]
    links.forget_sent_to(indexes)
    return forget(indexes)


def forget(indexes: Collection[bytes], *, purpose: str = "") -> list[UUID]:
    """Delete the sign-ups of these addresses, for one purpose or for all. Returns their ids, to destroy their keys."""
    found = SignUp.objects.filter(index__in=indexes)
    ended = found.filter(purpose=purpose) if purpose else found
    ids = list(ended.values_list("id", flat=True))
    SignUp.objects.filter(id__in=ids).delete()
    return ids


def _place(id: UUID) -> Place:
    return Place("privacy_signup", "sealed", id)
