"""What a reconciliation found, in words: for each day why the figures differ, and where the rest is."""

from collections.abc import Iterator
from decimal import Decimal

from records.reconciliation import Line

AGREES = "All agrees."
NOT_SAID = "The source says nothing of this day."


def explanation(line: Line, *, property: str) -> list[str]:
    """The differences of one day, in sentences. The first says what is missing, the others where records went."""
    return list(_sentences(line, property)) or [AGREES]


def _sentences(line: Line, property: str) -> Iterator[str]:
    if line.said is None:
        yield NOT_SAID
    if line.missing:
        yield _of_missing(line.missing, "did not come" if line.acknowledged is not None else "not stored")
    if line.duplicate:
        yield f"{_records(line.duplicate)} came again and {_was(line.duplicate)} known already."
    if line.quarantined:
        yield f"{_records(line.quarantined)} {_is(line.quarantined)} in quarantine."
    if line.refused:
        yield f"{_records(line.refused)} {_was(line.refused)} refused, for nothing allows to keep them."
    if line.gone:
        yield f"{_records(line.gone)} {_was(line.gone)} stored and then taken away, by retention or an erasure."
    if line.missing_sum:
        yield _of_sum(line.missing_sum, property)


def _of_missing(missing: int, what: str) -> str:
    if missing < 0:
        verb = "came" if what == "did not come" else f"{_is(-missing)} stored"
        return f"{_records(-missing)} more {verb} than the source says."
    if what == "did not come":
        return f"{_records(missing)} did not come."
    return (
        f"{_records(missing)} {_is(missing)} not stored: the days on which records came tell whether they did not "
        "come, are in quarantine, were refused or were taken away."
    )


def _of_sum(missing: Decimal, property: str) -> str:
    less = "less" if missing > 0 else "more"
    return f"'{property}' adds up to {abs(missing):,f} {less} in what is stored than the source says."


def _records(count: int) -> str:
    return f"{count:,} record" if count == 1 else f"{count:,} records"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _was(count: int) -> str:
    return "was" if count == 1 else "were"
