"""A canary person planted in every column, JSON path and file is found everywhere before the erasure, nowhere after."""

import json
import shutil
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from access.models import User
from identity.profiles import source_profiles
from pipeline import queue
from pipeline.models import Work
from privacy import erasure_case, proof, requests
from privacy.encodings import ENCODINGS, SHORTEST
from privacy.erasure import erase
from privacy.models import ErasureCase, SubjectRequest
from privacy.search import Search
from privacy.wanted import Wanted, open_wanted
from records import sources
from records.models import Record, UploadChunk
from tests.pipeline.cast import seed_purposes
from tests.privacy.canary import Canary, be_mentioned, files, fill_every_column, walk_in
from tests.senders import send_rows
from tests.statements.sabotage import Sabotage

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "privacy/mentions.py",
    '        "sessions.Session": Session.objects.filter(pk__in=found.sessions).delete()[0],\n',
    "",
)

FURTHER = [
    Sabotage("privacy/mentions.py", '        "records.UploadChunk": uploads.take_back(found.uploads),\n', ""),
    Sabotage(
        "privacy/mentions.py",
        "    found.undeclared = undeclared_mentions.find(search, leave=grant, now=now)\n",
        "",
    ),
    Sabotage("privacy/scan_sealed.py", "    yield _scan_uploads(search, leave)\n", ""),
]


