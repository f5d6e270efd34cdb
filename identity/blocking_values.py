"""Blocking a value of a namespace by hand, and letting it count again. What is typed is kept as a keyed hash alone."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from identity import blocked, candidates
from identity.blocked import Pair
from identity.models import BlockedValue
from identity.profiles import forms_of
from records.dictionary import IDENTIFIERS
from records.models import Identifier
from records.standardize import identity_form
from vault.blind import indexes_in_force
from vault.ids import new_id
from vault.index_columns import indexes_to_write

SHORT = 5
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


@dataclass(frozen=True)
class Blocking:
    """How many values were blocked, who bears them, and how many pairs of these no longer wait for review."""

    values: int
    bearers: set[UUID]
    pairs: int


def set_blocked(namespace: str, value: str, *, is_blocked: bool, by: str, reason: str = "", now: datetime) -> set[UUID]:
    """Let this value, which may be written as people write it, tell nothing of anybody from now on, or tell again.

    Returns the source profiles that bear it: they are to be resolved anew. Who was linked by it stays linked. Saying
    what holds already changes nothing. Raises `NotAValue`.
    """
    forms = _forms(namespace, value, now)
    with transaction.atomic():
        _alone()
        written = indexes_to_write({(namespace, form) for form in forms})
        standing = blocked.standing()
        news = {pair: index for pair, index in written.items() if ((namespace, index) in standing) != is_blocked}
        _write(news, is_blocked=is_blocked, by=by, reason=reason, now=now)
        return _anew(namespace, list(news.values()))[0]


def block_found(values: Collection[tuple[str, str]], *, by: str, now: datetime) -> Blocking:
    """Block these values of namespaces, which were found to be nobody's, but for those of which anybody has spoken.

    Their bearers are to be resolved anew.
    """
    with transaction.atomic():
        _alone()
        written = indexes_to_write({(name, identity_form(name, value)) for name, value in values})
        said = BlockedValue.objects.filter(index__in=list(written.values())).values_list("namespace", "index")
        known = blocked.standing().pairs | {(name, bytes(index)) for name, index in said}
        news = {pair: index for pair, index in written.items() if (pair[0], index) not in known}
        _write(news, is_blocked=True, by=by, now=now)
        parts = [_anew(name, [index for (of, _), index in news.items() if of == name]) for name in {n for n, _ in news}]
        bearers = set[UUID]().union(*(found for found, _ in parts))
        return Blocking(len(news), bearers, sum(pairs for _, pairs in parts))


def set_blocked_again(row: BlockedValue, *, is_blocked: bool, by: str, reason: str = "", now: datetime) -> set[UUID]:
    """The same for a value of which only the row is known."""
    with transaction.atomic():
        _alone()
        if ((row.namespace, bytes(row.index)) in blocked.standing()) == is_blocked:
            return set()
        BlockedValue.objects.create(
            id=new_id(),
            namespace=row.namespace,
            index=row.index,
            hint=row.hint,
            blocked=is_blocked,
            saved_by=by,
            saved_at=now,
            reason=reason,
        )
        return _anew(row.namespace, [bytes(row.index)])[0]


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


def _write(
    news: Mapping[tuple[str, str], bytes], *, is_blocked: bool, by: str, reason: str = "", now: datetime
) -> None:
    """Write what is said of these forms of namespaces, each under its index."""
    BlockedValue.objects.bulk_create(
        BlockedValue(
            id=new_id(),
            namespace=namespace,
            index=index,
            hint=hint_of(form),
            blocked=is_blocked,
            saved_by=by,
            saved_at=now,
            reason=reason,
        )
        for (namespace, form), index in sorted(news.items())
    )


def _anew(namespace: str, indexes: Sequence[bytes]) -> tuple[set[UUID], int]:
    """The bearers of these, without the tokens that were made of them; and how many pairs wait for review no more."""
    bearers = Identifier.objects.filter(namespace=namespace, index__in=list(indexes))
    found = set(bearers.values_list("source_profile_id", flat=True))
    return found, candidates.begin_anew(found)


def _alone() -> None:
    """Let nobody else say what is blocked until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('onym blocked values'))")
