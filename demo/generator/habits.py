"""How people buy: the few kinds of customer that a shop knows, each with its season and its purse."""

from dataclasses import dataclass
from random import Random

from demo.generator.randomness import weighted
from demo.generator.window import Window


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of customer: visits in a year relative to others, when in the year (fractions), and spending."""

    name: str
    visits: float
    begin: float
    end: float
    spending: float


@dataclass(frozen=True, slots=True)
class Habits:
    """How one person buys, and in which weeks."""

    kind: str
    active: Window
    visits: float
    spending: float


def new_habits(window: Window, *, rng: Random) -> Habits:
    """The habits of one person."""
    kind = weighted(_KINDS, rng=rng)
    begin, end = _single_occasion(rng) if kind.name == "one_off" else (kind.begin, kind.end)
    return Habits(
        kind=kind.name,
        active=window.part(begin, end),
        visits=kind.visits * rng.lognormvariate(0, 0.35),
        spending=kind.spending * rng.lognormvariate(0, 0.3),
    )


def _single_occasion(rng: Random) -> tuple[float, float]:
    begin = rng.uniform(0.0, 0.97)
    return begin, begin + 0.03


_KINDS = (
    (Kind("loyal", visits=14, begin=0.0, end=1.0, spending=1.5), 0.12),
    (Kind("regular", visits=6.5, begin=0.0, end=1.0, spending=1.0), 0.28),
    (Kind("lapsing", visits=6, begin=0.0, end=0.6, spending=1.1), 0.18),
    (Kind("new", visits=3, begin=0.83, end=1.0, spending=0.9), 0.14),
    (Kind("one_off", visits=1, begin=0.0, end=1.0, spending=0.8), 0.20),
    (Kind("browsing", visits=0.15, begin=0.2, end=1.0, spending=0.7), 0.08),
)
