"""The case of names: what was typed in capitals, or in small letters, as people write it. What is mixed stays."""

import re
import unicodedata


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Small within a name: the preposition of a family's origin. In Italy it is written with a capital.
PARTICLES = _words(
    """
    van von vom zu zum zur der den dem des de di da do du dos das del della dalla ten ter te af av y e bin ibn
    """
)
WITH_CAPITALS = frozenset({"IT", "SM"})
# Small within the name of a place, though never at its beginning.
PLACE_PARTICLES = _words(
    """
    am an auf bei im in ob der den dem vor unter sur sous en de du des d la le les lez aux et del della di do da
    dos y i upon on of the by under cum nad pod w op aan het bij
    """
)
ELIDED = frozenset({"o", "d", "l", "dell", "dall", "sant"})
NUMERALS = frozenset({"ii", "iii", "iv"})
TURKIC = frozenset({"TR", "AZ"})
DUTCH = frozenset({"NL", "BE"})
# Words, and the signs between the parts of one; a sign keeps its place.
PARTS = re.compile(r"([\s\-.'’/,(]+)")


def family_name(text: str, region: str) -> str:
    """A family name: VAN DER BERG is van der Berg, MCDONALD is McDonald."""
    return text if _is_mixed(text) else _family_name(text, region)


def given_name(text: str, region: str) -> str:
    """A given or full name: JAN VAN DER BERG is Jan van der Berg."""
    return text if _is_mixed(text) else _given_name(text, region)


def place(text: str, region: str) -> str:
    """The name of a place: FRANKFURT AM MAIN is Frankfurt am Main."""
    return text if _is_mixed(text) else _place(text, region)


def _is_mixed(text: str) -> bool:
    """Whether somebody chose its capitals, or the script has none."""
    return not (text.isupper() or text.islower())


def _family_name(text: str, region: str) -> str:
    particles = frozenset[str]() if region in WITH_CAPITALS else PARTICLES
    return _cased(text, region, particles, from_first=True)


def _given_name(text: str, region: str) -> str:
    particles = frozenset[str]() if region in WITH_CAPITALS else PARTICLES
    # Of "Family, Given" the family comes first.
    return _cased(text, region, particles, from_first="," in text)


def _place(text: str, region: str) -> str:
    return _cased(text, region, PLACE_PARTICLES, from_first=False)


def _cased(text: str, region: str, particles: frozenset[str], *, from_first: bool) -> str:
    """Worked out each time: nothing that was learned from names stays behind in memory."""
    if text.isalpha():
        # Most names are one word, which is a name whatever it looks like.
        cased = _word(_small(text, region), region, first=True)
        return cased if cased.isascii() else unicodedata.normalize("NFC", cased)
    pieces = PARTS.split(_small(text, region))
    words = [number for number in range(0, len(pieces), 2) if pieces[number]]
    after_de = False
    for number in words:
        word, sign = pieces[number], pieces[number + 1] if number + 1 < len(pieces) else ""
        # The last word is a name whatever it looks like; so is one before a comma.
        is_last = number == words[-1] or "," in sign
        is_particle = (word in particles or (after_de and word in ("la", "las", "los"))) and "." not in sign
        after_de = word == "de"
        if is_particle and not is_last and (from_first or number != words[0]):
            continue
        # The g of Sa'g, the s of Lloyd's: no new word.
        if number and pieces[number - 1] in ("'", "’") and pieces[number - 2].casefold() not in ELIDED:
            continue
        if word in ("d", "l") and number != words[0] and sign in ("'", "’"):
            continue
        pieces[number] = _word(word, region, first=number == words[0])
    cased = "".join(pieces)
    return cased if cased.isascii() else unicodedata.normalize("NFC", cased)


def _small(text: str, region: str) -> str:
    if region in TURKIC or "İ" in text:
        text = text.replace("İ", "i").replace("I", "ı")
    return text.lower()


def _word(word: str, region: str, *, first: bool) -> str:
    if word in NUMERALS and not first:
        return word.upper()
    if region in DUTCH and word.startswith("ij"):
        return "IJ" + word[2:]
    if word.startswith("mc") and len(word) > 3:
        return "Mc" + _capital(word[2:], region)
    return _capital(word, region)


def _capital(word: str, region: str) -> str:
    first = "İ" if region in TURKIC and word[0] == "i" else word[0].title()
    # A letter without a capital of its own, such as ß, stays.
    return (first if len(first) == 1 else word[0]) + word[1:]
