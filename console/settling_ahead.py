"""What settling everybody comes to, told before somebody asks for it."""

from django.utils.timesince import timesince

from identity import settle_runs
from identity.models import RuleVersion, Settling
from records.models import SourceProfile


def ahead(row: RuleVersion | None) -> list[tuple[str, str]]:
    """By which rules, who is asked, and how long it took the last time."""
    version = f"version {row.number}, since {row.saved_at:%b} {row.saved_at.day}, {row.saved_at:%Y}" if row else ""
    return [
        ("Rules in force", version or "as delivered"),
        ("Source profiles", f"{SourceProfile.objects.count():,}, everybody"),
        ("The last time", _took(settle_runs.last_whole())),
    ]


def _took(run: Settling | None) -> str:
    """Roughly, since it depends on how much there is to be changed."""
    if run is None or run.ended_at is None:
        return "never done to the end, so nobody knows how long it takes"
    minutes = timesince(run.started_at, run.ended_at, depth=1)
    told = "under a minute" if minutes.startswith("0") else f"about {minutes}"
    return f"{told}, for {run.done:,} source profiles".replace("\xa0", " ")
