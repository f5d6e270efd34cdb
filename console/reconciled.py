"""A reconciliation as people see it: bars for what was said, came and is stored, and a table to take away."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TextIO

from console.charts import compact, nice_ceiling
from records import reconciliation
from records.reconciliation import RECEIVED, Line, Whole
from records.reconciliation_words import AGREES, explanation

MOST_NAMED = 10
COLUMNS = (
    *("day", "source_says", "came", "known_already", "in_quarantine", "refused", "stored", "taken_away", "missing"),
    *("sum_source_says", "sum_stored", "sum_missing", "agrees", "differences"),
)


@dataclass(frozen=True)
class Upright:
    """One bar of a day: what it counts, the number (None: nothing is said), and its height in percent of the scale."""

    name: str
    value: int | None
    percent: float


@dataclass(frozen=True)
class DayOf:
    """One day: its figures, its bars, and how it differs in words."""

    line: Line
    label: str
    bars: list[Upright]
    differences: list[str]

    @property
    def is_empty(self) -> bool:
        """Whether nothing came, is stored or was said of it."""
        return not any(_counts(self.line).values()) and self.line.said is None

    @property
    def title(self) -> str:
        """What the bars say, for whoever points at them."""
        return ", ".join([self.label, *(f"{bar.name} {bar.value:,}" for bar in self.bars if bar.value is not None)])


@dataclass(frozen=True)
class Reconciled:
    """All days, their sum, the marks of the scale (percent of the height, number), and which bars there are."""

    days: list[DayOf]
    whole: Whole
    marks: list[tuple[float, str]]
    bars: list[str]
    with_word: bool
    with_sums: bool
    by_receipt: bool

    @property
    def rows(self) -> list[DayOf]:
        """The days of the table: the latest first, without those of which there is nothing to tell."""
        return [day for day in reversed(self.days) if not day.is_empty]

    @property
    def left_out(self) -> int:
        """How many days there is nothing to tell of."""
        return len(self.days) - len(self.rows)

    @property
    def is_short(self) -> bool:
        """Whether each day has room for its name."""
        return len(self.days) <= MOST_NAMED


def reconciled(lines: Sequence[Line], *, by: str, property: str) -> Reconciled:
    """What the page shows of these lines."""
    with_word = any(line.said is not None for line in lines)
    names = ["said"] * with_word + ["came"] * (by == RECEIVED) + ["stored"]
    top = nice_ceiling(max((count or 0 for line in lines for count in _counts(line).values()), default=0))
    return Reconciled(
        days=[_day(line, names, top, property) for line in lines],
        whole=reconciliation.whole_of(lines),
        marks=[(100 * share, compact(top * share)) for share in (0, 0.5, 1)],
        bars=names,
        with_word=with_word,
        with_sums=any(line.said_sum is not None or line.stored_sum for line in lines),
        by_receipt=by == RECEIVED,
    )


def write(lines: Sequence[Line], file: TextIO | Any, *, property: str) -> None:
    """The report as CSV: a line each day."""
    rows = csv.writer(file)
    rows.writerow(COLUMNS)
    rows.writerows(_row(line, property) for line in lines)


def _day(line: Line, names: Sequence[str], top: float, property: str) -> DayOf:
    counts = _counts(line)
    bars = [Upright(name, counts[name], 100 * (counts[name] or 0) / top) for name in names]
    return DayOf(line, f"{line.day:%b} {line.day.day}", bars, explanation(line, property=property))


def _counts(line: Line) -> dict[str, int | None]:
    return {"said": line.said, "came": line.acknowledged, "stored": line.stored}


def _row(line: Line, property: str) -> list[str]:
    counts = (line.said, line.acknowledged, line.duplicate, line.quarantined, line.refused, line.stored, line.gone)
    sums = (line.said_sum, line.stored_sum, line.missing_sum)
    words = " ".join(told for told in explanation(line, property=property) if told != AGREES)
    agrees = "" if line.said is None else "yes" if line.agrees else "no"
    return [line.day.isoformat(), *map(_written, (*counts, line.missing, *sums)), agrees, words]


def _written(value: int | Decimal | None) -> str:
    return "" if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)
