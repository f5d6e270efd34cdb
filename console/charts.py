"""Charts: numbers turned into shares and coordinates that the templates draw. Pure; no chart library, no script."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta


@dataclass(frozen=True)
class Part:
    """One colored part of a bar: its name, its number, and its share of the bar in percent."""

    name: str
    value: float
    percent: float


@dataclass(frozen=True)
class Bar:
    """One bar: its label, its whole, its length in percent of the longest, and its parts."""

    label: str
    value: float
    percent: float
    parts: list[Part] = field(default_factory=list)


@dataclass(frozen=True)
class Columns:
    """Upright bars over days: the bars, the axis marks (percent of the height, number), and the days to name."""

    bars: list[Bar]
    marks: list[tuple[float, str]]
    first: str
    last: str
    total: int


@dataclass(frozen=True)
class Point:
    """A place in a drawing."""

    x: float
    y: float


def parts_of(counts: Mapping[str, float]) -> list[Part]:
    """Each count as its share of all of them; those that are 0 are left out."""
    whole = sum(counts.values())
    return [Part(name, value, 100 * value / whole) for name, value in counts.items() if value] if whole else []


def bars_of(rows: Iterable[tuple[str, float]]) -> list[Bar]:
    """One bar a row, as long as its share of the longest."""
    found = list(rows)
    longest = max((value for _, value in found), default=0) or 1
    return [Bar(label, value, 100 * value / longest) for label, value in found]


def columns_of(counts: Mapping[date, Mapping[str, int]], *, last: date, days: int) -> Columns:
    """The counts of these days, one column each, stacked by name."""
    span = [last - timedelta(days=back) for back in range(days - 1, -1, -1)]
    totals = [sum(counts.get(day, {}).values()) for day in span]
    top = nice_ceiling(max(totals, default=0))
    bars = [
        Bar(f"{day:%b} {day.day}", total, 100 * total / top, parts_of(counts.get(day, {})))
        for day, total in zip(span, totals, strict=True)
    ]
    marks = [(100 * share, compact(top * share)) for share in (0, 0.5, 1)]
    return Columns(bars=bars, marks=marks, first=bars[0].label, last=bars[-1].label, total=sum(totals))


def nice_ceiling(value: float) -> float:
    """The next number that reads well on an axis: a few steps times a power of ten."""
    if value <= 0:
        return 1
    power: float = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * power >= value)


def compact(value: float) -> str:
    """A number for an axis or a tile: 950, 1.2k, 3.4M."""
    for limit, suffix in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.1f}".rstrip("0").rstrip(".") + suffix
    return f"{value:.1f}".rstrip("0").rstrip(".")


def line_of(
    values: Sequence[float], *, width: float, height: float, low: float | None = None, high: float | None = None
) -> str:
    """The values as the points of a polyline that fills the box, from the lowest to the highest unless told."""
    if len(values) < 2:
        return ""
    low, high = min(values) if low is None else low, max(values) if high is None else high
    span = (high - low) or 1
    step = width / (len(values) - 1)
    return " ".join(
        f"{place * step:.1f},{height - (value - low) / span * height:.1f}" for place, value in enumerate(values)
    )


def around(count: int, *, center: Point, across: float, down: float) -> list[Point]:
    """Places on an ellipse around the center, the first at the top, clockwise."""
    angles = [2 * math.pi * place / max(count, 1) - math.pi / 2 for place in range(count)]
    return [Point(center.x + across * math.cos(angle), center.y + down * math.sin(angle)) for angle in angles]
