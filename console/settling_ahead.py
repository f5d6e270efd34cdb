"""What settling everybody comes to, told before somebody asks for it."""

from django.utils.timesince import timesince

from identity import settle_runs
from identity.models import RuleVersion, Settling
from records.models import SourceProfile

TAKEN_BACK = (
    "not at once: go back to an earlier version and settle again. The ledger keeps each move and why; on the page of a "
    "profile a merge is undone, and who was split is merged again"
)


def ahead(row: RuleVersion | None) -> list[tuple[str, str]]:
    """Who is asked and by which rules, how it is stopped and taken back, and how long it took the last time."""
    version = f"version {row.number}, since {row.saved_at:%b} {row.saved_at.day}, {row.saved_at:%Y}" if row else ""
    return [
        ("Who", f"everybody: {SourceProfile.objects.count():,} source profiles"),
        ("By which rules", version or "as delivered"),
        ("Stopped", "at any time, on this page; what was decided by then stays"),
        ("Taken back", TAKEN_BACK),
        ("Takes", _took(settle_runs.last_whole())),
    ]


def _took(run: Settling | None) -> str:
    """Roughly, since it depends on how much there is to be changed."""
    if run is None or run.ended_at is None:
        return "nobody knows yet: it was never done to the end"
    minutes = timesince(run.started_at, run.ended_at, depth=1)
    told = "under a minute" if minutes.startswith("0") else f"about {minutes}"
    return f"{told} the last time, for {run.done:,} source profiles".replace("\xa0", " ")
