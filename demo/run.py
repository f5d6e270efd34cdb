"""The main job, end to end: records of one retailer become profiles, pass the consent gate, and are in segments."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from django.db.models import Count, Sum
from django.utils import timezone
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from consent.decide import decide_each
from demo import living_together, quality
from demo import sources as demo_sources
from demo.beside import Beside
from demo.generator import generate
from identity.models import Assignment, Match, MatchModel
from identity.profiles import living, source_profiles_of
from identity.relearning import learn_anew
from pipeline import backlog
from pipeline import files as pipeline_files
from pipeline.files import ingest
from pipeline.process import process_batch
from records.models import FileLoad, Intake, QuarantinedRecord, Source, SourceProfile
from segments import catalog
from segments.models import Segment
from vault.grants import Actor

DECISIONS = (("analytics", ""), ("marketing", "email"), ("marketing", "sms"), ("personalization", ""))
# About half of the work, for a second core; no source waits for another.
HELPED = ("web", "app")
Bar = Callable[[int], None]


@dataclass(frozen=True)
class Files:
    """Where the demo's records are, and the truth about them."""

    folder: Path
    records: Mapping[str, Path]
    truth: Path


def prepare(folder: Path, *, people: int, until: date) -> Files:
    """Write the demo's records, unless an earlier run has."""
    if not (folder / "summary.json").exists():
        generate(folder, people=people, until=until)
    return files_in(folder)


def files_in(folder: Path) -> Files:
    """The demo's records that an earlier run has written here."""
    names = {"crm": "crm.csv", "pos": "pos.csv"}
    paths = {name: folder / names.get(name, f"{name}.ndjson") for name in demo_sources.SOURCES}
    return Files(folder=folder, records=paths, truth=folder / "truth.ndjson")


def run(files: Files, *, progress: Progress, helper: Beside | None = None) -> None:
    """Take in what is not in yet, process what waits, and say so as it goes. A helper is taking in what is `HELPED`."""
    demo_sources.ensure()
    catalog.ensure_defaults()
    bars = {name: _bar(progress, name, files) for name in files.records}
    take_in(files, [name for name in files.records if not (helper and name in HELPED)], progress=bars)
    if helper:
        helper.wait(meanwhile=lambda: _look(bars))
    take_in(files, files.records, progress=bars)
    if not MatchModel.objects.exists():
        _step(progress, "learn match model", lambda: learn_anew(now=timezone.now()))
    _process(progress)


def take_in(files: Files, names: Collection[str], *, progress: Mapping[str, Bar] | None = None) -> None:
    """Take in the records of these sources, as far as they are not in yet."""
    sources = demo_sources.ensure()
    for name in names:
        tell = progress[name] if progress else _nobody
        done = files.folder / f"{name}.done"
        if not done.exists():
            ingest(sources[name], files.records[name], on_progress=partial(_tell, tell))
            done.touch()
        tell(_size(files.records[name]))


def _bar(progress: Progress, name: str, files: Files) -> Bar:
    """Told how many bytes of this source's file are read, its bar shows it."""
    task = progress.add_task(f"take in {name}", total=_size(files.records[name]))
    return lambda read: progress.update(task, completed=read)


def _size(file: Path) -> int:
    """Bytes; of a file that was deleted once it was in, as an erasure asks for, it is no matter how many."""
    return file.stat().st_size if file.exists() else 1


def _tell(bar: Bar, now: pipeline_files.Progress) -> None:
    bar(now.read)


def _nobody(read: int) -> None:
    """Nobody wants to know how far it is."""


def _look(bars: Mapping[str, Bar]) -> None:
    """Show how far the helper has come, as the database tells it."""
    for name, read in FileLoad.objects.filter(source__name__in=HELPED).values_list("source__name", "read"):
        bars[name](read)


def _process(progress: Progress) -> None:
    total = backlog.waiting()
    task = progress.add_task("resolve and segment", total=total)
    while process_batch(now=timezone.now()):
        progress.update(task, completed=total - backlog.waiting())
    progress.update(task, completed=total)


def _step(progress: Progress, name: str, step: Callable[[], Any]) -> None:
    task = progress.add_task(name, total=1)
    step()
    progress.advance(task)


def progress_bars(console: Any) -> Progress:
    """Bars for long work, with what is done of how much and since when."""
    return Progress(
        TextColumn("{task.description:22}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    )


def summary(files: Files) -> dict[str, Any]:
    """What the main job did, in counts."""
    sources = demo_sources.ensure()
    counts = ("acknowledged", "stored", "duplicate", "quarantined", "refused")
    intake = Intake.objects.values_list("source__name").annotate(*(Sum(name) for name in counts))
    return {
        "records": {name: dict(zip(counts, sums, strict=True)) for name, *sums in intake},
        "quarantine": _counted(QuarantinedRecord.objects.values_list("reason").annotate(count=Count("id"))),
        "source_profiles": SourceProfile.objects.count(),
        "profiles": living().count(),
        "assignments_by_reason": _counted(
            Assignment.objects.current().values_list("reason").annotate(count=Count("id")).order_by("-count")
        ),
        "matches_in_review": Match.objects.filter(state="in_review").count(),
        "consent": _decisions(),
        "segments": _counted(
            Segment.objects.filter(active=True, memberships__left_at=None)
            .values_list("slug")
            .annotate(count=Count("memberships"))
            .order_by("-count")
        ),
        **_measured(files, sources),
    }


def _measured(files: Files, sources: Mapping[str, Source]) -> dict[str, Any]:
    """How rightly people and households were told; None of each where nothing tells what is right any more."""
    if not files.truth.exists():
        return {"recognition": None, "living_together": None}
    people = quality.people_of(files.truth, sources)
    return {
        "recognition": asdict(quality.measure(people)),
        "living_together": asdict(living_together.measure(people, files.truth)),
    }


def _counted(rows: Any) -> dict[str, int]:
    return dict(rows)


def _decisions() -> dict[str, dict[str, int]]:
    groups = source_profiles_of(list(living().values_list("id", flat=True)))
    decided = {}
    for purpose, channel in DECISIONS:
        decisions = decide_each(
            groups,
            purpose=purpose,
            channel=channel,
            at=timezone.now(),
            actor=Actor.machine("demo"),
            reason="count decisions",
        )
        name = f"{purpose} by {channel}" if channel else purpose
        decided[name] = {"allowed": len(decisions.allowed), "refused": len(decisions.refused)}
    return decided


def as_line(counts: Mapping[str, Any]) -> str:
    """The counts as one line of JSON."""
    return json.dumps(counts, sort_keys=True)
