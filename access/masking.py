"""Masks: enough of an identifier to recognize it by, too little to use."""

DOT = "•"


def mask(namespace: str, value: str) -> str:
    """A masked form: `a•••@e•••.com` for an e-mail, the last two digits of a phone, the first letter of the rest."""
    if not value:
        return ""
    if namespace == "email" and "@" in value:
        local, _, domain = value.rpartition("@")
        name, dot, ending = domain.rpartition(".")
        return f"{local[:1]}{DOT * 3}@{(name or domain)[:1]}{DOT * 3}{dot}{ending if name else ''}"
    if namespace == "phone":
        return f"{value[:3]}{DOT * 5}{value[-2:]}"
    return f"{value[:1]}{DOT * 4}"
