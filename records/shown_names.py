"""Names that a sender chose, fit to be shown and kept: a column may be called like a person's address."""

import re
import unicodedata

from access.masking import mask_addresses

# What looks like an address, or a number long enough to be a phone's or a card's.
PERSONAL = re.compile(r"\S*@\S*|\+?\d[\d ()./-]{5,}\d")
LONGEST = 80
UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def shown(name: str, *, longest: int = LONGEST) -> str:
    """The name with what may be somebody's taken out, and no longer than that."""
    text = unicodedata.normalize("NFKC", UNSTORABLE.sub("", name[: 4 * longest]))
    return PERSONAL.sub("…", mask_addresses(text))[:longest]