class Terminal(StringIO):
    """Where a person reads what is printed."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def purposes(transactional_db: None) -> None:
    seed_purposes()


@pytest.fixture
def home(settings, tmp_path: Path) -> Iterator[Path]:
    """A folder beside ONYM_HOME that is searched as well: the test leaves nothing behind in the shared one."""
    settings.PROOF_FOLDERS = [tmp_path / "more"]
    yield tmp_path / "more"
    shutil.rmtree(tmp_path / "more", ignore_errors=True)


def places(request: SubjectRequest) -> set[str]:
    """Where the person is found now, by the values that the request sealed; files by their name."""
    request = SubjectRequest.objects.get(pk=request.pk)
    wanted = open_wanted(ErasureCase.objects.get(pk=request.pk), actor=erasure_case.STAGE, now=timezone.now())
    report = proof.search(request, wanted, rewrite=True, on_progress=lambda scanned: None, now=timezone.now())
    return {place.name.rsplit("/", 1)[-1].rsplit("default.public.", 1)[-1] for place in report.places if place.values}


def test_p01_what_others_records_hold_undeclared(crm, shop, browser, home):
    now = timezone.now()
    canary, crm = Canary(), sources.change(crm, contract_mode="discover")
    profile = walk_in(canary, crm, shop, browser, now=now)
    bob = {"customer_number": "CN-2", "email": "bob@example.com", "given_name": "Bob", "family_name": "Baker"}
    send_rows(crm, {**bob, "friend": {"mail": canary.email}, "shoe": 44, f"of {canary.email}": "x"}, now=now)
    request = requests.open("erasure", profile_id=profile, actor="officer-1", now=now)
    request = requests.approve(request, actor="officer-2", now=now)
    erase(request, actor="officer-2", now=now)
    assert places(request) == set()
    assert "discovered" in Record.objects.get(source=crm).flags


def test_p01_found_everywhere_before_and_nowhere_after(crm, shop, browser, home):
    now = timezone.now()
    canary = Canary()
    profile = walk_in(canary, crm, shop, browser, now=now)
    be_mentioned(canary, crm, home, profile=profile, now=now)
    request = requests.open("erasure", profile_id=profile, actor="officer-1", now=now)
    request = requests.approve(request, actor="officer-2", now=now)
    filled = fill_every_column(canary, profile)
    partition = f"records_record_{now:%Y_%m}"
    tables = {partition if name == "records_record" else name for name in filled}
    assert len(tables) >= 8, filled
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # the planner's statistics hold samples of what is in the columns
    before = places(request)
    assert before >= tables | {
        "records_identifier.sealed",
        "records_attribute.sealed",
        "records_record.sealed",
        "records_quarantinedrecord.sealed",
        "records_uploadchunk.sealed, by its text",
        "sessions, decoded",
        "privacy_subjectrequest",
        "django_admin_log",
        "default.pg_catalog.pg_statistic",
        *(Path(name).name for name in files(canary)),
    }
    erase(request, actor="officer-2", now=now)
    after = places(request)
    assert after == {Path(name).name for name in files(canary)}, "files are not ours to delete, and are named"
    assert not UploadChunk.objects.exists(), "nor does what nobody can read any more lie about"
    shutil.rmtree(home)
    said = StringIO()
    call_command("privacy", "prove-erased", str(request.pk), stdout=said)
    lines = said.getvalue().splitlines()
    report = json.loads(lines[-1])
    assert report["hits"] == 0
    assert lines[0].startswith(f"0 hits: {len(report['places'])} places searched")
    assert [line for line in lines[:-1] if " hits  " in line] == [], "places where nothing was found are not listed"
    assert len(report["searched_for"]["encodings"]) >= 10
    assert not [what for what in report["unscanned"] if what.startswith(("table", "files of", "file "))]
    assert ErasureCase.objects.get(pk=request.pk).proof_state == "passed"


def test_p01_every_encoding_of_every_value_is_found(crm, shop, browser):
    canary = Canary()
    wanted = Wanted(
        own=frozenset({("email", canary.email.lower()), ("phone", canary.phone), ("account_id", canary.account)})
    )
    search = Search(wanted)
    missed = [
        (field, name)
        for field, value in sorted(wanted.own)
        for name, encode in ENCODINGS.items()
        for pattern in encode(value)
        if len(pattern) >= SHORTEST and not search.in_parts([b"before " + pattern + b" after"]).values
    ]
    assert missed == []


def test_p01_a_row_that_bears_the_person_fails_the_command(crm, shop, browser, home):
    now = timezone.now()
    canary = Canary()
    profile = walk_in(canary, crm, shop, browser, now=now)
    request = requests.open("erasure", profile_id=profile, actor="officer-1", now=now)
    request = requests.approve(request, actor="officer-2", now=now)
    erase(request, actor="officer-2", now=now)
    staff = User.objects.create(username="steward")
    left = canary.email.lower().encode().hex()
    LogEntry.objects.create(user_id=staff.pk, object_repr=left, change_message="", action_flag=CHANGE)
    said = StringIO()
    with pytest.raises(CommandError) as failed:
        call_command("privacy", "prove-erased", str(request.pk), stdout=said)
    assert failed.value.returncode == 1
    assert "hits  default.public.django_admin_log" in str(failed.value)
    assert ErasureCase.objects.get(pk=request.pk).proof_state == "found"
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_admin_log")
    said = Terminal()
    call_command("privacy", "prove-erased", str(request.pk), stdout=said)
    assert ErasureCase.objects.get(pk=request.pk).proof_state == "passed"
    assert not said.getvalue().splitlines()[-1].startswith("{")
    said = Terminal()
    call_command("privacy", "prove-erased", str(request.pk), "--all", "--json", stdout=said)
    *listed, last = said.getvalue().splitlines()
    assert len([line for line in listed if " hits  " in line]) == len(json.loads(last)["places"])


def test_p01_what_was_sampled_of_a_queue_long_empty_is_forgotten(crm, shop, browser, home):
    now = timezone.now()
    canary = Canary()
    profile = walk_in(canary, crm, shop, browser, now=now)
    queue.enqueue(source_profiles(profile), now=now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE pipeline_work")
    Work.objects.all().delete()
    request = requests.open("erasure", profile_id=profile, actor="officer-1", now=now)
    request = requests.approve(request, actor="officer-2", now=now)
    erase(request, actor="officer-2", now=now)
    assert "pipeline.Work" not in SubjectRequest.objects.get(pk=request.pk).outcome["rows"]
    assert sampled_of("pipeline_work"), "otherwise there is nothing to forget"
    call_command("privacy", "prove-erased", str(request.pk), stdout=StringIO())
    assert sampled_of("pipeline_work") == 0
    assert ErasureCase.objects.get(pk=request.pk).proof_state == "passed"


def sampled_of(table: str) -> int:
    """How many columns of this table the planner has samples of."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_statistic WHERE starelid = %s::regclass", [table])
        return int(cursor.fetchone()[0])
