"""Make people of a table whose columns were recognized."""

import re
from collections.abc import Mapping, Sequence

from identity.matching import dates, normalize
from identity.matching.columns import IDENTIFIER, TRAIT, Taken, Values
from identity.matching.levels import IDENTIFIERS, TRAITS
from identity.matching.person import Person

_USED = frozenset({"given_name", "family_name", "full_name", "birth_date", "birth_year", "email", "phone", "street",
                   "city", "postcode", IDENTIFIER, TRAIT})  # fmt: skip
_NOT_DIGITS = re.compile(r"\D+")
_LEADING = re.compile(r"^0+")
_FLOAT = re.compile(r"(?<=\d)\.0$")
# A number with and without its country's or its area's prefix ends alike.
_PHONE_DIGITS = 9
_LEAST_PHONE_DIGITS = 6
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "phd", "md", "esq"})
_ABSENT = frozenset({"", "nan", "null", "none", "n/a", "na", "nil", "-", "--", "?", "unknown", "#n/a", "<na>", "\\n"})


class NothingToCompareError(ValueError):
    """No column tells people apart."""


def cleaned(value: object) -> str | None:
    """Return a cell as text without what stands for nothing; a number without the fraction that made it one."""
    if value is None:
        return None
    text = _FLOAT.sub("", str(value).strip())
    return None if text.casefold() in _ABSENT else text


def persons_of(table: Mapping[str, Values], taken: Sequence[Taken]) -> list[Person]:
    """Return one person per row. Raises `NothingToCompareError` when no column tells people apart."""
    columns: dict[str, list[Values]] = {}
    for each in taken:
        columns.setdefault(each.field, []).append(table[each.column])
    if not columns.keys() & _USED:
        raise NothingToCompareError("no column was recognized by which people can be told apart")
    rows = len(next(iter(table.values()), ()))
    fields: dict[str, Values] = {
        "birth_date": _births(columns),
        "phone": [_phone(value) if value else None for value in _joined(columns.get("phone"))],
        "street": _joined([*columns.get("street", ()), *columns.get("house_number", ())]),
        **_names(columns),
        **{name: _joined(columns.get(name)) for name in ("email", "city", "postcode", "country")},
    }
    for comparison, values in zip(IDENTIFIERS, columns.get(IDENTIFIER, ()), strict=False):
        fields[comparison.name] = values
    for comparison, values in zip(TRAITS, columns.get(TRAIT, ()), strict=False):
        fields[comparison.name] = values
    known = {name: values for name, values in fields.items() if len(values)}
    return [Person(**dict(zip(known, row, strict=True))) for row in zip(*known.values(), strict=True)] or [
        Person()
    ] * rows


def _names(columns: Mapping[str, list[Values]]) -> dict[str, Values]:
    if "given_name" in columns or "family_name" in columns:
        return {"given_name": _joined(columns.get("given_name")), "family_name": _joined(columns.get("family_name"))}
    split = [_split(value) if value else (None, None) for value in _joined(columns.get("full_name"))]
    return {"given_name": [given for given, _ in split], "family_name": [family for _, family in split]}


def _split(full_name: str) -> tuple[str | None, str | None]:
    """Return given and family name of "Ann van Dyk", "van Dyk, Ann" and "Ann van Dyk Jr."."""
    if "," in full_name:
        family, _, given = (part.strip() for part in full_name.partition(","))
        if given.casefold().strip(".") not in _SUFFIXES:
            return given or None, family or None
        full_name = family
    words = [word for word in full_name.split() if word.casefold().strip(".") not in _SUFFIXES]
    if len(words) < 2:
        return None, full_name
    start = len(words) - 1
    while start > 1 and words[start - 1].casefold() in normalize.PARTICLES:
        start -= 1
    return " ".join(words[:start]), " ".join(words[start:])


def _births(columns: Mapping[str, list[Values]]) -> Values:
    if "birth_date" in columns:
        written = columns["birth_date"][0]
        order = dates.order_of(value for value in written if value)
        once = {value: dates.read_date(value, order) for value in dict.fromkeys(written) if value}
        return [once[value] if value else None for value in written]
    if "birth_year" not in columns:
        return ()
    years = columns["birth_year"][0]
    nothing: Values = [None] * len(years)
    months, days = (columns.get(name, [nothing])[0] for name in ("birth_month", "birth_day"))
    return [_of_parts(*parts) for parts in zip(years, months, days, strict=True)]


def _of_parts(year: str | None, month: str | None, day: str | None) -> str | None:
    if not year or not year.isdecimal():
        return None
    return "-".join((year.zfill(4), *(part.zfill(2) if part and part.isdecimal() else "00" for part in (month, day))))


def _phone(written: str) -> str | None:
    digits = _LEADING.sub("", _NOT_DIGITS.sub("", written))
    return digits[-_PHONE_DIGITS:] if len(digits) >= _LEAST_PHONE_DIGITS else None


def _joined(columns: Sequence[Values] | None) -> Values:
    """Return the values of several columns of one field, joined by a space."""
    if not columns:
        return ()
    if len(columns) == 1:
        return columns[0]
    return [" ".join(value for value in row if value) or None for row in zip(*columns, strict=True)]
