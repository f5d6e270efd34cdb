"""Standardizing: one normal form per kind of field. What cannot be read is said, never guessed."""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from msgspec import Struct

from records import currencies, genders, languages, months, names, postcodes, territories

EARLIEST_BIRTH = 1900
EARLIEST_EVENT = datetime(1970, 1, 2, tzinfo=UTC)
CLOCK_TOLERANCE = timedelta(hours=24)
NOTHING = frozenset({"", "null", "none", "n/a", "na", "nan", "-", "unknown", "undefined"})
LONGEST_NOTHING = max(map(len, NOTHING))
UNDATED = re.compile(r"^0+([-/. ]0+)*$")
ISO_DATE = re.compile(r"^(\d{4})[-/](\d{1,2})[-/](\d{1,2})$")
COMPACT_DATE = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
DOTTED_DATE = re.compile(r"^(\d{1,2})\.(\d{1,2})\.(\d{4})$")
SHORT_DATE = re.compile(r"^(\d{1,2})([-/.])(\d{1,2})\2'?(\d{2})$")
SLASHED_DATE = re.compile(r"^(\d{1,2})[/-](\d{1,2})[/-](\d{4})$")
TIME_OF_DAY = re.compile(r"[T ]\d{1,2}:\d{2}\S*$")
E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
STRAY_COMMAS = re.compile(r"\s*,[\s,]*")
UNIX_TIME = re.compile(r"^\d{10}(\d{3})?$")
MILLISECONDS = 100_000_000_000
PLAIN_LOCAL = re.compile(r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*")
# As RFC 5321 limits them.
LONGEST_EMAIL, LONGEST_LOCAL = 254, 64
LEAP_YEAR = 2000
DAYS_OF = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
SEQUENCES = ("01234567890123456789", "98765432109876543210")
LONGEST_TEXT = 500


class Absurd(ValueError):
    """A value that cannot be true; its message says why and holds no part of it."""


class Setting(Struct, frozen=True):
    """What a source declares about how to read it: its region for phones, its order of day and month, and the time.

    `country` is the one that the record itself names, if any; its region is that one then.
    """

    region: str
    date_order: str | None
    now: datetime
    country: str = ""


class Clean(Struct, frozen=True):
    """A value in normal form (None: unreadable or missing), and a flag that says what was done to it."""

    value: str | None
    flag: str | None = None


def standardize(standardizer: str, raw: str, setting: Setting) -> Clean:
    """The normal form of a raw value. Raises `Absurd` for dates that cannot be."""
    text = " ".join((raw if raw.isascii() else unicodedata.normalize("NFC", raw)).split())
    if len(text) <= LONGEST_NOTHING and text.casefold() in NOTHING:
        return Clean(None)
    return STANDARDIZERS[standardizer](text, setting)


def _text(text: str, setting: Setting) -> Clean:
    return Clean(text) if len(text) <= LONGEST_TEXT else Clean(text[:LONGEST_TEXT].rstrip(), "shortened")


def _given_name(text: str, setting: Setting) -> Clean:
    return _text(names.given_name(text, setting.region), setting)


def _family_name(text: str, setting: Setting) -> Clean:
    return _text(names.family_name(text, setting.region), setting)


def _place(text: str, setting: Setting) -> Clean:
    return _text(names.place(text, setting.region), setting)


def _street(text: str, setting: Setting) -> Clean:
    return _text(STRAY_COMMAS.sub(", ", text).strip(" ,;") or text, setting)


def _email(text: str, setting: Setting) -> Clean:
    text = text.lower()
    local, _, domain = text.rpartition("@")
    # Of a plain local part nothing but its letters can be wrong, and the same domains come again and again.
    if text.isascii() and len(text) <= LONGEST_EMAIL and len(local) <= LONGEST_LOCAL and PLAIN_LOCAL.fullmatch(local):
        domain = _domain(domain)
        return Clean(f"{local}@{domain}") if domain else Clean(None, "invalid")
    normal = _address(text)
    return Clean(normal, None if normal else "invalid")


@lru_cache(maxsize=10_000)
def _domain(text: str) -> str:
    """The normal form of the domain of an e-mail address; empty when it is none."""
    return (_address(f"a@{text}") or "").partition("@")[2]


def _address(text: str) -> str | None:
    """The normal form of an e-mail address (RFC 5321); None when it is none."""
    try:
        return validate_email(text, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        return None


def _phone(text: str, setting: Setting) -> Clean:
    number = _international(text)
    normal = text if number else None
    try:
        number = number or phonenumbers.parse(text, setting.region)
    except phonenumbers.NumberParseException:
        return Clean(None, "invalid")
    if not phonenumbers.is_possible_number(number) or _made_up(str(number.national_number)):
        return Clean(None, "invalid")
    return Clean(normal or phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _international(text: str) -> phonenumbers.PhoneNumber | None:
    """A number that is plainly in E.164 already, a fifth as dear as reading it; None: it has to be read."""
    if not E164.fullmatch(text):
        return None
    for end in (2, 3, 4):
        code, rest = int(text[1:end]), text[end:]
        if regions := phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(code):
            metadata = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(code, regions[0])
            prefix = metadata.national_prefix_for_parsing if metadata else None
            # What may be a prefix, or a zero that belongs to the number, is for the library to tell.
            if rest.startswith("0") or (prefix and re.match(prefix, rest)):
                return None
            return phonenumbers.PhoneNumber(country_code=code, national_number=int(rest))
    return None


def _made_up(digits: str) -> bool:
    """Whether a number is one digit over and over, or the digits in a row: typed to get past a form."""
    return len(set(digits)) == 1 or any(digits in sequence for sequence in SEQUENCES)


def _date(text: str, setting: Setting) -> Clean:
    if UNDATED.match(text):
        return Clean(None, "empty")
    day, flag = _read_date(text, setting.date_order)
    if day is None:
        return Clean(None, flag)
    if not day.year >= EARLIEST_BIRTH or day > setting.now.date():
        raise Absurd("is not a possible date of birth: it lies before 1900 or in the future")
    return Clean(day.isoformat(), flag)


def _read_date(text: str, order: str | None) -> tuple[date | None, str | None]:
    text = TIME_OF_DAY.sub("", text)
    if match := ISO_DATE.match(text) or COMPACT_DATE.match(text):
        year, month, day = map(int, match.groups())
        return _possible(year, month, day), None
    if match := DOTTED_DATE.match(text):
        day, month, year = map(int, match.groups())
        return _possible(year, month, day), None
    if match := SLASHED_DATE.match(text):
        first, second, year = map(int, match.groups())
        if order == "mdy" or (order != "dmy" and second > 12):
            return _possible(year, first, second), None
        if order == "dmy" or first > 12 or first == second:
            return _possible(year, second, first), None
        _possible(year, second, first)
        return None, "ambiguous"
    if match := SHORT_DATE.match(text):
        return _of_some_century(int(match[1]), int(match[3]), int(match[4]))
    if found := months.read(text):
        written, month, day = found
        if len(written) == 4:
            return _possible(int(written), month, day), None
        _possible(LEAP_YEAR, month, day)
        return None, "ambiguous"
    raise Absurd("is not a date; write it as YYYY-MM-DD")


def _of_some_century(first: int, second: int, third: int) -> tuple[None, str]:
    """A year of two digits is not guessed; but a day and a month must be there."""
    for month, day in ((second, first), (first, second), (second, third)):
        if 1 <= month <= 12 and 1 <= day <= DAYS_OF[month - 1]:
            return None, "ambiguous"
    raise Absurd("is not a date of the calendar; write it as YYYY-MM-DD")


def _possible(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise Absurd("is not a date of the calendar; write it as YYYY-MM-DD") from None


def _country(text: str, setting: Setting) -> Clean:
    code = territories.code_of(text)
    return Clean(code, None if code else "unknown")


def _postcode(text: str, setting: Setting) -> Clean:
    written, fits = postcodes.written(text, setting.region)
    # Where the country is only the source's own, the person may well live in another.
    return Clean(written, None if fits or not setting.country else "unusual")


def _gender(text: str, setting: Setting) -> Clean:
    return Clean(*genders.gender_of(text, setting.region))


def _language(text: str, setting: Setting) -> Clean:
    tag = languages.tag_of(text)
    return Clean(tag, None if tag else "unknown")


def _currency(text: str, setting: Setting) -> Clean:
    return Clean(*currencies.code_of(text))


STANDARDIZERS: dict[str, Callable[[str, Setting], Clean]] = {
    "text": _text,
    "key": _text,
    "name": _given_name,
    "family_name": _family_name,
    "place": _place,
    "street": _street,
    "email": _email,
    "phone": _phone,
    "date": _date,
    "country": _country,
    "postcode": _postcode,
    "gender": _gender,
    "language": _language,
    "currency": _currency,
}


def instant(raw: object, *, now: datetime) -> datetime:
    """An event time in UTC, from ISO 8601 text, YYYYMMDD, or Unix seconds or milliseconds.

    Raises `Absurd` when it cannot be read, lies before 1970, or more than a day in the future.
    """
    return plausible(read_instant(raw), now=now)


def read_instant(raw: object) -> datetime:
    """What the clock of whoever wrote it said, in UTC. Raises `Absurd` when it cannot be read."""
    try:
        return _instant(raw)
    except (ValueError, OverflowError, OSError):
        raise Absurd("is not an instant; write it as ISO 8601, such as 2026-01-31T09:30:00Z") from None


def plausible(moment: datetime, *, now: datetime) -> datetime:
    """The moment, when something can have happened then. Raises `Absurd`."""
    if moment < EARLIEST_EVENT:
        raise Absurd("lies before 1970")
    if moment > now + CLOCK_TOLERANCE:
        raise Absurd("lies more than a day in the future")
    return moment


def _instant(raw: object) -> datetime:
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        raise ValueError
    if isinstance(raw, str) and raw[4:5] == "-":
        return _in_utc(datetime.fromisoformat(raw.strip()))
    text = str(raw).strip()
    if UNIX_TIME.match(text):
        raw = int(text)
    # A number of eight digits is a day, such as 20260131, not an instant of 1970.
    if isinstance(raw, float) or (isinstance(raw, int) and len(text) > len("YYYYMMDD")):
        return datetime.fromtimestamp(raw / 1000 if raw > MILLISECONDS else raw, UTC)
    return _in_utc(datetime.fromisoformat(text))


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is UTC:
        return moment
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def identity_form(namespace: str, value: str) -> str:
    """The form under which an identifier is indexed: what two spellings of one identifier have in common.

    E-mail is folded to lower case, without plus tag, and for Gmail without dots; phones are in E.164 already.
    """
    if namespace != "email" or "@" not in value:
        return value
    local, _, domain = value.lower().rpartition("@")
    local = local.partition("+")[0] or local
    if domain in ("gmail.com", "googlemail.com"):
        return f"{local.replace('.', '')}@gmail.com"
    return f"{local}@{domain}"


def split_name(full: str) -> tuple[str | None, str]:
    """Given and family name of a full name: 'Family, Given' or 'Given Family'; one word is a family name."""
    family, comma, given = (part.strip() for part in full.partition(","))
    if comma and family:
        return given or None, family
    given, _, family = (given or family).rpartition(" ")
    return given or None, family


def postcode_area(postcode: str, country: str | None) -> str:
    """The generalized postcode: the letters of a British one, the first two characters elsewhere."""
    letters = re.match(r"[A-Z]{1,2}(?=\d)", postcode)
    return letters.group() if letters and country in (None, "", "GB") else postcode[:2]
