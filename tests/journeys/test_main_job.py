"""The main job, end to end: a retailer's records become people in segments; one of them is erased and stays away."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone
from rich.console import Console

from consent.decide import decide
from demo.beside import Beside
from demo.report import show
from demo.run import Files, prepare, progress_bars, run, summary
from identity.profiles import look_up, source_profiles, where_now
from pipeline import queue
from pipeline.files import ingest
from privacy import requests
from privacy.erasure import erase
from privacy.models import SubjectRequest
from records.models import Intake, QuarantinedRecord, Record, SeenMessage, Source, SourceProfile
from records.reading import open_identifiers
from tests.pipeline.cast import counts, outcome
from tests.privacy.scan import hits
from vault.grants import Actor, Grant
from vault.models import DataKey

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

PEOPLE = 150
# What the demo writes down of itself at every run, whatever it finds.
LOGS = ("records.Intake", "vault.AuditEntry")


def work(files: Files) -> dict[str, Any]:
    """Run the main job; what it says it did."""
    with progress_bars(Console(file=StringIO())) as progress:
        run(files, progress=progress)
    return summary(files)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return prepare(tmp_path / "demo", people=PEOPLE, until=date(2026, 11, 1))


@pytest.fixture
def done(db: None, files: Files) -> dict[str, Any]:
    return work(files)


def lines_of(path: Path) -> int:
    lines = sum(1 for line in path.read_bytes().splitlines() if line.strip())
    return lines - (path.suffix == ".csv")


def test_what_a_helper_leaves_undone_is_done_all_the_same(db: None, files: Files) -> None:
    with Beside("version") as helper, progress_bars(Console(file=StringIO())) as progress:
        run(files, progress=progress, helper=helper)
    acknowledged = {name: counted["acknowledged"] for name, counted in summary(files)["records"].items()}
    assert acknowledged == {name: lines_of(path) for name, path in files.records.items()}


def test_a_file_that_was_deleted_once_it_was_in_is_not_missed(files: Files, done: dict[str, Any]) -> None:
    for path in (*files.records.values(), files.truth):
        path.unlink()
    counts, told = work(files), StringIO()
    assert counts == done | {"recognition": None, "living_together": None}
    show(counts, Console(file=told, width=200))
    assert "truth.ndjson was deleted" in told.getvalue()


def test_the_main_job(files: Files, done: dict[str, Any]) -> None:
    assert done["records"].keys() == files.records.keys()
    for name, counted in done["records"].items():
        assert counted["acknowledged"] == lines_of(files.records[name])
        assert counted["acknowledged"] == sum(counted[kind] for kind in counted if kind != "acknowledged")
        assert counted["stored"] == Record.objects.filter(source__name=name).count() > 0
        assert counted["quarantined"] == QuarantinedRecord.objects.filter(source__name=name).count()
    assert sum(done["quarantine"].values()) == QuarantinedRecord.objects.count() > 0
    assert queue.waiting() == 0

    assert done["source_profiles"] == SourceProfile.objects.count() == sum(done["assignments_by_reason"].values())
    assert PEOPLE / 2 < done["profiles"] < done["source_profiles"]
    recognition = done["recognition"]
    assert recognition["people"] <= PEOPLE
    assert recognition["precision"] > 0.95
    assert recognition["recall_of_linkable"] > 0.7
    together = done["living_together"]
    assert together["members"] >= 2 * together["households"] > 0
    assert together["precision"] > 0.97
    assert together["recall"] > 0.5

    assert done["segments"]
    assert all(members > 0 for members in done["segments"].values())
    for purpose, decided in done["consent"].items():
        assert decided["allowed"] + decided["refused"] == done["profiles"], purpose
    assert done["consent"]["analytics"]["allowed"] > done["consent"]["marketing by sms"]["allowed"] > 0


def test_a_second_run_changes_nothing(files: Files, done: dict[str, Any]) -> None:
    before = counts(without=LOGS)
    assert work(files) == done
    for name in files.records:
        (files.folder / f"{name}.done").unlink()
    again = work(files)
    # All of it came once more, and counts as that alone.
    first, then = done["records"], again["records"]
    assert {name: of["duplicate"] - first[name]["duplicate"] for name, of in then.items()} == {
        name: of["acknowledged"] for name, of in first.items()
    }
    assert [without_repeated(of) for of in then.values()] == [without_repeated(of) for of in first.values()]
    assert again | {"records": first} == done
    assert counts(without=LOGS) == before


def without_repeated(of_source: dict[str, Any]) -> dict[str, Any]:
    """What became of the records of a source, but for those that came once more."""
    return of_source | {"acknowledged": of_source["acknowledged"] - of_source["duplicate"], "duplicate": 0}


@dataclass(frozen=True)
class Somebody:
    """A customer of the demo, with what identifies them."""

    profile: UUID
    identifiers: dict[str, set[str]]


@pytest.fixture
def alice(done: dict[str, Any], files: Files) -> Somebody:
    """Somebody whom more than one source knows, found by the e-mail address that the customer file has."""
    return next(_known_to_several(files))


def _known_to_several(files: Files) -> Iterator[Somebody]:
    with files.records["crm"].open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            profile = look_up("email", row["email"], now=timezone.now()) if row["email"] else None
            ids = source_profiles(profile) if profile else []
            if profile and SourceProfile.objects.filter(id__in=ids).values("source").distinct().count() > 2:
                yield Somebody(profile, _identifiers(ids))


def _identifiers(ids: list[UUID]) -> dict[str, set[str]]:
    actor = Actor("person", "officer")
    grant = decide(ids, purpose="subject_requests", at=timezone.now(), actor=actor, reason="journey")
    assert isinstance(grant, Grant)
    found: dict[str, set[str]] = {}
    for known in open_identifiers(ids, grant).values():
        for item in known:
            found.setdefault(item.namespace, set()).add(item.value)
    return found


def test_an_erased_person_is_gone_and_does_not_come_back(alice: Somebody, files: Files, tmp_path: Path) -> None:
    now = timezone.now()
    ids = source_profiles(alice.profile)
    assert len(ids) > 2
    request = requests.open("erasure", profile_id=alice.profile, actor="officer", now=now)
    request = requests.approve(request, actor="second officer", now=now)
    done = erase(request, actor="second officer", now=now)
    assert done.source_profiles == done.keys == len(ids)
    assert SubjectRequest.objects.get().state == "completed"

    for namespace, values in alice.identifiers.items():
        for value in values:
            assert look_up(namespace, value, now=now) != alice.profile
    (email, *_) = alice.identifiers["email"]
    assert look_up("email", email, now=now) is None
    assert where_now(alice.profile) is None
    assert not DataKey.objects.filter(id__in=ids).exists()
    assert hits([email, *ids]) == {}

    crm = Source.objects.get(name="crm")
    (number,) = alice.identifiers["customer_number"]
    path = tmp_path / "again.csv"
    path.write_text(
        "customer_number,email,updated_at\n"
        f"{number},new.address@example.com,2026-11-20T10:00:00Z\n"
        f"CN-NEW-1,{email},2026-11-20T10:00:00Z\n"
        "CN-NEW-2,somebody.else@example.com,2026-11-20T10:00:00Z\n"
    )
    people = SourceProfile.objects.count()
    assert outcome(ingest(crm, path)) == (1, 0, 0, 2)
    assert SourceProfile.objects.count() == people + 1
    assert look_up("email", email, now=now) is None
    assert hits([email, "new.address@example.com"]) == {}
    # The files that were taken in before are still known, and bring nobody back.
    assert SeenMessage.objects.count() > 0
    SeenMessage.objects.all().delete()
    ingest(crm, files.records["crm"], again=True)
    assert look_up("email", email, now=now) is None
    assert hits([email]) == {}
    assert Intake.objects.order_by("-received_at", "-id")[0].refused > 0
