"""Read dates in the shapes that files write them in, and learn from the dates whether day or month comes first."""

import re
from collections.abc import Iterable

DAY_FIRST, MONTH_FIRST = "day first", "month first"

_CLOCK = re.compile(r"[T ]\d{1,2}:\d{2}.*$")
_FLOAT = re.compile(r"\.0+$")
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YEAR_FIRST = re.compile(r"(\d{4})[-/. ](\d{1,2})[-/. ](\d{1,2})")
_YEAR_LAST = re.compile(r"(\d{1,2})[-/. ]+(\d{1,2})[-/. ]+(\d{4}|\d{2})")
_RUN_TOGETHER = re.compile(r"\d{8}")
_YEAR_ALONE = re.compile(r"1[5-9]\d\d|20\d\d")
_WORDED = re.compile(
    r"(?:(\d{1,2})(?:st|nd|rd|th)?\.?[- ]+)?([^\W\d_]{3,9})\.?[- ,]+(?:(\d{1,2})(?:st|nd|rd|th)?[ ,]+)?(\d{4})"
)
# The first three letters of the months in English, German, French and Spanish, as far as they tell one month.
_MONTHS = {
    letters: number
    for number, all_letters in enumerate(
        ("jan ene", "feb fév fev", "mar mär mrz", "apr avr abr", "may mai", "jun", "jul", "aug aoû aou ago",
         "sep set", "oct okt", "nov", "dec dez déc dic"), start=1,
    )
    for letters in all_letters.split()
}  # fmt: skip
# Of two digits, what is above stands for the last century.
_LAST_YEAR_OF_THIS_CENTURY = 30


def order_of(dates: Iterable[str]) -> str:
    """Return which comes first where the year comes last: what more of the dates prove, by a number above twelve."""
    day_first = month_first = 0
    for text in dates:
        if _ISO.fullmatch(text):
            continue
        if found := _YEAR_LAST.fullmatch(_bare(text)):
            day_first += int(found[1]) > 12 >= int(found[2])
            month_first += int(found[2]) > 12 >= int(found[1])
        elif _RUN_TOGETHER.fullmatch(bare := _bare(text)) and not _begins_with_year(bare):
            day_first += int(bare[:2]) > 12 >= int(bare[2:4])
            month_first += int(bare[2:4]) > 12 >= int(bare[:2])
    return MONTH_FIRST if month_first > day_first else DAY_FIRST


def read_date(text: str, order: str = DAY_FIRST) -> str | None:
    """Return a date as YYYY-MM-DD, `None` when it is none. Of a year alone month and day are 00.

    A month or day that does not exist is kept: a date badly typed still resembles the right one.
    """
    if _ISO.fullmatch(text):
        return text
    bare = _bare(text)
    if found := _YEAR_FIRST.fullmatch(bare):
        return _iso(int(found[1]), int(found[2]), int(found[3]))
    if _RUN_TOGETHER.fullmatch(bare):
        if _begins_with_year(bare):
            return f"{bare[:4]}-{bare[4:6]}-{bare[6:]}"
        return _ordered(int(bare[:2]), int(bare[2:4]), int(bare[4:]), order)
    if found := _YEAR_LAST.fullmatch(bare):
        return _ordered(int(found[1]), int(found[2]), _century(found[3]), order)
    if _YEAR_ALONE.fullmatch(bare):
        return f"{bare}-00-00"
    if (found := _WORDED.fullmatch(bare)) and (month := _MONTHS.get(found[2][:3].casefold())):
        return _iso(int(found[4]), month, int(found[1] or found[3] or 0))
    return None


def is_date(text: str) -> bool:
    """Return whether a text is a day from the year 1000 until 2100, in any of the shapes: archives hold people, too."""
    iso = read_date(text)
    if iso is None:
        return False
    year, month, day = (int(part) for part in iso.split("-"))
    return 1000 <= year <= 2100 and month <= 12 and day <= 31


def _bare(text: str) -> str:
    return _FLOAT.sub("", _CLOCK.sub("", text.strip()))


def _begins_with_year(digits: str) -> bool:
    """Return whether eight digits are YYYYMMDD; a slip in the month does not change it, one in the century does."""
    return digits[:2] in ("17", "18", "19", "20") and not (digits[4:6] in ("19", "20") and digits[:4] <= "2012")


def _ordered(one: int, other: int, year: int, order: str) -> str:
    day, month = (one, other) if order == DAY_FIRST else (other, one)
    return _iso(year, month, day) if month <= 12 or day > 12 else _iso(year, day, month)


def _century(year: str) -> int:
    return int(year) if len(year) == 4 else int(year) + (2000 if int(year) <= _LAST_YEAR_OF_THIS_CENTURY else 1900)


def _iso(year: int, month: int, day: int) -> str:
    return f"{year:04d}-{month:02d}-{day:02d}"
