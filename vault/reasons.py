"""Reasons that people give for what they do: kept for years in ledgers and the audit log, so they must name nobody."""

import re

REMOVED = "[removed]"
# Also as it stands in addresses of pages. Bounded, as mail is (RFC 5321, 4.5.3.1): long words shall not take long.
EMAIL = re.compile(r"(?:[\w.+'-]|%(?!40)){1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63})+")
# Seven digits or more with what people put between them; not the digits of an id such as a request's.
PHONE = re.compile(r"(?<![\w-])(?:\+|\(?)\d(?:[\s()./-]{0,2}\d){6,}(?![\w-])")


def names_somebody(reason: str) -> bool:
    """Whether an e-mail address or a number like a phone's or a card's stands in it."""
    return without_names(reason) != reason


def without_names(reason: str) -> str:
    """The reason with every e-mail address and long number taken out."""
    return PHONE.sub(REMOVED, EMAIL.sub(REMOVED, reason))
