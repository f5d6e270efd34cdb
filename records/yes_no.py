"""Yes and no, in the languages in which dates and genders are read. What may mean either in another is left open.

`ne` is no in Czech and yes in Greek, and `o` is a French yes or a zero: neither is read, nor is a mere cross or `ok`.
"""

import unicodedata
from collections.abc import Mapping

EXAMPLES = "such as ja/nein, oui/non, 1/0"
YES = """
    1 yes y true ja j wahr oui vrai sí sì si s verdadero vero waar sim verdadeiro tak prawda evet doğru sant
"""
NO = """
    0 no n false nein falsch non faux falso nee onwaar não nao nie fałsz falsz hayır hayir yanlış yanliş nej nei falskt
"""
WORDS: Mapping[str, bool] = {**dict.fromkeys(YES.split(), True), **dict.fromkeys(NO.split(), False)}


def yes_or_no(text: str) -> bool | None:
    """What this word says, whatever its case; None when it is neither, or may be either."""
    return WORDS.get(unicodedata.normalize("NFC", text.strip()).casefold())
