"""The encodings in which a value can stand somewhere: what a search for an erased person looks for, byte by byte.

Matching folds ASCII letters, so every pattern is in lower case; spellings whose bytes differ otherwise (base 64,
hashes, letters beyond ASCII) are listed one by one.
"""

import base64
import hashlib
import html
import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote, quote_plus

import phonenumbers

from records.standardize import identity_form

SHORTEST, SHORTEST_NUMBER = 6, 9
Encoder = Callable[[str], Iterable[bytes]]


def says_enough(value: str) -> bool:
    """Whether a value hardly stands somewhere by chance: six characters, or nine where all of them are digits."""
    return len(value) >= (SHORTEST_NUMBER if value.isdigit() else SHORTEST)


def spellings(field: str, value: str) -> set[str]:
    """How people and programs write this value: letter cases, Unicode forms, phone formats."""
    plain = {value}
    if field == "email":
        plain.add(identity_form(field, value))
    if field == "phone":
        plain |= set(_phones(value))
    cases = {form for text in plain for form in (text, text.lower(), text.upper(), text.title())}
    return {unicodedata.normalize(form, text) for text in cases for form in ("NFC", "NFD")}


def _phones(value: str) -> Iterator[str]:
    try:
        number = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException:
        yield "".join(character for character in value if character.isdigit()) or value
        return
    for form in (
        phonenumbers.PhoneNumberFormat.E164,
        phonenumbers.PhoneNumberFormat.INTERNATIONAL,
        phonenumbers.PhoneNumberFormat.NATIONAL,
        phonenumbers.PhoneNumberFormat.RFC3966,
    ):
        written = phonenumbers.format_number(number, form)
        yield written
        yield from (written.replace(" ", other) for other in ("", "-", ".", "/"))
    yield phonenumbers.national_significant_number(number)
    yield f"{number.country_code}{phonenumbers.national_significant_number(number)}"
    yield f"00{number.country_code}{phonenumbers.national_significant_number(number)}"


def _base64(encode: Callable[[bytes], bytes]) -> Encoder:
    """The letters that a value leaves in the middle of a longer text, for each of the three places it can begin."""

    def forms(text: str) -> Iterator[bytes]:
        value = text.encode()
        for before in range(3):
            first, last = -(-before * 8 // 6), (before + len(value)) * 8 // 6
            yield encode(bytes(before) + value)[first:last]

    return forms


def _hashes(name: str) -> Encoder:
    def forms(text: str) -> Iterator[bytes]:
        digest = hashlib.new(name, text.encode(), usedforsecurity=False).digest()
        yield from (digest, digest.hex().encode(), base64.b64encode(digest).rstrip(b"="))

    return forms


def _each(write: Callable[[int], str], *, only_odd: bool = False) -> Encoder:
    """Every character written as its number, or only those that are not plain ASCII letters and digits."""

    def forms(text: str) -> Iterator[bytes]:
        plain = (lambda letter: letter.isascii() and letter.isalnum()) if only_odd else (lambda letter: False)
        yield "".join(letter if plain(letter) else write(ord(letter)) for letter in text).encode()

    return forms


def _quoted_printable(text: str) -> Iterator[bytes]:
    for keep in (b"", b"@._-+ "):
        yield b"".join(
            bytes([byte]) if (byte < 128 and chr(byte).isalnum()) or byte in keep else b"=%02X" % byte
            for byte in text.encode()
        )


def _json(text: str) -> Iterator[bytes]:
    escaped = json.dumps(text)[1:-1]
    yield escaped.encode()
    yield json.dumps(escaped)[1:-1].encode()


ENCODINGS: dict[str, Encoder] = {
    "UTF-8": lambda text: [text.encode()],
    "Latin-1": lambda text: [text.encode("cp1252", "ignore")],
    "UTF-16LE": lambda text: [text.encode("utf-16-le")],
    "UTF-16BE": lambda text: [text.encode("utf-16-be")],
    "UTF-32LE": lambda text: [text.encode("utf-32-le")],
    "hexadecimal": lambda text: [text.encode().hex().encode()],
    "hexadecimal of UTF-16": lambda text: [text.encode("utf-16-le").hex().encode()],
    "base 64": _base64(base64.b64encode),
    "base 64 for URLs": _base64(base64.urlsafe_b64encode),
    "URL": lambda text: [quote(text, safe="").encode(), quote_plus(text).encode(), quote(text).encode()],
    "URL, every character": lambda text: ["".join(f"%{byte:02x}" for byte in text.encode()).encode()],
    "JSON": _json,
    "JSON, every character": _each(lambda code: f"\\u{code:04x}"),
    "HTML": lambda text: [html.escape(text).encode()],
    "HTML, decimal": _each(lambda code: f"&#{code};"),
    "HTML, hexadecimal": _each(lambda code: f"&#x{code:x};"),
    "HTML, letters kept": _each(lambda code: f"&#{code};", only_odd=True),
    "quoted-printable": _quoted_printable,
    "MD5": _hashes("md5"),
    "SHA-1": _hashes("sha1"),
    "SHA-256": _hashes("sha256"),
    "SHA-512": _hashes("sha512"),
}


def patterns(field: str, value: str) -> dict[bytes, str]:
    """Byte patterns of this value, in lower case, each with the name of its encoding."""
    found: dict[bytes, str] = {}
    for spelling in sorted(spellings(field, value)):
        for name, encode in ENCODINGS.items():
            for pattern in encode(spelling):
                if len(pattern) >= SHORTEST:
                    found.setdefault(pattern.lower(), name)
    return found
