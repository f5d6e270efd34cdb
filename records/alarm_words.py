"""Alarms in words: what each kind is called."""

from records.models import (
    COMPLETENESS,
    QUARANTINED,
    SILENT,
    TOO_LITTLE,
    TOO_MUCH,
    UNDECLARED,
    VALIDITY,
)

TITLES = {
    SILENT: "Silent",
    TOO_LITTLE: "Too little came",
    TOO_MUCH: "Too much came",
    COMPLETENESS: "Filled less often",
    VALIDITY: "Valid less often",
    UNDECLARED: "Undeclared fields",
    QUARANTINED: "More in quarantine",
}


def title_of(kind: str, field: str = "") -> str:
    """What an alarm is called; with the field it is about, where it is about one."""
    return f"{TITLES[kind]}: {field}" if field else TITLES[kind]
