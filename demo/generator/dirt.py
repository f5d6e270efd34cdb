"""What happens to values between a person and a database."""

import datetime
from random import Random

from demo.generator.randomness import happens, weighted
from demo.generator.spelling import umlauts_spelled_out, without_marks

JUNK_EMAIL = "noemail@example.com"
JUNK_PHONE = "000000000"


def typo(text: str, *, rng: Random) -> str:
    """The text with one slip of the fingers; too short a text stays."""
    if len(text) < 4:
        return text
    return rng.choice((neighbor_key, transposed, letter_dropped, letter_doubled))(text, rng=rng)


def neighbor_key(text: str, *, rng: Random) -> str:
    """One letter replaced by its neighbor on the keyboard."""
    place = rng.randrange(1, len(text))
    neighbors = _NEIGHBORS.get(text[place].lower())
    return text[:place] + rng.choice(neighbors) + text[place + 1 :] if neighbors else letter_dropped(text, rng=rng)


def transposed(text: str, *, rng: Random) -> str:
    """Two letters in each other's place."""
    place = rng.randrange(1, len(text) - 1)
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def letter_dropped(text: str, *, rng: Random) -> str:
    """One letter missing."""
    place = rng.randrange(1, len(text))
    return text[:place] + text[place + 1 :]


def letter_doubled(text: str, *, rng: Random) -> str:
    """One letter twice."""
    place = rng.randrange(1, len(text))
    return text[:place] + text[place] + text[place:]


def marks_lost(text: str, *, rng: Random) -> str:
    """Müller as Mueller or Muller."""
    return rng.choice((umlauts_spelled_out, without_marks))(text)


def email_as_typed(email: str, *, rng: Random) -> str:
    """The same mailbox in other letters: capitals, a plus tag, a space behind."""
    local, domain = email.split("@")
    style = weighted(_EMAIL_STYLES, rng=rng)
    if style == "capitals":
        return email.upper()
    if style == "first capitals":
        return ".".join(part.capitalize() for part in local.split(".")) + "@" + domain
    if style == "tag":
        return f"{local}+{rng.choice(('shop', 'kitchen', 'news', 'loyalty'))}@{domain}"
    return email + " " if style == "space" else email


def email_mistyped(email: str, *, rng: Random) -> str:
    """Another mailbox of the same domain, by a slip of the fingers."""
    local, domain = email.split("@")
    slip = typo(local, rng=rng).strip(".")
    return f"{slip.replace('..', '.')}@{domain}"


def email_invalid(email: str, *, rng: Random) -> str:
    """Nothing that could be an address."""
    local, domain = email.split("@")
    return rng.choice((f"{local}.{domain}", f"{local}@@{domain}", f"{local} @{domain}", f"{local}@", f"@{domain}"))


def birth_date_as_typed(born_on: datetime.date, *, country: str, rng: Random) -> str:
    """The birth date: mostly ISO 8601, sometimes as written at home, rarely wrong or impossible."""
    style = weighted(_DATE_STYLES, rng=rng)
    if style == "local":
        return born_on.strftime("%d.%m.%Y" if country == "DE" else "%d/%m/%Y")
    if style == "words":
        return f"{born_on.day} {_MONTHS[born_on.month - 1]} {born_on.year}"
    if style == "compact":
        return born_on.strftime("%Y%m%d")
    if style == "swapped":
        return day_and_month_swapped(born_on).isoformat()
    if style == "impossible":
        return rng.choice((f"{born_on.year}-02-31", "00/00/0000", "2093-05-14", f"{born_on.year}-13-{born_on.day:02d}"))
    return born_on.isoformat()


def day_and_month_swapped(born_on: datetime.date) -> datetime.date:
    """The date as misread across a border, where that is a date at all."""
    return born_on.replace(month=born_on.day, day=born_on.month) if born_on.day <= 12 else born_on


def cut_short(line: str, *, rng: Random) -> str:
    """A line whose end was lost on the way."""
    return line[: rng.randrange(len(line) // 4, len(line) - 2)]


def lost(value: str, rate: float, *, rng: Random) -> str:
    """The value, or nothing at this rate."""
    return "" if happens(rate, rng=rng) else value


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_EMAIL_STYLES = (("plain", 0.86), ("capitals", 0.03), ("first capitals", 0.05), ("tag", 0.03), ("space", 0.03))
_DATE_STYLES = (
    ("iso", 0.845),
    ("local", 0.09),
    ("words", 0.015),
    ("compact", 0.01),
    ("swapped", 0.03),
    ("impossible", 0.01),
)
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEIGHBORS = {
    key: tuple(row[max(place - 1, 0) : place] + row[place + 1 : place + 2])
    for row in _ROWS
    for place, key in enumerate(row)
}
