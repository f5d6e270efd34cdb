"""Bring the spellings of one value together: case, scripts, diacritics, German umlauts, punctuation, street words."""

import re
import unicodedata

from anyascii import anyascii

from identity.matching import providers
from identity.matching.legal_forms import FIRST_FORMS, LAST_FORMS, LEGAL_FORMS, LONG_FORMS, PASSING


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Letters that Unicode does not decompose into a base letter and a mark.
_SPECIAL_LETTERS = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i"}
)
_GREEK = re.compile("[\u0370-\u03ff]")
# Pairs of letters that stand for one sound (ELOT 743).
_GREEK_PAIRS = (("ου", "ou"), ("αυ", "av"), ("ευ", "ev"), ("γγ", "ng"))
_APOSTROPHES = re.compile("['\u2019\u2018`\u00b4]")
_PUNCTUATION = re.compile(r"[\W_]+")
# ä is written "ae" or, without its dots, "a": all three become "a". A vowel before it (Bauer, Steuer) or a "q" is a
# sign that the two letters are not an umlaut.
_WRITTEN_UMLAUT = re.compile(r"(?<![aeiouq])([aou])e")
ABSENT = frozenset({"", "nan", "null", "none", "n/a", "na", "nil", "-", "--", "?", "unknown", "#n/a", "<na>", "\\n"})
LONGEST_CELL = 1_000
_FRACTION = re.compile(r"(?<=\d)\.0$")
_NOT_DIGITS = re.compile(r"\D+")
_OTHER_THAN_DIGITS = re.compile("[^0-9]+")
PHONE_DIGITS = 9
LEAST_PHONE_DIGITS = 6
TITLES = _words("dr prof med dipl ing mag herr frau mr mrs ms miss mx sir mme mlle")
NO_NAME = frozenset({"unknown", "unbekannt", "inconnu", "none", "nn", "n n", "xxx", "not given"})
PARTICLES = _words(
    """
    von vom van der den de du da di del della la le ter ten zu zum zur al el bin ibn st saint
    """
)
_LONE_LETTERS = re.compile(r"\b(\w) (?=\w\b)")

PROVIDERS_FOR_ALL = _words(
    """
    gmail.com outlook.com hotmail.com live.com yahoo.com icloud.com me.com aol.com gmx.de gmx.net gmx.at gmx.ch
    web.de t-online.de freenet.de yahoo.de yahoo.fr yahoo.co.uk orange.fr free.fr wanadoo.fr laposte.net sfr.fr
    btinternet.com sky.com bluewin.ch protonmail.com proton.me mail.com msn.com posteo.de
    """
)
ROLE_LOCAL_PARTS = _words(
    """
    info office kontakt contact mail email admin sales support hello hallo noreply team service post test
    """
)

STREET_WORDS = {
    "str": "strasse", "st": "street", "rd": "road", "ave": "avenue", "av": "avenue", "ln": "lane", "dr": "drive",
    "sq": "square", "blvd": "boulevard", "bd": "boulevard", "pl": "place", "ct": "court", "cres": "crescent",
    "tce": "terrace", "hwy": "highway", "pde": "parade", "gdns": "gardens", "gr": "grove",
    # French, Spanish, Italian, Polish, Turkish.
    "bld": "boulevard", "boul": "boulevard", "chem": "chemin", "imp": "impasse", "rte": "route", "fbg": "faubourg",
    "avda": "avenida", "avd": "avenida", "ctra": "carretera", "pza": "plaza", "pso": "paseo",
    "vle": "viale", "cso": "corso", "ul": "ulica", "os": "osiedle",
    "cad": "caddesi", "cd": "caddesi", "sok": "sokak", "sk": "sokak", "mah": "mahallesi", "blv": "bulvari",
}  # fmt: skip
# Abbreviations with a sign inside, which folding would take apart.
WITH_SIGNS = {"c/": "calle ", "v.le": "viale", "c.so": "corso", "p.za": "piazza", "p.zza": "piazza", "l.go": "largo"}
_ABBREVIATED = re.compile(rf"\b(?:{'|'.join(map(re.escape, WITH_SIGNS))})", re.IGNORECASE)
# 12 a is 12a; only at the end, since 12 r is 12, rue.
_LETTER_OF_NUMBER = re.compile(r"\b(\d+) ([a-z])$")
_NO_BIRTH_DATE = frozenset({"1900-01-01", "0001-01-01", "1111-11-11", "9999-12-31", "0000-00-00"})
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def fold(text: str) -> str:
    """Return `text` without case, diacritics and punctuation: "Müller", "Mueller" and "Muller" are all "muller".

    Other scripts are written in Latin letters: "Κωνσταντίνος" is "konstantinos".
    """
    words = _PUNCTUATION.sub(" ", _APOSTROPHES.sub("", in_latin(text))).strip()
    return _WRITTEN_UMLAUT.sub(r"\1", words)


def in_latin(text: str) -> str:
    """Return `text` in small Latin letters without marks."""
    lowered = text.casefold()
    return lowered if lowered.isascii() else _in_latin(lowered.translate(_SPECIAL_LETTERS))


def _in_latin(lowered: str) -> str:
    decomposed = unicodedata.normalize("NFKD", lowered)
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    if bare.isascii():
        return bare
    if _GREEK.search(bare):
        for letters, latin in _GREEK_PAIRS:
            bare = bare.replace(letters, latin)
        return anyascii(bare).lower()
    # In other scripts a mark may make another letter (й is no и), so they are read before it is taken off.
    return anyascii(unicodedata.normalize("NFC", lowered)).lower()


def name(text: str) -> str | None:
    """Return a folded given or family name without titles; `None` for a placeholder."""
    folded = fold(text)
    words = [word for word in folded.split() if word not in TITLES]
    kept = " ".join(words) if words else folded
    return None if not kept or kept in NO_NAME else kept


