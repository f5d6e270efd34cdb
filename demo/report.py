"""The demo's summary, for people."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table


def show(counts: Mapping[str, Any], console: Console) -> None:
    """Print what the main job did, in a few tables."""
    console.print(_records(counts["records"]))
    console.print(
        f"\n[bold]{counts['source_profiles']:,}[/] source profiles became [bold]{counts['profiles']:,}[/] profiles; "
        f"{counts['matches_in_review']:,} pairs wait for review."
    )
    if counts["recognition"] is None:
        console.print("How rightly pairs were joined cannot be measured: truth.ndjson was deleted.\n")
    else:
        console.print(_recognition(counts["recognition"]))
        console.print(f"{_living_together(counts['living_together'])}\n")
    console.print(_counts("Joined because", "source profiles", counts["assignments_by_reason"]))
    console.print(_consent(counts["consent"]))
    console.print(_counts("Segment", "members", counts["segments"]))
    console.print(_counts("Quarantined because", "records", counts["quarantine"]))


def _recognition(measured: Mapping[str, Any]) -> str:
    return (
        f"Pairs of the demo's {measured['people']:,} people: precision [bold]{measured['precision']:.3f}[/], "
        f"recall [bold]{measured['recall']:.3f}[/] "
        f"({measured['recall_of_linkable']:.3f} where any evidence connects them); "
        f"F1 {measured['f1']:.3f}, B-cubed F1 {measured['b_cubed_f1']:.3f}."
    )


def _living_together(measured: Mapping[str, Any]) -> str:
    return (
        f"[bold]{measured['members']:,}[/] profiles live in [bold]{measured['households']:,}[/] households of two and "
        f"more; of pairs who live together: precision {measured['precision']:.3f}, recall {measured['recall']:.3f}."
    )


def _records(records: Mapping[str, Mapping[str, int]]) -> Table:
    table = _table("Source", "acknowledged", "stored", "duplicate", "quarantined", "refused")
    for source, row in records.items():
        table.add_row(
            source, *(f"{row[name]:,}" for name in ("acknowledged", "stored", "duplicate", "quarantined", "refused"))
        )
    return table


def _consent(consent: Mapping[str, Mapping[str, int]]) -> Table:
    table = _table("May be used for", "allowed", "refused")
    for purpose, row in consent.items():
        table.add_row(purpose, f"{row['allowed']:,}", f"{row['refused']:,}")
    return table


def _counts(title: str, unit: str, counts: Mapping[str, int]) -> Table:
    table = _table(title, unit)
    for name, count in counts.items():
        table.add_row(name.replace("_", " "), f"{count:,}")
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(first, style="bold", min_width=26)
    for name in others:
        table.add_column(name, justify="right")
    return table
