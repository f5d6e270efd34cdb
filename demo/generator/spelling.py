"""The same name in fewer letters, as forms and old systems write it."""

import unicodedata

_SPELLED_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})
_NO_MARK_TO_DROP = str.maketrans({"ß": "ss", "ł": "l", "Ł": "L", "ı": "i", "ø": "o", "Ø": "O", "æ": "ae", "œ": "oe"})


def without_marks(text: str) -> str:
    """Müller as Muller, Łukasz as Lukasz."""
    letters = unicodedata.normalize("NFKD", text.translate(_NO_MARK_TO_DROP))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def umlauts_spelled_out(text: str) -> str:
    """Müller as Mueller; other marks dropped."""
    return without_marks(text.translate(_SPELLED_OUT))


def ascii_letters(text: str) -> str:
    """Only the letters a to z, as in the local part of an e-mail address."""
    return "".join(letter for letter in umlauts_spelled_out(text).lower() if "a" <= letter <= "z")
