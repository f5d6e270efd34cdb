"""Reasons that people give for what they do: kept for years in ledgers and the audit log, so they must name nobody."""

import re

REMOVED = "[removed]"
EMAIL = re.compile(r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+")
# Seven digits or more with what people put between them; not the digits of an id such as a request's.
PHONE = re.compile(r"(?<![\w-])(?:\+|\(?)\d(?:[\s()./-]{0,2}\d){6,}(?![\w-])")


def names_somebody(reason: str) -> bool:
    """Whether an e-mail address or a number like a phone's or a card's stands in it."""
    return without_names(reason) != reason


def without_names(reason: str) -> str:
    """The reason with every e-mail address and long number taken out."""
    return PHONE.sub(REMOVED, EMAIL.sub(REMOVED, reason))
