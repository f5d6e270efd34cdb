"""The proof of an erasure: everything searched for the erased person, and what was found, in counts.

Both databases, every table of their own catalogs; every sealed field, opened; sessions; every file below `ONYM_HOME`
and the folders that `ONYM_PROOF_FOLDERS` names; the files of PostgreSQL with its write-ahead log. What could not be
searched is named. docs/decisions/proof-of-erasure.md tells what a hit is and why.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction

from privacy import server_files
from privacy.models import COMPLETED, ERASURE, FOUND, PASSED, ErasureCase, SubjectRequest
from privacy.scan_files import scan_file, scan_folder
from privacy.scan_sealed import scan_sealed
from privacy.scan_tables import scan_tables
from privacy.scans import FILE, SEALED_FIELD, Scanned
from privacy.search import Search
from privacy.wanted import Wanted, leave, open_wanted
from vault.annotations import tables
from vault.grants import Actor

STAGE = Actor.machine("prove")
ALWAYS_SETTLED = ("privacy_subjectrequest", "privacy_erasurecase", "django_session", "django_admin_log")
FilesSearched = tuple[list[Scanned], dict[Path, Scanned]]


class NotErased(ValueError):
    """There is nothing to prove yet: the erasure has not been carried out."""


@dataclass
class Report:
    """What was searched for, where, and what was found."""

    request: str
    searched_at: datetime
    searched_for: dict[str, object]
    places: list[Scanned] = field(default_factory=list)
    unscanned: list[str] = field(default_factory=list)
    rewritten: list[str] = field(default_factory=list)
    milliseconds: int = 0

    @property
    def hits(self) -> int:
        """Everything that should not be there."""
        return sum(place.hits for place in self.places)

    @property
    def bytes(self) -> int:
        return sum(place.bytes for place in self.places)

    def as_json(self) -> dict[str, Any]:
        """Counts and names, never a value."""
        return {
            "request": self.request,
            "searched_at": self.searched_at.isoformat(),
            "hits": self.hits,
            "searched_for": self.searched_for,
            "places": [place.as_json() for place in self.places],
            "unscanned": self.unscanned,
            "rewritten": self.rewritten,
            "bytes": self.bytes,
            "milliseconds": self.milliseconds,
            "mb_per_s": round(self.bytes / 1_000 / max(1, self.milliseconds)),
        }

    @property
    def unopened(self) -> int:
        """Sealed values that nobody can open: of them the search can say nothing."""
        return sum(place.unopened for place in self.places)

    def summary(self) -> str:
        """In one line, what was searched for, where, and what came of it."""
        unconfirmed = f", {self.unopened:,} values unconfirmed" if self.unopened else ""
        values = sum(place.parts - place.unopened for place in self.places if place.kind == SEALED_FIELD)
        return (
            f"{self.hits:,} hits{unconfirmed}: {len(self.places):,} places searched, {values:,} sealed values opened, "
            f"{self.bytes / 1_000_000:,.1f} MB, in {self.milliseconds / 1_000:,.1f} s"
        )

    def lines(self, *, every_place: bool = False) -> Iterator[str]:
        """The report for reading: its summary, and places with hits or with what nobody can open, or every place.

        Those where the person was found come last.
        """
        yield self.summary()
        for place in sorted(self.places, key=lambda place: (place.hits, place.unopened)):
            if every_place or place.hits or place.unopened:
                yield _line(place)
        yield from (f"   not searched  {what}" for what in self.unscanned)
        yield from (f"   rewritten     {what}" for what in self.rewritten)


def _line(place: Scanned) -> str:
    note = f"  ({place.ids} stay: {place.kept})" if place.kept and place.ids else ""
    closed = f"  (unconfirmed: {place.unopened} cannot be opened by anybody)" if place.unopened else ""
    return f"{place.hits:>6} hits  {place.parts:>9,} {PARTS[place.kind]:<6}  {place.name}{note}{closed}"


PARTS = {"table": "rows", SEALED_FIELD: "values", FILE: "files", "session": "open"}


def prove(
    request: SubjectRequest,
    *,
    values: Wanted | None = None,
    rewrite: bool = True,
    on_progress: Callable[[Scanned], None] = lambda scanned: None,
    now: datetime,
) -> Report:
    """Search everything for the person whom this request erased, and keep the report with the request.

    With `values` given, these are searched for instead, and the request is left as it is. Raises `NotErased`,
    `privacy.wanted.ValuesGone`.
    """
    request = SubjectRequest.objects.get(pk=request.pk)
    if request.kind != ERASURE or request.state != COMPLETED:
        raise NotErased(f"this request is {request.get_state_display()}: a proof needs a completed erasure")
    case = ErasureCase.objects.get(pk=request.pk)
    report = search(
        request,
        open_wanted(case, actor=STAGE, now=now) if values is None else values,
        rewrite=rewrite,
        on_progress=on_progress,
        now=now,
    )
    if values is None:
        _keep(case, report, now=now)
    return report


def search(
    request: SubjectRequest,
    wanted: Wanted,
    *,
    rewrite: bool,
    on_progress: Callable[[Scanned], None],
    now: datetime,
) -> Report:
    """Search everything for these values. Changes no row."""
    started = time.monotonic()
    looking = Search(wanted)
    report = Report(str(request.pk), now, looking.describe())
    server_files.settle(_settled(request), sampled=_sampled(), unscanned=report.unscanned)
    for place in _in_databases(request, looking, report.unscanned, now):
        report.places.append(place)
        on_progress(place)
    report.places += _in_files(looking, report, rewrite=rewrite, on_progress=on_progress)
    report.unscanned += _out_of_reach()
    report.milliseconds = round((time.monotonic() - started) * 1_000)
    return report


def _in_databases(request: SubjectRequest, looking: Search, unscanned: list[str], now: datetime) -> Iterator[Scanned]:
    kept = {apps.get_model(table.model)._meta.db_table: table.kept_because for table in tables() if table.kept_because}
    for database in server_files.DATABASES:
        yield from scan_tables(looking, database=database, kept=kept, unscanned=unscanned)
    yield from scan_sealed(looking, leave=partial(leave, request_id=request.pk, actor=STAGE, now=now))
    sessions = [orjson.dumps(one.get_decoded(), default=str) for one in Session.objects.iterator()]
    yield Scanned(
        "session", "sessions, decoded", len(sessions), sum(map(len, sessions)), len(looking.bearing(sessions))
    )


def _in_files(
    looking: Search, report: Report, *, rewrite: bool, on_progress: Callable[[Scanned], None]
) -> list[Scanned]:
    """Every file of the folders; hits in the server's files are looked at again after their tables were rewritten."""
    found: dict[Path, Scanned] = {}
    reachable = [server for server in server_files.servers() if server.folder]
    for folder in _folders(report.unscanned):
        for path, scanned in scan_folder(folder, looking, unscanned=report.unscanned):
            found[path] = scanned
            on_progress(scanned)
    for server in reachable if rewrite else []:
        hit = [path for path, one in found.items() if one.values and server.folder in path.parents]
        if hit:
            report.rewritten += server_files.rewrite(hit, server, unscanned=report.unscanned)
            for path in hit:
                found[path] = scan_file(path, looking) if path.exists() else Scanned(FILE, str(path))
    return _summed(found)


