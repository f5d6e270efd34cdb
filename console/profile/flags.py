"""The flags of a record in words: what was wrong with a value, or what became of it later."""

from console.showing import label_of
from records.aging import AGED
from records.corrections import REFUTED
from records.mending import BY_HAND, LEFT_OUT
from records.priced import PROPERTY
from records.rectifying import RECTIFIED

WORDS = {
    "invalid": "cannot be one, so it was left out",
    "ambiguous": "can be read in two ways, so it was left out",
    "unknown": "not known, so it was left out",
    "empty": "says nothing",
    "shortened": "longer than is kept, so it was shortened",
    "unusual": "not as its country writes it; kept",
}
# What comes before the field, and what is said of it then.
BEFORE = {
    REFUTED: "known to be wrong, so it was not believed",
    RECTIFIED: "put right on request",
    AGED: "taken out, since its time was over",
    LEFT_OUT: "could not be taken in, so it was left out",
}
WHOLE = {BY_HAND: "what was sent could not be taken in; somebody wrote it anew"}
UNDECLARED = "undeclared:"
UNREADABLE_CONSENT = "unreadable_consent:"


def field_of(flag: str) -> str:
    """The field that a flag is about; empty for one about the whole record."""
    for before in BEFORE:
        if flag.startswith(before):
            return flag.removeprefix(before)
    if flag in WHOLE or flag.startswith((UNDECLARED, UNREADABLE_CONSENT)):
        return ""
    return flag.rpartition(":")[0]


def in_words(flag: str) -> str:
    """What a flag says, without its field."""
    for before, words in BEFORE.items():
        if flag.startswith(before):
            return words
    if flag in WHOLE:
        return WHOLE[flag]
    what = flag.rpartition(":")[2]
    if flag.startswith(UNDECLARED):
        return f"{what} more {'value' if what == '1' else 'values'} came that the mapping does not name; dropped"
    if flag.startswith(UNREADABLE_CONSENT):
        return f"its consent signal ({what.upper()}) could not be read"
    return WORDS.get(what, what.replace("_", " "))


def called(field: str) -> str:
    """What people call a field of a record; a property by its own name."""
    return label_of(field.removeprefix(PROPERTY))


def words_of(flag: str) -> str:
    """A flag as a whole: its field, if it is about one, and what it says."""
    field = field_of(flag)
    return f"{called(field)}: {in_words(flag)}" if field else in_words(flag)
