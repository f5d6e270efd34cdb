"""The evidence of one pair as a waterfall: from the odds before any evidence, step by step, to those after it."""

from collections.abc import Iterable
from dataclasses import dataclass

from identity.matching.levels import Levels
from identity.matching.score import Scores, evidence

PRIOR, HOUSEHOLD, CONTRADICTION = "prior", "household", "contradiction"

# What was compared, the level that was found, and the bits that it adds.
Step = tuple[str, str, float]


@dataclass(frozen=True, slots=True)
class Bar:
    """One step: what was compared, at which level, and from where to where it takes the odds, in bits."""

    name: str
    level: str
    before: float
    after: float

    @property
    def bits(self) -> float:
        """Return what the step adds; less than nothing where it speaks against."""
        return self.after - self.before


def steps_of(levels: Levels, scores: Scores, row: int) -> list[Step]:
    """Return the odds before any evidence, what each comparison adds, and what a shared household or a contradiction
    takes off: names, levels and bits, which sum to the odds of the pair. No value.
    """
    found = evidence(levels[row], scores.weight[row])
    return spelled(scores.base, found, float(scores.alternative[row]), contradiction=bool(scores.contradiction[row]))


def spelled(base: float, found: list[Step], alternative: float, *, contradiction: bool) -> list[Step]:
    """Return the same of one pair, whose evidence is spelled out already."""
    against = round(alternative, 2)
    steps = [(PRIOR, "before any evidence", round(float(base), 2)), *found]
    why = (CONTRADICTION, "plainly differ") if contradiction else (HOUSEHOLD, "may be two people")
    return [*steps, (*why, against)] if against else steps


def bars_of(steps: Iterable[Step]) -> list[Bar]:
    """Return the bars: each begins where the one before it ended, the first at even odds."""
    bars: list[Bar] = []
    for name, level, bits in steps:
        before = bars[-1].after if bars else 0.0
        bars.append(Bar(name, level, before, before + bits))
    return bars


def probability_of(bits: float) -> float:
    """Return the probability that odds in bits stand for."""
    return float(1 / (1 + 2 ** min(-bits, 1_000.0)))