def _folders(unscanned: list[str]) -> list[Path]:
    """The folders to search, none of them below another."""
    wanted = [settings.ONYM_HOME, *settings.PROOF_FOLDERS]
    for server in server_files.servers():
        if server.folder:
            wanted.append(server.folder)
        else:
            unscanned.append(f"files of database {server.database}: {server.why_not}")
    distinct = sorted({folder.resolve() for folder in wanted})
    return [folder for folder in distinct if not any(other in folder.parents for other in distinct)]


def _summed(files: dict[Path, Scanned]) -> list[Scanned]:
    """A place for each folder below the roots; a file in which something was found stands by itself."""
    sums: dict[str, list[Scanned]] = {}
    for path, scanned in files.items():
        sums.setdefault(str(path) if scanned.values else _folder_of(path), []).append(scanned)
    return [
        Scanned(FILE, name, len(all), sum(one.bytes for one in all), sum(one.values for one in all))
        for name, all in sorted(sums.items())
    ]


def _folder_of(path: Path) -> str:
    """The folder by which a file is counted: two levels below `ONYM_HOME`, else its own."""
    parts = path.parent.parts
    home = settings.ONYM_HOME.parts
    return str(Path(*parts[: len(home) + 2]) if parts[: len(home)] == home else path.parent)


def _out_of_reach() -> list[str]:
    """What exists, holds copies perhaps, and cannot be searched from here."""
    beyond = ["privacy_erasurecase.sealed: the values searched for; destroyed once recipients have answered"]
    beyond += ["backups: out of reach from here; a restored one is not served until the erasure ledger is replayed"]
    if settings.CELERY_BROKER_URL != "filesystem://":
        beyond.append("the broker's queues: out of reach from here; its messages carry ids at most")
    for name, cache in settings.CACHES.items():
        if "locmem" in cache["BACKEND"]:
            beyond.append(f"cache {name}: in the memory of each process, gone when it ends")
        elif "db.DatabaseCache" not in cache["BACKEND"]:
            beyond.append(f"cache {name}: on another server")
    return beyond


def _settled(request: SubjectRequest) -> set[str]:
    """The tables from which the erasure deleted or changed rows."""
    labels = {*request.outcome.get("rows", {}), *request.outcome.get("mentions", {}), "vault.DataKey"}
    return {apps.get_model(label)._meta.db_table for label in labels} | set(ALWAYS_SETTLED)


def _sampled() -> set[str]:
    """Every table in which a person may have stood: the planner samples what is in them, and keeps that."""
    return {apps.get_model(table.model)._meta.db_table for table in tables() if table.subject}


def _keep(case: ErasureCase, report: Report, *, now: datetime) -> None:
    with transaction.atomic():
        case = ErasureCase.objects.select_for_update().get(pk=case.pk)
        case.proof, case.proved_at = report.as_json(), now
        case.proof_state = FOUND if report.hits else PASSED
        case.save(update_fields=["proof", "proved_at", "proof_state"])
