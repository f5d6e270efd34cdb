"""Recognize what the columns of a table of people hold, by their names and by what stands in them."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from identity.matching import dates
from identity.matching.column import Column
from identity.matching.column_names import fields_named, names_records
from identity.matching.nicknames import is_given_name

# What a column can be taken for. Several columns may be one field: their values are joined in the file's order.
RECORD_ID, TRUTH, NOTHING = "record_id", "truth", "nothing"
IDENTIFIER, TRAIT = "identifier", "trait"
MOST_IDENTIFIERS, MOST_TRAITS = 2, 6


class UnknownFieldError(ValueError):
    """No field is called so; the message says which there are."""


class UnknownColumnError(ValueError):
    """The table has no column of that name; the message says which it has."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one column was taken for, and why, in words that hold no value."""

    column: str
    field: str
    reason: str


@dataclass(frozen=True)
class Content:
    """What can be seen of a column without its name."""

    column: Column

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Return how often each distinct value stands there."""
        return self.column.counts()

    @property
    def filled(self) -> int:
        """Return how many rows have a value."""
        return int(self.counts.sum())

    @cached_property
    def sample(self) -> Sequence[str]:
        """Return the values of rows evenly drawn from those that have one: of many slips each is rare."""
        rows = np.flatnonzero(self.column.known)
        return self.column.texts(self.column.codes[rows[:: max(1, len(rows) // _SAMPLE)]])

    def share(self, test: Callable[[str], object]) -> float:
        """Return the share of sampled values that pass."""
        return sum(1 for value in self.sample if test(value)) / max(len(self.sample), 1)

    @property
    def distinct_share(self) -> float:
        """Return distinct values per value: 1 when no two rows agree."""
        return len(self.counts) / max(self.filled, 1)


_SAMPLE = 2_000
_MOSTLY = 0.6
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_PHONE = re.compile(r"(?:\+|00)?[\d ()/.-]{6,20}(?:x\d+)?")
_DECIMAL = re.compile(r"[-+]?\d+[.,]\d+")
# Seconds and milliseconds since 1970 begin with 1 until 2033; others of that length number persons or firms.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*|1\d{9}|1\d{12}")
_CODE = re.compile(r"(?=.*\d)[A-Za-z0-9][A-Za-z0-9./-]{3,39}|\d[\d ./-]{3,39}")
_NUMBER = re.compile(r"\d{1,2}(?:\.0+)?")
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d(?:\.0+)?")
_DIGIT = re.compile(r"\d")
_LETTERS = re.compile(r"[^\W\d_]")
_POSTCODE = re.compile(r"(?=.*\d)[A-Za-z0-9][A-Za-z0-9 .-]{1,11}")
# A birth date is not of the last days only, nor of one day for many.
_MOST_A_VALUE = 0.5
_FEW_A_PERSON = 8
_LEAST_GIVEN_NAMES = 0.2
_LEAST_DISTINCT = 0.1
_MOST_WITH_DIGITS = 0.2
NAMES = frozenset({"given_name", "family_name", "full_name", "organization"})
_BY_CONTENT = (TRAIT, "content")


def _text(content: Content) -> bool:
    return content.share(_LETTERS.search) >= _MOSTLY


def _shaped(shape: re.Pattern[str]) -> Callable[[Content], bool]:
    return lambda content: content.share(shape.fullmatch) >= _MOSTLY


def _date(content: Content) -> bool:
    return content.share(dates.is_date) >= _MOSTLY


def _labels(content: Content) -> bool:
    """Return whether these could be labels of persons, and are neither their names nor their addresses or dates."""
    names = content.share(is_given_name) >= _LEAST_GIVEN_NAMES or content.share(_has_several_words) >= _MOSTLY
    return bool(content.filled) and not names and not _shaped(_EMAIL)(content)


def _measured(content: Content) -> bool:
    """Return whether these are amounts or dates. Ten digits may be a moment, and number customers as well."""
    return _shaped(_DECIMAL)(content) or (_date(content) and not _shaped(_YEAR)(content))


def _anything(content: Content) -> bool:
    return bool(content.filled)


# What must stand in a column that is called like a field to be one.
_FITS: dict[str, Callable[[Content], bool]] = {
    "truth": _labels,
    "full_name": _text,
    "organization": _text,
    "given_name": _text,
    "middle_name": _text,
    "family_name": _text,
    "birth_date": _date,
    "birth_year": _shaped(_YEAR),
    "birth_month": _shaped(_NUMBER),
    "birth_day": _shaped(_NUMBER),
    "email": _shaped(_EMAIL),
    "phone": _shaped(_PHONE),
    "house_number": _anything,
    "street": _text,
    "district": _text,
    "suburb": _text,
    "city": _text,
    "postcode": _shaped(_POSTCODE),
    "state": _anything,
    "country": _anything,
    "identifier": lambda content: content.distinct_share >= _LEAST_DISTINCT and not _measured(content),
}

_BIRTH = ("birth_date", "birth_year", "birth_month", "birth_day")
SINGLE_FIELDS = (*_BIRTH, "organization", "email", "phone", "city", "postcode", "country")
FIELDS = (RECORD_ID, *_FITS, TRAIT, NOTHING)


def recognize(table: Mapping[str, Column], chosen: Mapping[str, str] | None = None) -> tuple[Taken, ...]:
    """Return what each column of `table` is taken for, in the table's order.

    `chosen` gives fields by column and is believed. Otherwise the name decides where the content agrees, else the
    content alone. What is the same everywhere, differs everywhere, or says nothing of a person is taken for nothing.
    """
    chosen = chosen or {}
    must_be_known(chosen, table)
    for name in chosen.values():
        if name not in FIELDS:
            raise UnknownFieldError(f"there is no field {name!r}; the fields are: {', '.join(FIELDS)}")
    found: list[Taken] = []
    for column, content in table.items():
        if column in chosen:
            found.append(Taken(column, chosen[column], "chosen"))
        else:
            found.append(_recognized(column, Content(content), len(content.codes)))
    return _settled(found, table)


def must_be_known(named: Iterable[str], table: Mapping[str, Column]) -> None:
    """Raise `UnknownColumnError` for a name that no column of the table has."""
    for column in named:
        if column not in table:
            raise UnknownColumnError(f"there is no column {column!r}; the columns are: {', '.join(table)}")


def _recognized(column: str, content: Content, rows: int) -> Taken:
    if not content.filled:
        return Taken(column, NOTHING, "empty")
    unique = len(content.counts) == content.filled
    fitting = next((name for name in fields_named(column) if _FITS[name](content)), None)
    if unique and content.filled == rows and (names_records(column) or fitting == TRUTH):
        return Taken(column, RECORD_ID, "name, and no two rows agree")
    # Few rows may all be one person's.
    if len(content.counts) == 1 and rows > (_FEW_A_PERSON if fitting else 1):
        return Taken(column, NOTHING, "the same everywhere")
    if fitting:
        return Taken(column, fitting, "name")
    return _by_content(column, content, unique)


def _by_content(column: str, content: Content, unique: bool) -> Taken:
    if _shaped(_EMAIL)(content):
        return Taken(column, "email", "content")
    if _shaped(_MOMENT)(content) or _shaped(_DECIMAL)(content):
        return Taken(column, NOTHING, "moments or amounts")
    if _looks_like_birth(content):
        return Taken(column, "birth_date", "content")
    if _date(content) and not _shaped(_YEAR)(content):
        return Taken(column, NOTHING, "dates, but not of birth")
    if unique:
        return Taken(column, NOTHING, "no two rows agree")
    if _text(content) and content.share(is_given_name) >= _LEAST_GIVEN_NAMES:
        return Taken(column, "full_name" if content.share(_has_several_words) >= _MOSTLY else "given_name", "content")
    if _looks_like_identifier(content):
        return Taken(column, IDENTIFIER, "content: nearly unique codes")
    if content.filled / len(content.counts) < 1.01 and not _text(content):
        return Taken(column, NOTHING, "hardly any two rows agree")
    return Taken(column, TRAIT, "content")


def _looks_like_birth(content: Content) -> bool:
    if not _date(content) or content.share(_YEAR.fullmatch) >= _MOSTLY:
        return False
    order = dates.order_of(content.sample)
    years = [int(date[:4]) for value in content.sample if (date := dates.read_date(value, order))]
    return len(set(years)) >= 15 and content.counts.max() < _MOST_A_VALUE * content.filled


def _looks_like_identifier(content: Content) -> bool:
    few = content.filled / len(content.counts) <= _FEW_A_PERSON and len(content.counts) >= 20
    return few and _shaped(_CODE)(content) and content.share(_YEAR.fullmatch) < _MOSTLY and not _date(content)


def _has_several_words(value: str) -> bool:
    return len(value.split()) > 1


def _settled(found: Sequence[Taken], table: Mapping[str, Column]) -> tuple[Taken, ...]:
    """Return the columns with one field each where only one can be: the best filled stays, the others become traits."""
    found = _with_names(found, table)
    fields = {taken.field for taken in found}
    named = {taken.field for taken in found if taken.reason != "content"}
    settled = [_adjusted(taken, fields, named) for taken in found]
    for name in SINGLE_FIELDS:
        _keep_best(settled, name, 1, table, TRAIT if name in ("city", "postcode", "organization") else NOTHING)
    _keep_best(settled, RECORD_ID, 1, table, NOTHING)
    _keep_best(settled, IDENTIFIER, MOST_IDENTIFIERS, table, NOTHING)
    _keep_best(settled, TRAIT, MOST_TRAITS, table, NOTHING)
    return tuple(settled)


def _with_names(found: Sequence[Taken], table: Mapping[str, Column]) -> Sequence[Taken]:
    """Return the columns with the one that tells most taken for full names, where no other is a name: of several words
    without digits, as names are that no list knows."""
    if any(taken.field in NAMES for taken in found):
        return found
    traits = {taken: Content(table[taken.column]) for taken in found if (taken.field, taken.reason) == _BY_CONTENT}
    like_names = [taken for taken, content in traits.items() if _could_be_names(content)]
    if not like_names:
        return found
    best = max(like_names, key=lambda taken: _telling(traits[taken]))
    return [Taken(each.column, "full_name", "content: no other is a name") if each is best else each for each in found]


def _could_be_names(content: Content) -> bool:
    several = content.share(_has_several_words) >= _MOSTLY and content.distinct_share >= _LEAST_DISTINCT
    return several and content.share(_DIGIT.search) <= _MOST_WITH_DIGITS


def _adjusted(taken: Taken, fields: set[str], named: set[str]) -> Taken:
    column, name, reason = taken.column, taken.field, taken.reason
    if reason == "chosen":
        return taken
    if name == "full_name" and {"given_name", "family_name"} <= fields:
        return Taken(column, NOTHING, "given and family name stand apart")
    if name == "given_name" and reason == "content" and "given_name" in named:
        return Taken(column, TRAIT, reason)
    if name == "organization" and fields & {"full_name", "given_name", "family_name"}:
        return Taken(column, TRAIT, "name, beside that of a person")
    if name == "full_name" and "family_name" in fields:
        return Taken(column, "given_name", "name, beside a family name")
    if name in ("birth_month", "birth_day") and ("birth_year" not in fields or "birth_date" in fields):
        return Taken(column, NOTHING, "the birth date stands elsewhere")
    if name == "birth_year" and "birth_date" in fields:
        return Taken(column, NOTHING, "the birth date stands elsewhere")
    if name == "state":
        return Taken(
            column,
            *((NOTHING, "city or postcode says it") if fields & {"city", "suburb", "postcode"} else ("city", "name")),
        )
    if name == "suburb":
        return Taken(column, TRAIT if "city" in fields else "city", reason)
    if name in ("district", "middle_name"):
        return Taken(column, TRAIT, reason)
    if name == "house_number" and "street" not in fields:
        return Taken(column, TRAIT, reason)
    if name == "street" and re.search(r"[2-9]$", column) and sum(1 for each in fields if each == "street"):
        return Taken(column, TRAIT, "another line of the address")
    return taken


def _keep_best(found: list[Taken], name: str, most: int, table: Mapping[str, Column], otherwise: str) -> None:
    places = [place for place, taken in enumerate(found) if taken.field == name]
    content = {place: Content(table[found[place].column]) for place in places}
    chosen = {place: found[place].reason == "chosen" for place in places}
    best = sorted(places, key=lambda place: (not chosen[place], -_telling(content[place]), place))
    for place in best[most:]:
        why = f"another column is the {name.replace('_', ' ')}" if most == 1 else f"{most} other columns tell more"
        found[place] = Taken(found[place].column, otherwise, why)


def _telling(content: Content) -> float:
    """Return how many rows the column tells apart from one another: its fill, less what all share."""
    filled = max(content.filled, 1)
    alike = float((content.counts.astype(np.float64) ** 2).sum()) / filled**2
    return content.filled * (1 - alike)
