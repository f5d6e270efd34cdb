"""Two reports of a dry run side by side: how a source reads now, and how it would by what is tried."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from console.profile.flags import words_of
from pipeline.dry_run import Fault, Report
from pipeline.try_out import Comparison

MOST_SHOWN = 40


class Both:
    """What stands in both reports."""

    now: int | str
    then: int | str

    @property
    def differs(self) -> bool:
        """Whether it is to be noticed."""
        return self.now != self.then


@dataclass(frozen=True)
class Count(Both):
    """One count of both reports."""

    name: str
    now: int
    then: int


@dataclass(frozen=True)
class Pair(Both):
    """The same column or example in both reports."""

    name: str
    now: str
    then: str


@dataclass(frozen=True)
class FaultPair(Both):
    """Why rows would go to quarantine, and how many in each report."""

    message: str
    field: str
    now: int
    then: int


@dataclass(frozen=True)
class Compared:
    """All of it; what differs stands first."""

    rows: int
    counts: list[Count]
    faults: list[FaultPair]
    flags: list[Count]
    columns: list[Pair]
    missing: list[str]
    examples: list[tuple[list[tuple[str, str]], list[tuple[str, str]]]]


def compared(comparison: Comparison) -> Compared:
    """What the page shows of a comparison."""
    now, then = comparison.now, comparison.then
    return Compared(
        rows=then.rows,
        counts=[
            Count("Taken in", now.new, then.new),
            Count("There twice", now.duplicate, then.duplicate),
            Count("To quarantine", now.quarantined, then.quarantined),
        ],
        faults=_faults(now.faults, then.faults),
        flags=_flags(now.flags, then.flags),
        columns=_columns(now, then),
        missing=then.missing,
        examples=[(list(before.items()), list(after.items())) for before, after in _examples(now, then)],
    )


def _faults(now: Iterable[Fault], then: Iterable[Fault]) -> list[FaultPair]:
    before, after = ({(one.reason, one.field, one.message): one.rows for one in faults} for faults in (now, then))
    pairs = [FaultPair(key[2], key[1], before.get(key, 0), after.get(key, 0)) for key in {**before, **after}]
    return sorted(pairs, key=lambda one: (not one.differs, -max(one.now, one.then)))[:MOST_SHOWN]


def _flags(now: Mapping[str, int], then: Mapping[str, int]) -> list[Count]:
    """How many rows have each flag, in words; what differs first."""
    pairs = [Count(words_of(flag), now.get(flag, 0), then.get(flag, 0)) for flag in {**now, **then}]
    return sorted(pairs, key=lambda one: (not one.differs, -max(one.now, one.then), one.name))[:MOST_SHOWN]


def _columns(now: Report, then: Report) -> list[Pair]:
    before, after = ({one.name: one.becomes for one in report.columns} for report in (now, then))
    pairs = [Pair(name, before.get(name, ""), after.get(name, "")) for name in {**before, **after}]
    return sorted(pairs, key=lambda one: not one.differs)


def _examples(now: Report, then: Report) -> list[tuple[dict[str, str], dict[str, str]]]:
    longest = max(len(now.examples), len(then.examples))
    pad: list[dict[str, str]] = [{}] * longest
    return list(zip((now.examples + pad)[:longest], (then.examples + pad)[:longest], strict=True))
