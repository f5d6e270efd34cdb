"""A sound key for family names that holds for English, German and French spellings."""

import re

# The idea of one class per group of like-sounding consonants is Russell's (Soundex, US patent 1261167, 1918); the
# German classes follow Postel (Kölner Phonetik, IBM-Nachrichten 19, 1969); rewriting letter groups before classing
# follows Philips (Metaphone, Computer Language 7, 1990). The rules here are a small set of our own.
LETTER_GROUPS = (
    (re.compile(r"(?:eau|au)x?$"), "o"),
    (re.compile(r"tsch|sch|sh"), "s"),
    (re.compile(r"ght"), "t"),
    (re.compile(r"ph|pf"), "f"),
    (re.compile(r"th|dt"), "t"),
    (re.compile(r"tz|ts|cz|cs"), "s"),
    (re.compile(r"ck|qu|ch"), "k"),
    (re.compile(r"gn"), "n"),
    (re.compile(r"x"), "ks"),
    (re.compile(r"c(?=[eiy])"), "s"),
)
SOUND_OF = {"bp": "P", "dt": "T", "fvw": "F", "gkqc": "K", "sz": "S", "l": "L", "m": "M", "n": "N", "r": "R"}
CLASSES = {letter: sound for letters, sound in SOUND_OF.items() for letter in letters}
SILENT = frozenset("aeiouyjh")


def phonetic(word: str) -> str:
    """Return the sound key of one folded word: "muller" gives "MLR", "schmidt" and "schmitt" give "SMT".

    Vowels, j and h count only at the start. A word in another script is its own key.
    """
    if not word.isascii():
        return word
    rewritten = word
    for group, sound in LETTER_GROUPS:
        rewritten = group.sub(sound, rewritten)
    first = "H" if rewritten[:1] == "h" else "A" if rewritten[:1] in SILENT else ""
    key = first
    for letter in rewritten:
        sound = "" if letter in SILENT else CLASSES.get(letter, letter)
        if sound and not key.endswith(sound):
            key += sound
    return key or word
