"""Coming back by signing up: an erased person's address, kept for three days at most, until its mailbox says yes again.

The door refuses whoever was erased, so nobody could ever be asked whether they want to come back. A sign-up that asks
for a second yes is therefore kept, apart from all profiles: the address, sealed under a key of its own, and what it was
a yes to. Confirmed, it lifts the suppression that it met and comes in as any record does; else it goes.
"""

from collections.abc import Collection, Mapping, Sequence
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
    """A yes of somebody who is barred: to what, by which address, when, and which rows of the list they met."""

    word: Said
    address: str
    said_at: datetime
    bars: list[int]


# The blind index of an address, and the purpose that a word of its bearer is about.
_Wish = tuple[bytes, str]


def keep(refused: Sequence[Envelope], source: Source, *, now: datetime) -> int:
    """Of records that the suppression list refused, keep the sign-ups, in the caller's transaction. Returns how many.

    A sign-up is a yes by double opt-in, said after the erasure, at a source that reports what people do: a customer
    file says the same every night, whoever was erased. One that waits is left alone, so nobody is asked twice; a later
    no to the same ends it.
    """
    spoken = [item for item in refused if item.said and NAMESPACE in item.fields]
    if source.kind != ONLINE or not spoken:
        return 0
    forms = [identity_form(NAMESPACE, item.fields[NAMESPACE]) for item in spoken]
    indexes = indexes_to_write([(NAMESPACE, form) for form in forms])
    met = suppression.standing_each(
        [{name: item.fields[name] for name in BEARING if name in item.fields} for item in spoken]
    )
    yes: dict[_Wish, _Yes] = {}
    no: dict[_Wish, datetime] = {}
    words = [
        (min(item.occurred_at, word.said_at or now, now), item, indexes[NAMESPACE, form], bars, word)
        for item, form, bars in zip(spoken, forms, met, strict=True)
        for word in item.said
        if word.channel in ("", NAMESPACE)
    ]
    for said_at, item, index, bars, word in sorted(words, key=lambda spoken: spoken[0]):
        if not word.granted:
            no[index, word.purpose] = said_at
            yes.pop((index, word.purpose), None)
        elif word.double_opt_in and word.channel and bars and all(bar.created_at < said_at for bar in bars):
            yes[index, word.purpose] = _Yes(word, item.fields[NAMESPACE], said_at, [bar.id for bar in bars])
    _take_back(no)
    known = purposes()
    return _keep({wish: said for wish, said in yes.items() if wish[1] in known}, source, now)


def _take_back(no: Mapping[_Wish, datetime]) -> None:
    """Delete the sign-ups to which a no was said after the yes."""
    there = SignUp.objects.filter(index__in={index for index, _ in no})
    ended = [
        id
        for id, index, purpose, said_at in there.values_list("id", "index", "purpose", "said_at")
        if (bytes(index), purpose) in no and no[bytes(index), purpose] >= said_at
    ]
    SignUp.objects.filter(id__in=ended).delete()


def _keep(yes: Mapping[_Wish, _Yes], source: Source, now: datetime) -> int:
    there = SignUp.objects.filter(index__in={index for index, _ in yes})
    there.filter(expires_at__lte=now).delete()
    waiting = {(bytes(index), purpose) for index, purpose in there.values_list("index", "purpose")}
    fresh = {new_id(): wish for wish in yes.keys() - waiting}
    sealer = Sealer(keys.make(fresh))
    rows = [
        SignUp(
            id=id,
            source=source,
            purpose=purpose,
            channel=yes[index, purpose].word.channel,
            index=index,
            sealed=sealer.seal(id, _place(id), yes[index, purpose].address.encode()),
            bars=yes[index, purpose].bars,
            said_at=yes[index, purpose].said_at,
            kept_at=now,
            expires_at=now + KEPT,
        )
        for id, (index, purpose) in fresh.items()
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

    Raises `privacy.links.UsedLink`, and `privacy.links.BadLink` when the sign-up has ended or its source takes it in no
    more; either changes nothing.
    """
    with transaction.atomic():
        suppression.close_the_door()
        link = links.use_up(link, now=now)
        sign_up = SignUp.objects.select_for_update().filter(links=link, expires_at__gt=now).first()
        address = address_of(sign_up, now=now) if sign_up and sign_up.source.enabled else None
        if sign_up is None or address is None:
            raise BadLink
        # Another erasure may have listed the address since.
        bars = {*sign_up.bars, *(bar.id for bar in suppression.standing({NAMESPACE: address}))}
        ended = forget([bytes(sign_up.index)], purpose=sign_up.purpose)
        transaction.on_commit(lambda: keys.destroy(ended))
        with lifted(bars, evidence=DOUBLE_OPT_IN, reference=str(link.pk), actor=actor, now=now):
            word = Said(sign_up.purpose, sign_up.channel, granted=True, how=how, spoken_by=actor, locale=locale)
            take_in = import_string(settings.TAKE_IN)
            if not take_in(sign_up.source, address=address, word=word, message=link.pk.bytes, now=now):
                raise BadLink


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
