"""What a source says it has sent, read from CSV: day, records and, where sums are compared, sum."""

import csv
import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from io import StringIO
from typing import TypeVar

from records.reconciliation import FIRST_DAY, LAST_DAY, MOST_DAYS, Total

DAY, RECORDS, SUM = "day", "records", "sum"
SEPARATORS = ",;\t"
MOST_RECORDS = 10**12
LONGEST_NUMBER = 40
MOST_SUM = Decimal(10) ** 15
NUMBER = re.compile(r"-?\d{1,16}(?:\.\d{1,6})?", re.ASCII)
DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
Value = TypeVar("Value")


class BadTotals(ValueError):
    """These totals cannot be read. The message names the line and the column, never what stands there."""


def read(text: str) -> list[Total]:
    """The totals in this CSV, whose fields are parted by commas, semicolons or tabs. Raises `BadTotals`."""
    text = text.removeprefix("\ufeff").lstrip("\r\n")
    rows = csv.DictReader(StringIO(text, newline=""), delimiter=_separator(text), restkey="", strict=True)
    try:
        names = [name.strip().lower() for name in rows.fieldnames or ()]
        _must_be_columns(names)
        rows.fieldnames = names
        return list(_totals(rows))
    except csv.Error:
        raise BadTotals(f"line {rows.line_num} cannot be read as CSV") from None


def _must_be_columns(names: list[str]) -> None:
    for needed in (DAY, RECORDS):
        if needed not in names:
            raise BadTotals(f"line 1 names no column '{needed}'; day and records are needed, and sum may be there")
    if len(set(names)) < len(names):
        raise BadTotals("line 1 names a column twice")


def _totals(rows: "csv.DictReader[str]") -> Iterator[Total]:
    seen: dict[date, int] = {}
    for row in rows:
        line = rows.line_num
        if "" in row:
            raise BadTotals(f"line {line} has more fields than line 1 has columns")
        day = _cell(row, line, DAY, _day, "must be a day between 1970 and 2199, as 2026-01-31")
        if day in seen:
            raise BadTotals(f"line {line}, column 'day': the day stands in line {seen[day]} already")
        if len(seen) == MOST_DAYS:
            raise BadTotals(f"line {line}: {MOST_DAYS:,} days are compared at most")
        seen[day] = line
        records = _cell(row, line, RECORDS, _count, "must be a whole number, 0 or more")
        told = (row.get(SUM) or "").strip()
        sum = _cell(row, line, SUM, _sum, "must be a number, as 1234.50, or empty") if told else None
        yield Total(day, records, sum)


def _cell(row: dict[str, str], line: int, column: str, reader: Callable[[str], Value], wanted: str) -> Value:
    try:
        return reader((row.get(column) or "").strip())
    except (ValueError, InvalidOperation):
        raise BadTotals(f"line {line}, column '{column}' {wanted}") from None


def _day(text: str) -> date:
    if not DATE.fullmatch(text):
        raise ValueError
    day = date.fromisoformat(text)
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError
    return day


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER) or int(text) > MOST_RECORDS:
        raise ValueError
    return int(text)


def _sum(text: str) -> Decimal:
    if len(text) > LONGEST_NUMBER or not NUMBER.fullmatch(text):
        raise ValueError
    total = Decimal(text)
    if abs(total) > MOST_SUM:
        raise ValueError
    return total


def _separator(text: str) -> str:
    """What parts the names in the first line; a comma when nothing does."""
    head = text.partition("\n")[0]
    return max(SEPARATORS, key=lambda one: (head.count(one), -SEPARATORS.index(one)))
