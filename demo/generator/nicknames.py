"""The short and pet names people also go by."""

from random import Random

from demo.generator.word_lists import words


def nickname(given: str, *, rng: Random) -> str:
    """A name the person also answers to, or the given name when none is known."""
    known = _NICKNAMES.get(given)
    return rng.choice(known) if known else given


def _read() -> dict[str, list[str]]:
    pairs = (entry.split(":") for entry in words("nicknames"))
    return {formal: short.split(",") for formal, short in pairs}


_NICKNAMES = _read()
