"""Blocking a value of a namespace by hand, and letting it count again. What is typed is kept as a keyed hash alone."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from identity import blocked, candidates
from identity.blocked import Pair
from identity.models import BlockedValue
from identity.profiles import forms_of
from records.dictionary import IDENTIFIERS
from records.models import Identifier
from vault.blind import indexes_in_force
from vault.ids import new_id
from vault.index_columns import indexes_to_write

SHORT = 5
NOT_OPENED = "could not be opened"
# Kinds whose values say by themselves whose they are.
OF_A_PERSON = ("email", "phone")


class NotAValue(ValueError):
    """That is no value of the namespace, so it cannot be blocked; the message says why and holds no part of it."""


@dataclass(frozen=True)
class Word:
    """A value that is blocked or was: in full where it is blocked from the start, else its hint."""

    text: str
    is_blocked: bool
    from_the_start: bool
    last: BlockedValue | None


def set_blocked(namespace: str, value: str, *, is_blocked: bool, by: str, now: datetime) -> set[UUID]:
    """Let this value, which may be written as people write it, tell nothing of anybody from now on, or tell again.

    Returns the source profiles that bear it: they are to be resolved anew. Who was linked by it stays linked. Saying
    what holds already changes nothing. Raises `NotAValue`.
    """
    forms = _forms(namespace, value, now)
    with transaction.atomic():
        written = indexes_to_write({(namespace, form) for form in forms})
        standing = blocked.standing()
        news = {pair: index for pair, index in written.items() if ((namespace, index) in standing) != is_blocked}
        BlockedValue.objects.bulk_create(
            BlockedValue(
                id=new_id(),
                namespace=namespace,
                index=index,
                hint=hint_of(form),
                blocked=is_blocked,
                saved_by=by,
                saved_at=now,
            )
            for (_, form), index in sorted(news.items())
        )
        return _anew(namespace, list(news.values()))


def block_found(found: Mapping[Pair, str], *, by: str, now: datetime) -> set[UUID]:
    """The same for values that were found to be nobody's, by blind index, each with the value itself. Of whichever
    anybody has spoken meanwhile, that stands."""
    with transaction.atomic():
        said = BlockedValue.objects.filter(index__in=[index for _, index in found])
        spoken_of = {(name, bytes(index)) for name, index in said.values_list("namespace", "index")}
        news = {pair: hint_of(value) if value else NOT_OPENED for pair, value in found.items() if pair not in spoken_of}
        BlockedValue.objects.bulk_create(
            BlockedValue(id=new_id(), namespace=name, index=index, hint=hint, blocked=True, saved_by=by, saved_at=now)
            for (name, index), hint in sorted(news.items())
        )
        return {id for name in {name for name, _ in news} for id in _anew(name, [i for n, i in news if n == name])}


def let_count_again(row: BlockedValue, *, by: str, now: datetime) -> set[UUID]:
    """The same for a value of which only the row is known."""
    with transaction.atomic():
        if (row.namespace, bytes(row.index)) not in blocked.standing():
            return set()
        BlockedValue.objects.create(
            id=new_id(),
            namespace=row.namespace,
            index=row.index,
            hint=row.hint,
            blocked=False,
            saved_by=by,
            saved_at=now,
        )
        return _anew(row.namespace, [bytes(row.index)])


def words_of(namespace: str) -> list[Word]:
    """Every value of the namespace that was ever blocked: those from the start, then the others, the latest first."""
    said = BlockedValue.objects.filter(namespace=namespace).order_by("saved_at", "id")
    last = {bytes(row.index): row for row in said}
    words = []
    for text in sorted(blocked.DEFAULTS[namespace], key=str.casefold):
        indexes = indexes_in_force(namespace, blocked.form_of(namespace, text))
        row = next((last.pop(index) for index in indexes if index in last), None)
        words.append(Word(text, row is None or row.blocked, True, row))
    others = sorted(last.values(), key=lambda row: row.saved_at, reverse=True)
    return words + [Word(row.hint, row.blocked, False, row) for row in others]


def forget(pairs: Collection[Pair]) -> None:
    """Leave nothing of values that were an erased person's alone: addresses, phone numbers, and whatever counts.

    Of other kinds the keyed hash of what is blocked stays: a junk word is nobody's, whoever alone bore it so far.
    """
    standing = blocked.standing()
    for namespace, index in pairs:
        if namespace in OF_A_PERSON or (namespace, index) not in standing:
            BlockedValue.objects.filter(namespace=namespace, index=index).delete()


def hint_of(value: str) -> str:
    """What is shown of a value that is kept nowhere: how it begins and how long it is."""
    length = f"{len(value)} characters" if len(value) > 1 else "1 character"
    return length if len(value) < SHORT else f"{value[0]}…, {length}"


def _forms(namespace: str, value: str, now: datetime) -> set[str]:
    if namespace not in IDENTIFIERS:
        raise NotAValue(f"choose one of {', '.join(sorted(IDENTIFIERS))}")
    if not value.strip():
        raise NotAValue("give the value to block")
    forms = forms_of(namespace, value, now=now)
    if not forms:
        raise NotAValue("it counts as no value already, or cannot be one, so nobody bears it")
    return forms


def _anew(namespace: str, indexes: Sequence[bytes]) -> set[UUID]:
    """The bearers of these, without the tokens that were made of them."""
    bearers = Identifier.objects.filter(namespace=namespace, index__in=list(indexes))
    found = set(bearers.values_list("source_profile_id", flat=True))
    candidates.begin_anew(found)
    return found