# So many words tell an organization without its form.
_LEAST_WORDS = 2


def organization(text: str) -> list[str]:
    """Return the words that tell an organization, folded: of "The Müller & Sons Co. Ltd." "muller" and "sons".

    Legal forms go, also those that no space parts: 株式会社, 有限公司.
    """
    bare = LONG_FORMS.sub(" ", text)
    words = _LONE_LETTERS.sub(r"\1", fold(bare if bare.strip() else text)).split()
    telling = [word for word in words if word not in PASSING]
    if len(telling) > _LEAST_WORDS and telling[0] in FIRST_FORMS:
        del telling[0]
    if len(telling) > _LEAST_WORDS and telling[-1] in LAST_FORMS:
        del telling[-1]
    return telling or words or [""]


def has_legal_form(text: str) -> bool:
    """Return whether a name says that it is an organization's: "Müller GmbH", "García S.L.", "株式会社斎藤建設"."""
    folded = fold(text)
    last = _LONE_LETTERS.sub(r"\1", folded).split()[-1:]
    return not LEGAL_FORMS.isdisjoint([*folded.split(), *last]) or bool(LONG_FORMS.search(text))


def main_word(folded_name: str) -> str:
    """Return the first word of a folded name that is no particle: "von der muhlen" gives "muhlen"."""
    words = folded_name.split()
    return next((word for word in words if word not in PARTICLES), words[0])


def email(address: str) -> str | None:
    """Return the e-mail address in lower case, or `None` when it has no local part or no domain."""
    local, at, domain = address.strip().casefold().rpartition("@")
    return f"{local}@{domain}" if at and local and domain else None


def email_mailbox(address: str) -> str:
    """Return the mailbox that an address reaches: no +tag, one name per provider, no dots where none count."""
    local, _, domain = address.rpartition("@")
    return "@".join(providers.mailbox(local, domain))


def email_local(address: str) -> str | None:
    """Return the letters and digits before the @; `None` for a role such as info@ that says nothing about a person."""
    return mailbox_local(email_mailbox(address))


def mailbox_local(mailbox: str) -> str | None:
    """The same of a mailbox, as `email_mailbox` gives it."""
    bare = _PUNCTUATION.sub("", mailbox.rpartition("@")[0])
    return None if len(bare) < 3 or bare in ROLE_LOCAL_PARTS else bare


def email_domain(address: str) -> str | None:
    """Return the domain of an employer, school or family; `None` for a provider that serves everyone."""
    return mailbox_domain(email_mailbox(address))


def mailbox_domain(mailbox: str) -> str | None:
    """The same of a mailbox, as `email_mailbox` gives it."""
    domain = mailbox.rpartition("@")[2]
    return None if domain in PROVIDERS_FOR_ALL else domain


def cell(text: str) -> str | None:
    """Return a cell of a file without what stands for nothing; a number without the fraction that made it one.

    What is longer than a thousand letters is no field of a person, and comparing it letter by letter would never end.
    """
    bare = _FRACTION.sub("", text.strip())[:LONGEST_CELL]
    return None if bare.casefold() in ABSENT else bare


def digits(text: str) -> str:
    """Return the digits from 0 to 9 alone."""
    return _OTHER_THAN_DIGITS.sub("", text)


def phone_digits(written: str) -> str | None:
    """Return the last nine digits of a phone number, which it has with and without its country's or area's prefix."""
    bare = _NOT_DIGITS.sub("", written).lstrip("0")
    return bare[-PHONE_DIGITS:] if len(bare) >= LEAST_PHONE_DIGITS else None


def birth_date(iso_date: str) -> str | None:
    """Return an ISO date; `None` for a placeholder or another format."""
    return iso_date if _ISO_DATE.fullmatch(iso_date) and iso_date not in _NO_BIRTH_DATE else None


def street(text: str) -> str | None:
    """Return a folded street, abbreviations written out and numbers last: "12, Main St." gives "main street 12"."""
    spelled = _ABBREVIATED.sub(lambda match: WITH_SIGNS[match[0].casefold()], text)
    folded = _LETTER_OF_NUMBER.sub(r"\1\2", fold(spelled))
    words = [_street_word(word) for word in folded.split()]
    lettered = [word for word in words if not word[0].isdigit()]
    numbered = [word for word in words if word[0].isdigit()]
    return " ".join(lettered + numbered) or None


def _street_word(word: str) -> str:
    if word.endswith("str") and len(word) > 3:
        return word + "asse"
    return STREET_WORDS.get(word, word)


def street_name(normalized_street: str) -> str:
    """Return the words of a normalized street without its numbers."""
    return " ".join(word for word in normalized_street.split() if not word[0].isdigit())


def street_number(normalized_street: str) -> str:
    """Return the first number of a normalized street, or "" when it has none."""
    return next((word for word in normalized_street.split() if word[0].isdigit()), "")


def postcode(text: str) -> str | None:
    """Return a postcode in upper case without spaces."""
    return _PUNCTUATION.sub("", text).upper() or None


def postcode_area(normalized_postcode: str) -> str:
    """Return the leading part of a postcode that names a region (a British outward code, else two characters)."""
    outward = re.fullmatch(r"([A-Z]{1,2}\d[A-Z\d]?)\d[A-Z]{2}", normalized_postcode)
    return outward[1] if outward else normalized_postcode[:2]


def identifier(text: str) -> str | None:
    """Return the letters and digits of a number that somebody issued, in upper case; `None` when all are the same."""
    bare = _PUNCTUATION.sub("", text).upper()
    return bare if len(set(bare)) > 1 else None


def place(text: str) -> str | None:
    """Return a folded city or country name."""
    return fold(text) or None
