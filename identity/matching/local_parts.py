"""Tell local parts of e-mail addresses that say no more than their owner's name: "anna.berg@…"."""

import numpy as np
from numpy.typing import NDArray

from identity.matching import normalize
from identity.matching.column import Codes
from identity.matching.people import People


def say_only_the_name(people: People, rows: Codes) -> NDArray[np.bool_]:
    """Return, shape (rows,), whose local part is made of nothing but the given and family name of that row.

    Namesakes have it at one provider or another.
    """
    once, places = np.unique(rows, return_inverse=True)
    columns = [_texts(people, name, once) for name in ("email_local", "given_name", "family_name")]
    said = [says_only_the_name(*texts) for texts in zip(*columns, strict=True)]
    return np.array(said, dtype=np.bool_)[places]


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


def _texts(people: People, name: str, rows: Codes) -> list[str | None]:
    column = people.free(name)
    codes = column.codes[rows]
    texts: list[str | None] = [None] * len(rows)
    known = np.flatnonzero(codes >= 0)
    for place, text in zip(known.tolist(), column.texts(codes[known]), strict=True):
        texts[place] = text
    return texts
