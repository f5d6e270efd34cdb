"""Make the fields of people from a table whose columns were recognized."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import polars as pl

from identity.matching import dates, normalize, threads
from identity.matching.column import Column, dense, derive, empty
from identity.matching.columns import IDENTIFIER, TRAIT, Taken
from identity.matching.full_names import parting
from identity.matching.in_bulk import encoded, texts_of
from identity.matching.levels import IDENTIFIERS, TRAITS

_USED = frozenset({"given_name", "family_name", "full_name", "organization", "birth_date", "birth_year", "email",
                   "phone", "street", "city", "postcode", IDENTIFIER, TRAIT})  # fmt: skip
_SAMPLE = 2_000
_LEAST_FORMED = 0.1
_FIRST_COLUMNS = 8


class NothingToCompareError(ValueError):
    """No column tells people apart."""


def free_columns(taken: Sequence[Taken]) -> dict[str, str]:
    """Return which column is each identifier and each trait, by the comparison's name."""
    return {
        comparison.name: column
        for name, comparisons in ((IDENTIFIER, IDENTIFIERS), (TRAIT, TRAITS))
        for comparison, column in zip(comparisons, (each.column for each in taken if each.field == name), strict=False)
    }


def fields_of(
    table: Mapping[str, Column], taken: Sequence[Taken], as_learned: Mapping[str, str] | None = None
) -> dict[str, Column]:
    """Return the columns by the field of a person. Raises `NothingToCompareError` when none tells people apart.

    `as_learned` says which columns a model's identifiers and traits were (`Model.columns`): those of the same name are
    taken, and no others.
    """
    columns = _by_field(table, taken)
    if not columns.keys() & _USED:
        raise NothingToCompareError(f"no column was recognized by which people can be told apart: {_in_words(taken)}")
    makers: list[Callable[[], dict[str, Column]]] = [
        lambda: _phones(columns),
        lambda: _streets(columns),
        lambda: _names(columns),
        lambda: _births(columns),
    ]
    rows = max(len(column.codes) for column in table.values())
    fields: dict[str, Column] = {
        name: joined(columns[name]) for name in ("email", "city", "postcode", "country") if name in columns
    }
    for found in threads.each(lambda make: make(), makers, rows=rows):
        fields |= found
    free = free_columns(taken) if as_learned is None else as_learned
    return fields | {name: table[column] for name, column in free.items() if column in table}


def _in_words(taken: Sequence[Taken]) -> str:
    """Return what the first columns were taken for, and why."""
    told = [f"{each.column} is {each.field.replace('_', ' ')} ({each.reason})" for each in taken[:_FIRST_COLUMNS]]
    return ", ".join(told) + (f" and {len(taken) - len(told):,} more" if len(taken) > len(told) else "")


def holds_organizations(table: Mapping[str, Column], taken: Sequence[Taken]) -> bool:
    """Return whether the names in the table are those of organizations."""
    return _of_organizations(_by_field(table, taken)) is not None


def _by_field(table: Mapping[str, Column], taken: Sequence[Taken]) -> dict[str, list[Column]]:
    columns: dict[str, list[Column]] = {}
    for each in taken:
        columns.setdefault(each.field, []).append(table[each.column])
    return columns


def _of_organizations(columns: Mapping[str, list[Column]]) -> Column | None:
    """Return the names of organizations; None where there are none, or where those of persons stand beside."""
    if "given_name" in columns or "family_name" in columns:
        return None
    if "organization" in columns:
        return columns["organization"][0]
    whole = joined(columns["full_name"]) if "full_name" in columns else None
    return whole if whole is not None and _are_organizations(whole) else None


def _names(columns: Mapping[str, list[Column]]) -> dict[str, Column]:
    if "given_name" in columns or "family_name" in columns:
        return {name: joined(columns[name]) for name in ("given_name", "family_name") if name in columns}
    if (names := _of_organizations(columns)) is not None:
        return _names_of_organizations(names)
    if "full_name" not in columns:
        return {}
    whole = joined(columns["full_name"])
    split = parting(whole)
    return {
        "given_name": derive(whole, lambda full_name: split(full_name)[0]),
        "family_name": derive(whole, lambda full_name: split(full_name)[1]),
    }


def _names_of_organizations(whole: Column) -> dict[str, Column]:
    """Return the first word that tells an organization as the family name, the words behind it as the given name."""
    return {
        "given_name": derive(whole, lambda name: " ".join(normalize.organization(name)[1:]) or None),
        "family_name": derive(whole, lambda name: normalize.organization(name)[0]),
    }


def _are_organizations(names: Column) -> bool:
    """Return whether these are names of organizations, which are not to be parted: by their legal forms."""
    rows = np.flatnonzero(names.known)
    sample = names.texts(names.codes[rows[:: max(1, len(rows) // _SAMPLE)]])
    formed = sum(map(normalize.has_legal_form, sample))
    return formed > _LEAST_FORMED * len(sample)


def _phones(columns: Mapping[str, list[Column]]) -> dict[str, Column]:
    return {"phone": derive(joined(columns["phone"]), normalize.phone_digits)} if "phone" in columns else {}


def _streets(columns: Mapping[str, list[Column]]) -> dict[str, Column]:
    street = [*columns.get("street", ()), *columns.get("house_number", ())]
    return {"street": joined(street)} if street else {}


def _births(columns: Mapping[str, list[Column]]) -> dict[str, Column]:
    if "birth_date" in columns:
        written = columns["birth_date"][0]
        order = dates.order_of(written.values)
        return {"birth_date": derive(written, lambda text: dates.read_date(text, order))}
    if "birth_year" not in columns:
        return {}
    year = columns["birth_year"][0]
    month, day = (columns.get(name, [empty(len(year.codes))])[0] for name in ("birth_month", "birth_day"))
    return {"birth_date": _row_by_row([year, month, day], _dates_of)}


def _dates_of(parts: Sequence[pl.Series]) -> pl.Series:
    return pl.Series([_of_parts(*row) for row in zip(*parts, strict=True)], dtype=pl.String)


def _of_parts(year: str | None, month: str | None, day: str | None) -> str | None:
    if not year or not year.isdecimal():
        return None
    return "-".join((year.zfill(4), *(part.zfill(2) if part and part.isdecimal() else "00" for part in (month, day))))


def joined(columns: Sequence[Column]) -> Column:
    """Return the values of several columns of one field, joined by a space."""
    if len(columns) == 1:
        return columns[0]
    return _row_by_row(columns, _with_spaces)


def _with_spaces(parts: Sequence[pl.Series]) -> pl.Series:
    return pl.select(pl.concat_str(parts, separator=" ", ignore_nulls=True)).to_series()


def _row_by_row(columns: Sequence[Column], made_of: Callable[[Sequence[pl.Series]], pl.Series]) -> Column:
    """Return what is made of each row's values, made once for each combination of them."""
    codes = [column.codes for column in columns]
    rows = codes[0].astype(np.int64) + 1
    for column, more in zip(columns[1:], codes[1:], strict=True):
        rows = dense(rows * (len(column.values) + 1) + more + 1).astype(np.int64)
    first = np.empty(int(rows.max(initial=-1)) + 1, dtype=np.int64)
    first[rows[::-1]] = np.arange(len(rows))[::-1]
    made = encoded(made_of([texts_of(column, first) for column in columns]))
    return Column(made.codes[rows], made.values)
