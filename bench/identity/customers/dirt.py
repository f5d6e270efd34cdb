"""What goes wrong when people are written down."""

from collections.abc import Callable
from random import Random

from anyascii import anyascii

from bench.identity.customers.names import NICKNAMES

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
# What is next to a letter on the keyboard.
_ROWS = ("qwertzuiop", "asdfghjkl", "yxcvbnm", "1234567890")
_NEXT = {
    letter: row[max(place - 1, 0) : place] + row[place + 1 : place + 2]
    for row in _ROWS
    for place, letter in enumerate(row)
}
_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ø": "oe", "å": "aa"}
)
_HEARD = (
    ("ph", "f"), ("ck", "k"), ("tt", "t"), ("mm", "m"), ("nn", "n"), ("ll", "l"), ("ei", "ai"), ("y", "i"), ("th", "t"),
    ("z", "s"), ("c", "k"), ("v", "f"), ("dt", "t"), ("ie", "i"), ("oo", "o"), ("l", "ll"), ("t", "tt"), ("m", "mm"),
)  # fmt: skip


def typo(random: Random, text: str) -> str:
    """Return the text with a character inserted, deleted, changed or swapped with the next."""
    if len(text) < 3:
        return text
    place, how = random.randrange(len(text)), random.random()
    letter = text[place]
    near = _NEXT.get(letter.lower()) or _LETTERS
    other = random.choice("0123456789") if letter.isdigit() else random.choice(near)
    if how < 0.25:
        return text[:place] + other + text[place:]
    if how < 0.5:
        return text[:place] + text[place + 1 :]
    if how < 0.75 or place + 1 == len(text):
        return text[:place] + other + text[place + 1 :]
    return text[:place] + text[place + 1] + letter + text[place + 2 :]


def misheard(random: Random, name: str) -> str:
    """Return the name as somebody spelled it who heard it on the phone."""
    start = int(random.random() * len(_HEARD))
    for said, heard in _HEARD[start:] + _HEARD[:start]:
        if said in name[1:]:
            return name[0] + name[1:].replace(said, heard, 1)
    return name


def nickname(random: Random, given: str) -> str:
    """Return what a person of that name is called: by habit, or the first part of the name."""
    first, dash, _ = given.partition("-")
    called = NICKNAMES.get(given) or NICKNAMES.get(first)
    if called:
        return random.choice(called)
    if dash:
        return first
    return given[:4].rstrip("aeiou") + "i" if len(given) > 5 and random.random() < 0.3 else given


def wrong_date(random: Random, date: str) -> str:
    """Return the date with day and month swapped, a digit wrong, or January 1 of the year."""
    year, month, day = date.split("-")
    how = random.random()
    if how < 0.3 and int(day) <= 12:
        return f"{year}-{day}-{month}"
    if how < 0.4:
        return f"{year}-01-01"
    if how < 0.6:
        return f"{int(year) + random.choice((-10, -1, 1, 10))}-{month}-{day}"
    if how < 0.8:
        return f"{year}-{random.randrange(1, 13):02}-{day}"
    return f"{year}-{month}-{random.randrange(1, 29):02}"


def transliterated(text: str) -> str:
    """Return the text in plain Latin letters, umlauts with an e."""
    return text if text.isascii() else anyascii(text.translate(_UMLAUTS))


def without_marks(text: str) -> str:
    """Return the text in plain Latin letters, marks dropped."""
    return text if text.isascii() else anyascii(text)


def as_it_is(text: str) -> str:
    """Return the text."""
    return text


def short_street(random: Random, street: str) -> str:
    """Return the street as it is written where room is scarce, or in two words."""
    if random.random() < 0.75:
        return street.replace("straße", "str.").replace("platz", "pl.").replace("Sankt", "St.")
    return street.replace("straße", " Straße").replace("platz", " Platz")


Spelling = Callable[[str], str]
