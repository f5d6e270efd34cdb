"""Countries: their names in many languages, and their codes of two and three letters, to ISO 3166-1 alpha-2."""

import unicodedata
from functools import lru_cache

from babel import Locale
from babel.core import get_global

# The official languages of Europe and its neighbors, and those of the largest others.
LANGUAGES = (
    *("en", "de", "fr", "es", "it", "nl", "pl", "pt", "tr", "sv", "da", "nb", "fi", "cs", "sk", "sl", "hr", "hu"),
    *("ro", "bg", "el", "et", "lv", "lt", "ga", "uk", "ru", "ar", "zh", "ja"),
)
# What people write that the Unicode repository does not list.
ALSO = {
    "uk": "GB", "el": "GR", "great britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB",
    "united kingdom of great britain and northern ireland": "GB", "northern ireland": "GB",
    "united states of america": "US", "vereinigte staaten von amerika": "US", "etats-unis d'amerique": "US",
    "holland": "NL", "the netherlands": "NL", "republic of ireland": "IE", "eire": "IE", "czech republic": "CZ",
    "tschechische republik": "CZ", "bundesrepublik deutschland": "DE", "turkey": "TR",
    "republic of türkiye": "TR", "polska": "PL", "russia": "RU", "south korea": "KR", "macedonia": "MK",
    "hong kong": "HK", "macau": "MO", "macao": "MO", "bosnia": "BA", "palestine": "PS",
}  # fmt: skip
KOSOVO = "XK"
# The repository's own codes, the union, and islands that have none of their own.
NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ", "CP", "DG"})


@lru_cache(maxsize=4096)
def code_of(text: str) -> str | None:
    """The code of the country that is meant; None where none is, or two are."""
    if (code := text.upper()) in codes():
        return code
    return by_name().get(_letters(text))


@lru_cache(maxsize=1)
def codes() -> frozenset[str]:
    """All codes of two letters: those of ISO 3166-1, and the one that Kosovo goes by."""
    return frozenset({*_by_alpha_3().values(), KOSOVO})


@lru_cache(maxsize=1)
def by_name() -> dict[str, str]:
    """Every name, and code of three letters, that means one country. Built once, at the first that is needed."""
    meant: dict[str, set[str]] = {}
    for language in LANGUAGES:
        for code, name in Locale.parse(language).territories.items():
            if code in codes():
                meant.setdefault(_letters(name), set()).add(code)
    found = {name: codes.pop() for name, codes in meant.items() if len(codes) == 1}
    known = {**_by_alpha_3(), **ALSO}
    return found | {_letters(name): code for name, code in known.items()}


def _by_alpha_3() -> dict[str, str]:
    aliases = get_global("territory_aliases")
    official = Locale.parse("en").territories
    return {
        alpha_3: new[0]
        for alpha_3, new in aliases.items()
        if len(alpha_3) == 3
        and alpha_3.isalpha()
        and len(new) == 1
        and len(new[0]) == 2
        and new[0] in official
        and new[0] not in NO_COUNTRIES
    }


def _letters(name: str) -> str:
    """The name without case, accents, signs and a leading article."""
    folded = unicodedata.normalize("NFKD", name.casefold().replace("&", " and "))
    bare = "".join(character for character in folded if character.isalnum() or character.isspace())
    return " ".join(bare.removeprefix("the ").split())
