"""Tell local parts of e-mail addresses that say no more than their owner's name: "anna.berg@…"."""

import numpy as np
from numpy.typing import NDArray

from identity.matching import normalize
from identity.matching.column import Codes, side_by_side
from identity.matching.people import People

Words = NDArray[np.str_]


def say_only_the_name(people: People, rows: Codes) -> NDArray[np.bool_]:
    """Return, shape (rows,), whose local part is made of nothing but the given and family name of that row.

    Namesakes have it at one provider or another.
    """
    places, begins = side_by_side(rows.astype(np.int64))
    once = rows.take(places.compress(begins))
    local, given, family = (_texts(people, name, once) for name in ("email_local", "given_name", "family_name"))
    said, sure = _told_at_once(local, given, family)
    doubtful = np.flatnonzero(~sure)
    texts = zip(*(column[doubtful].tolist() for column in (local, given, family)), strict=True)
    said[doubtful] = [says_only_the_name(*each) for each in texts]
    found = np.empty(len(rows), dtype=np.bool_)
    found[places] = said.take(np.cumsum(begins) - 1)
    return found


def _told_at_once(local: Words, given: Words, family: Words) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return who says only the name, and of whom this is sure: names of one word, and letters that folding keeps. A
    name that is missing is ""; with a digit, a local part says more."""
    letter, initial = given.astype("U1"), family.astype("U1")
    said = (local == given) | (local == family)
    for one, other in (
        (given, family),
        (family, given),
        (letter, family),
        (family, letter),
        (given, initial),
    ):
        said |= local == np.strings.add(one, other)
    signs = np.ascontiguousarray(local).view(np.uint32).reshape(len(local), local.dtype.itemsize // 4)
    small = (((signs >= ord("a")) & (signs <= ord("z"))) | (signs == 0)).all(axis=1)
    with_digit = ((signs >= ord("0")) & (signs <= ord("9"))).any(axis=1)
    kept = np.logical_and.reduce([np.strings.find(local, written) < 0 for written in ("ae", "oe", "ue")])
    one_word = (np.strings.find(given, " ") < 0) & (np.strings.find(family, " ") < 0)
    return said & small & (local != ""), with_digit | (small & kept & one_word)


def says_only_the_name(local: str | None, given: str | None, family: str | None) -> bool:
    """Return whether a local part without signs is a usual form of these folded names: annaberg, berganna, aberg."""
    names = f"{given or ''} {family or ''}"
    # Nearly all that say more say it by a number, by their length or by their first letter.
    if not local or not local.isalpha() or len(local) > 2 * len(names):
        return False
    if local[0] not in names or f" {local[0]}" not in f" {names}":
        return False
    bare = normalize.fold(local)
    givens, families = _forms(given), _forms(family)
    return (
        bare in givens
        or bare in families
        or any(
            bare in (one + other, other + one, one[0] + other, other + one[0], one + other[0])
            for one in givens
            for other in families
        )
    )


def _forms(name: str | None) -> tuple[str, ...]:
    """Return a name as one word, and of several words the first and the main one alone."""
    if not name:
        return ()
    return (name.replace(" ", ""), name.split(" ", 1)[0], normalize.main_word(name)) if " " in name else (name,)


def _texts(people: People, name: str, rows: Codes) -> Words:
    """Return the values of these rows, shape (rows,), "" where one is missing."""
    column = people.free(name)
    codes = column.codes.take(rows)
    known = np.flatnonzero(codes >= 0)
    words = np.array(["", *column.texts(codes.take(known))])
    places = np.zeros(len(rows), dtype=np.intp)
    places[known] = np.arange(1, len(words))
    return words.take(places)
