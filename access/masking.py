"""Masks: enough of an identifier to recognize it by, too little to use."""

from vault.reasons import EMAIL

DOT = "•"
SHORTEST_PHONE = 10
# Of these a first letter is half of the value, or all of it.
OF_FEW_VALUES = ("gender", "birth_date")


def mask(namespace: str, value: str) -> str:
    """A masked form: `a•••@e•••.com` for an e-mail, the ends of a phone number, the first letter of the rest.

    What is too short to hide anything, or has too few values, shows nothing.
    """
    if not value:
        return ""
    if namespace == "email" and "@" in value:
        return _email(value)
    if namespace == "phone":
        return f"{value[:3] if len(value) >= SHORTEST_PHONE else ''}{DOT * 5}{_last_two(value)}"
    return f"{'' if namespace in OF_FEW_VALUES else _first(value)}{DOT * 4}"


def mask_addresses(text: str) -> str:
    """The text with each e-mail address in it masked: for words that were not meant to hold one."""
    return EMAIL.sub(lambda found: mask("email", found[0].replace("%40", "@")), text)


def _email(value: str) -> str:
    local, _, domain = value.rpartition("@")
    name, dot, ending = domain.rpartition(".")
    shown = f"{dot}{ending}" if name else ""
    return f"{_first(local)}{DOT * 3}@{_first(name or domain)}{DOT * 3}{shown}"


def _first(value: str) -> str:
    return value[0] if len(value) > 1 else ""


def _last_two(value: str) -> str:
    return value[-2:] if len(value) > 4 else ""
