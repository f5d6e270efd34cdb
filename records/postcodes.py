"""Postcodes, each as its own country writes it."""

import re
from functools import lru_cache

LONGEST = 16
# How a postcode reads once its signs are gone, and how its groups are put together (Universal Postal Union, S42).
FORMATS = {
    "GB": (r"(GIR|[A-Z]{1,2}\d[A-Z\d]?)(0AA|\d[A-Z]{2})", r"\1 \2"),
    "IE": (r"([AC-FHKNPRTV-Y]\d[\dW])([\dAC-FHKNPRTV-Y]{4})", r"\1 \2"),
    "NL": (r"([1-9]\d{3})([A-Z]{2})", r"\1 \2"),
    "SE": (r"(\d{3})(\d{2})", r"\1 \2"),
    "CZ": (r"(\d{3})(\d{2})", r"\1 \2"),
    "SK": (r"(\d{3})(\d{2})", r"\1 \2"),
    "GR": (r"(\d{3})(\d{2})", r"\1 \2"),
    "PL": (r"(\d{2})(\d{3})", r"\1-\2"),
    "PT": (r"(\d{4})(\d{3})", r"\1-\2"),
    "US": (r"(\d{5})(\d{4})?", r"\1-\2"),
    "CA": (r"([ABCEGHJ-NPRSTVXY]\d[A-Z])(\d[A-Z]\d)", r"\1 \2"),
    "LV": (r"(?:LV)?(\d{4})", r"LV-\1"),
    "LT": (r"(?:LT)?(\d{5})", r"LT-\1"),
    "LU": (r"L?(\d{4})", r"\1"),
    **dict.fromkeys(("DE", "FR", "ES", "IT", "TR", "FI", "EE", "HR", "UA"), (r"(\d{5})", r"\1")),
    **dict.fromkeys(("AT", "CH", "BE", "DK", "NO", "HU", "BG", "SI", "AU", "LI"), (r"(\d{4})", r"\1")),
    "RO": (r"(\d{6})", r"\1"),
}
COMPILED = {country: (re.compile(pattern), form) for country, (pattern, form) in FORMATS.items()}
# The sign of the country that some write before it.
BEFORE = re.compile(r"(?:([A-Z]{1,2}) ?- ?)(?=\d)")
SIGNS_OF = {"D": "DE", "A": "AT", "F": "FR", "I": "IT", "E": "ES", "B": "BE", "S": "SE", "L": "LU", "FIN": "FI"}
SIGNS = re.compile(r"[ \-.]")


@lru_cache(maxsize=20_000)
def written(text: str, country: str) -> tuple[str, bool]:
    """The postcode as its country writes it, and whether it can be one of that country.

    What cannot be one, and any of a country whose form is not known here, stays as it came, in capitals.
    """
    typed = text.upper()
    known = COMPILED.get(country)
    if known is None:
        return typed[:LONGEST].rstrip(), True
    pattern, form = known
    bare = SIGNS.sub("", _without_sign(typed, country))
    if match := pattern.fullmatch(bare):
        # A group that is not there leaves its sign behind.
        return match.expand(form).rstrip("-"), True
    return typed[:LONGEST].rstrip(), False


def _without_sign(typed: str, country: str) -> str:
    match = BEFORE.match(typed)
    return typed[match.end() :] if match and SIGNS_OF.get(match[1], match[1]) == country else typed
