"""Languages: codes and names to a tag of BCP 47, with its script and region where they were given."""

import re
import unicodedata
from functools import lru_cache

from babel import Locale
from babel.core import get_global

# Names are read in the languages that people of these countries write them in, and in their own.
NAMES_IN = ("en", "de", "fr", "es", "pl", "it", "nl", "tr", "sv")
OWN_NAMES_OF = ("da", "nb", "fi", "cs", "sk", "hu", "ro", "bg", "el", "pt", "uk", "ru", "ar", "hr", "zh", "ja")
NO_LANGUAGES = frozenset({"und", "mul", "zxx", "mis"})
TAG = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|\d{3}))?(?:[-_.@].*)?")


@lru_cache(maxsize=2048)
def tag_of(text: str) -> str | None:
    """The tag, such as de, de-AT or zh-Hant-TW; None where no language is meant."""
    match = TAG.fullmatch(text)
    if match and (language := _primary(match[1].lower())):
        script, region = match[2], match[3]
        return "-".join(part for part in (language, script and script.title(), region and region.upper()) if part)
    return _by_name().get(_letters(text))


def _primary(subtag: str) -> str | None:
    """The primary subtag as it is registered now, in its shortest form: deu and ger are de, iw is he."""
    subtag = get_global("language_aliases").get(subtag, subtag)
    return subtag if subtag in Locale.parse("en").languages and subtag not in NO_LANGUAGES else None


@lru_cache(maxsize=1)
def _by_name() -> dict[str, str]:
    """Every name that means one language."""
    meant: dict[str, set[str]] = {}
    for known in NAMES_IN:
        for code, name in Locale.parse(known).languages.items():
            if len(code) == 2:
                meant.setdefault(_letters(name), set()).add(code)
    for code in OWN_NAMES_OF:
        meant.setdefault(_letters(Locale.parse(code).languages[code]), set()).add(code)
    return {name: codes.pop() for name, codes in meant.items() if len(codes) == 1}


def _letters(name: str) -> str:
    folded = unicodedata.normalize("NFKD", name.casefold())
    return "".join(character for character in folded if character.isalpha())
