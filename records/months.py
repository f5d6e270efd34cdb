"""Dates with the name of the month, in the languages of the countries that the sources come from."""

import re
import unicodedata
from functools import lru_cache

from babel import Locale

LANGUAGES = ("en", "de", "fr", "es", "pl", "it", "nl", "tr", "sv")
# As people write them beside what the Unicode repository lists.
ALSO = {"sept": 9, "jaenner": 1, "janner": 1, "maerz": 3, "mrz": 3, "setiembre": 9}
WORD = r"([^\W\d_]{3,})\.?"
DAY = r"(\d{1,2})(?:st|nd|rd|th|er|\.|º)?"
YEAR = r"'?(\d{4}|\d{2})"
JOINED = r"[ \-/.]*(?:de |di )?"
DAY_FIRST = re.compile(rf"(?:le |el |il |den )?{DAY}{JOINED}{WORD}[ \-/,]*(?:de |del )?{YEAR}", re.IGNORECASE)
MONTH_FIRST = re.compile(rf"{WORD}[ \-/]*{DAY}[ \-/,]+{YEAR}", re.IGNORECASE)
YEAR_FIRST = re.compile(rf"(\d{{4}})[ \-/.]+{WORD}[ \-/.]+{DAY}", re.IGNORECASE)


def read(text: str) -> tuple[str, int, int] | None:
    """Year (as written, of two or four digits), month and day of such a date; None when it is none."""
    if match := DAY_FIRST.fullmatch(text):
        day, word, year = match.groups()
    elif match := MONTH_FIRST.fullmatch(text):
        word, day, year = match.groups()
    elif match := YEAR_FIRST.fullmatch(text):
        year, word, day = match.groups()
    else:
        return None
    month = _by_name().get(_letters(word))
    return (year, month, int(day)) if month else None


@lru_cache(maxsize=1)
def _by_name() -> dict[str, int]:
    """Every name that means one month, whatever the language."""
    meant: dict[str, set[int]] = {}
    for language in LANGUAGES:
        names = Locale.parse(language).months
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for month, name in names[context][width].items():
                    meant.setdefault(_letters(name), set()).add(month)
    return ALSO | {name: months.pop() for name, months in meant.items() if len(months) == 1}


def _letters(name: str) -> str:
    """The name without case, accents and the dot of an abbreviation."""
    folded = unicodedata.normalize("NFKD", name.casefold().replace("ı", "i"))
    return "".join(character for character in folded if character.isalpha())
