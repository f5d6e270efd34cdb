"""Uploads: sealed while they lie in the database, tried, loaded, and gone with their key."""

import gzip
import io
from datetime import timedelta
from pathlib import Path

import pyarrow
import pytest
from django.db import OperationalError
from django.utils import timezone
from pyarrow import parquet

from consent.models import Purpose
from pipeline import files, sweep, tasks, uploads
from pipeline.files import ingest
from records import accounting, sources
from records import uploads as kept
from records.models import (
    EXPIRED,
    FAILED,
    LOADED,
    LOADING,
    TAKEN_BACK,
    TRIED,
    TRYING,
    FileLoad,
    QuarantinedRecord,
    Record,
    Source,
    UploadChunk,
)
from records.uploads import CHUNK, NotWaiting, Receiver, TooLarge
from vault.models import AuditEntry, DataKey

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SALES = b"loyalty_card,total\nL-1,5.00\nL-1,5.00\nL-2,lots\nL-3,7.50\n"


@pytest.fixture
def till(db: None) -> Source:
    return sources.add("till", kind="offline", stable_key="loyalty_number")[0]


def sent(source: Source, content: bytes, *, piece: int = 1_000, most: int = 10**9, **how: bool) -> FileLoad:
    """A file that has arrived in pieces of that size."""
    with Receiver(source, by="test", most=most, now=timezone.now(), **how) as receiver:
        for start in range(0, len(content), piece):
            receiver.write(content[start : start + piece])
    return FileLoad.objects.get(pk=receiver.load.pk)


def worked_on(load: FileLoad) -> FileLoad:
    uploads.work_on(load.pk)
    load.refresh_from_db()
    return load


def is_gone(load: FileLoad) -> bool:
    """Whether nothing of the file is left, and what there was can never be opened again."""
    return not UploadChunk.objects.filter(load=load).exists() and not DataKey.objects.filter(pk=load.pk).exists()


def counted(load: FileLoad) -> tuple[int, int, int, int]:
    return load.stored, load.duplicate, load.quarantined, load.refused


def table() -> bytes:
    file = io.BytesIO()
    parquet.write_table(pyarrow.table({"loyalty_card": ["L-1", "L-1", "L-3"], "total": ["5", "5", "lots"]}), file)
    return file.getvalue()


def test_it_is_loaded_and_gone(till: Source) -> None:
    load = worked_on(sent(till, SALES))
    assert (load.state, counted(load), load.read, load.size) == (LOADED, (3, 0, 1, 0), len(SALES), len(SALES))
    assert Record.objects.count() == 3
    assert is_gone(load)
    assert QuarantinedRecord.objects.get().load_id == load.pk


@pytest.mark.parametrize("content", [gzip.compress(SALES, mtime=0), SALES.decode().encode("utf-16"), table()])
def test_whatever_it_is(content: bytes, till: Source) -> None:
    load = worked_on(sent(till, content, piece=7))
    assert (load.state, load.quarantined) == (LOADED, 1)
    assert is_gone(load)


def test_pieces_are_put_together_again(till: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"loyalty_card,total\n" + b"".join(b"L-%d,%d.00\n" % (number, number % 9) for number in range(20_000))
    load = sent(till, content, piece=10_007)
    assert UploadChunk.objects.filter(load=load).count() == -(-len(content) // CHUNK)
    with kept.opened(load, leave=uploads._Leave(load)) as file:
        assert file.read() == content
        for place in (0, 1, CHUNK - 1, CHUNK, len(content) - 5):
            file.seek(place)
            assert file.read(9) == content[place : place + 9]
        assert file.seek(-4, io.SEEK_END) == len(content) - 4
        assert file.read() == content[-4:]


def test_nothing_of_it_lies_open(till: Source) -> None:
    load = sent(till, SALES)
    assert b"loyalty_card" not in b"".join(map(bytes, UploadChunk.objects.values_list("sealed", flat=True)))
    worked_on(load)
    read = AuditEntry.objects.filter(action="read an upload")
    assert {(entry.actor_kind, entry.actor) for entry in read} == {("machine", "load a file")}


def test_it_is_tried_first_and_waits_for_a_yes(till: Source) -> None:
    load = worked_on(sent(till, SALES, try_first=True))
    assert (load.state, load.ended_at) == (TRIED, None)
    assert load.report is not None
    assert (load.report["rows"], load.report["new"], load.report["quarantined"]) == (4, 3, 1)
    assert Record.objects.count() == 0
    assert worked_on(load).state == TRIED
    kept.confirm(load, now=timezone.now())
    load = worked_on(load)
    assert (load.state, counted(load), load.report) == (LOADED, (3, 0, 1, 0), None)
    assert is_gone(load)
    with pytest.raises(NotWaiting):
        kept.confirm(load, now=timezone.now())
    with pytest.raises(NotWaiting):
        kept.discard(load, now=timezone.now())


def test_a_dry_run_keeps_its_report_alone(till: Source) -> None:
    load = worked_on(sent(till, SALES, only_try=True))
    assert load.report is not None
    assert (load.state, load.report["new"], load.ended_at is None) == (TRIED, 3, False)
    assert load.report["examples"] == []
    assert is_gone(load)
    with pytest.raises(NotWaiting):
        kept.confirm(load, now=timezone.now())


def test_the_report_of_a_dry_run_is_kept_for_a_day(till: Source) -> None:
    load = worked_on(sent(till, SALES, only_try=True))
    assert load.ended_at is not None
    for hours, is_kept in ((23, True), (25, False)):
        kept.expire(now=load.ended_at + timedelta(hours=hours))
        load.refresh_from_db()
        assert (load.state, load.report is not None) == (TRIED, is_kept)


def test_examples_stand_in_a_report_that_somebody_is_to_say_yes_to(till: Source) -> None:
    load = worked_on(sent(till, SALES, try_first=True))
    assert load.report is not None
    assert [list(example) for example in load.report["examples"]] == [["loyalty_number"]] * 3
    kept.expire(now=load.noted_at + timedelta(hours=25))
    load.refresh_from_db()
    assert (load.state, load.report) == (EXPIRED, None)


def test_it_is_discarded(till: Source) -> None:
    load = worked_on(sent(till, SALES, try_first=True))
    kept.discard(load, now=timezone.now())
    load.refresh_from_db()
    assert (load.state, load.report) == (TAKEN_BACK, None)
    assert is_gone(load)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "this is no text; give CSV, JSON lines or Parquet"),
        (b"PK\x03\x04", "this is a ZIP archive or an Excel workbook; unpack it, or save it as CSV"),
        (b" \n", "the file is empty; its first line must name the columns"),
        (b"total,total\n1,2\n", "columns 1 and 2 have the same name; give each its own"),
        (gzip.compress(SALES, mtime=0)[:-9], "the gzip file is cut or damaged; pack it again"),
    ],
)
@pytest.mark.parametrize("try_first", [True, False])
def test_what_cannot_be_read_is_named_and_gone(content: bytes, fault: str, try_first: bool, till: Source) -> None:
    load = worked_on(sent(till, content, try_first=try_first))
    assert (load.state, load.fault) == (FAILED, fault)
    assert is_gone(load)


def test_of_one_that_is_too_large_nothing_is_kept(till: Source) -> None:
    with pytest.raises(
        TooLarge, match=r"the file has more than 3,000 bytes; split it, or load it with manage.py ingest"
    ):
        sent(till, b"x" * 3_001, most=3_000)
    load = FileLoad.objects.get()
    assert load.state == FAILED
    assert is_gone(load)
    assert sent(till, b"x" * 3_000, most=3_000).size == 3_000


def test_of_one_that_breaks_off_nothing_is_kept(till: Source) -> None:
    class Disconnected(Exception):
        pass

    def disconnect() -> None:
        with Receiver(till, by="test", most=10**9, now=timezone.now()) as receiver:
            receiver.write(b"x" * CHUNK * 40)
            assert UploadChunk.objects.exists()
            raise Disconnected

    with pytest.raises(Disconnected):
        disconnect()
    load = FileLoad.objects.get()
    assert (load.state, load.fault) == (FAILED, "the upload broke off; send it again")
    assert is_gone(load)


def test_the_same_file_again_changes_nothing_and_says_so(till: Source, tmp_path: Path) -> None:
    first = worked_on(sent(till, SALES))
    second = worked_on(sent(till, SALES))
    assert (second.state, second.repeats_id, counted(second)) == (LOADED, first.pk, (0, 4, 0, 0))
    path = tmp_path / "sales.csv"
    path.write_bytes(SALES)
    assert ingest(till, path).duplicate == 4
    assert Record.objects.count() == 3
    (day,) = accounting.lines(since=second.started_at.date(), until=timezone.now().date(), source=till)
    assert (day.acknowledged, day.stored, day.duplicate, day.quarantined, day.faults) == (12, 3, 8, 1, [])


def test_a_load_goes_on_where_its_worker_died(till: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(Exception):
        pass

    monkeypatch.setattr(files, "BATCH", 2)
    load = sent(till, SALES)
    accept, times = files.accept, []

    def once(*args: object, **kwargs: object) -> object:
        if times:
            raise Killed
        times.append(1)
        return accept(*args, **kwargs)  # type: ignore[arg-type]

    with monkeypatch.context() as broken:
        broken.setattr(files, "accept", once)
        with pytest.raises(Killed):
            uploads.work_on(load.pk)
    load.refresh_from_db()
    assert (load.state, load.line, load.stored) == (LOADING, 3, 2)
    assert uploads.left_behind(now=timezone.now()) == []
    later = timezone.now() + uploads.PATIENCE + timedelta(seconds=1)
    assert uploads.left_behind(now=later) == [load.pk]
    load = worked_on(load)
    assert (load.state, counted(load)) == (LOADED, (3, 0, 1, 0))


def test_what_nobody_says_yes_to_ends_after_a_day(till: Source) -> None:
    load = worked_on(sent(till, SALES, try_first=True))
    assert kept.expire(now=load.noted_at + timedelta(hours=23)) == 0
    assert kept.expire(now=load.noted_at + timedelta(hours=25)) == 1
    load.refresh_from_db()
    assert load.state == EXPIRED
    assert is_gone(load)


def test_pieces_that_outlived_their_load_go(till: Source) -> None:
    load = sent(till, SALES)
    FileLoad.objects.filter(pk=load.pk).update(state=LOADED, ended_at=timezone.now())
    tasks.attend_to_files()
    assert is_gone(load)


def test_the_sweeper_keeps_the_key_of_a_file_that_waits(till: Source) -> None:
    load = sent(till, SALES)
    tomorrow = timezone.now() + timedelta(hours=20)
    sweep.destroy_orphan_keys(now=tomorrow)
    assert worked_on(load).state == LOADED


def test_a_refused_leave_opens_nothing(till: Source) -> None:
    load = sent(till, SALES)
    Purpose.objects.filter(slug="security").update(active=False, rule_since=timezone.now())
    load = worked_on(load)
    assert load.state == FAILED
    assert load.fault.startswith("opening it is refused for 'security': ")
    assert Record.objects.count() == 0
    assert is_gone(load)


def test_trying_starts_anew_when_its_worker_died(till: Source) -> None:
    load = sent(till, SALES, try_first=True)
    FileLoad.objects.filter(pk=load.pk).update(format="csv", encoding="utf-8", read=3)
    assert load.state == TRYING
    assert worked_on(load).state == TRIED


class Poison(Exception):
    """What nobody thought of; its text holds somebody's data."""


@pytest.mark.parametrize("try_first", [True, False])
def test_what_fails_whenever_it_is_read_ends_and_is_gone(
    try_first: bool, till: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise Poison("alice@example.com")

    monkeypatch.setattr(uploads, "examine", fail)
    load = sent(till, SALES, try_first=try_first)
    for attempt in range(1, uploads.MOST_ATTEMPTS + 1):
        load.refresh_from_db()
        assert (load.state, load.attempts) == (TRYING if try_first else LOADING, attempt - 1)
        with pytest.raises(Poison):
            uploads.work_on(load.pk)
    load.refresh_from_db()
    assert (load.state, load.fault) == (FAILED, kept.GIVEN_UP)
    assert is_gone(load)
    assert uploads.left_behind(now=timezone.now() + timedelta(days=1)) == []


def test_what_kills_every_worker_ends_and_is_gone(till: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        """Nothing that runs after it is the worker's."""

    def die(*args: object, **kwargs: object) -> None:
        raise Killed

    load = sent(till, SALES)
    with monkeypatch.context() as broken:
        broken.setattr(uploads, "examine", die)
        for _ in range(uploads.MOST_ATTEMPTS):
            with pytest.raises(Killed):
                uploads.work_on(load.pk)
    load = worked_on(load)
    assert (load.state, load.fault) == (FAILED, kept.GIVEN_UP)
    assert is_gone(load)


def test_whoever_comes_further_may_fail_again(till: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "BATCH", 1)
    monkeypatch.setattr(uploads, "MOST_ATTEMPTS", 2)
    load = sent(till, SALES)
    accept, times = files.accept, []

    def every_other_time(*args: object, **kwargs: object) -> object:
        times.append(1)
        if len(times) % 2:
            return accept(*args, **kwargs)  # type: ignore[arg-type]
        raise Poison

    with monkeypatch.context() as broken:
        broken.setattr(files, "accept", every_other_time)
        for _ in range(3):
            with pytest.raises(Poison):
                uploads.work_on(load.pk)
    load = worked_on(load)
    assert (load.state, counted(load), load.attempts) == (LOADED, (3, 0, 1, 0), 0)


def test_a_database_that_does_not_answer_is_not_the_uploads_fault(
    till: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise OperationalError

    load = sent(till, SALES)
    with monkeypatch.context() as broken:
        broken.setattr(uploads, "examine", fail)
        for _ in range(uploads.MOST_ATTEMPTS + 1):
            with pytest.raises(OperationalError):
                uploads.work_on(load.pk)
    assert worked_on(load).state == LOADED


@pytest.mark.parametrize("try_first", [True, False])
def test_what_never_comes_to_its_end_ends_after_two_days(try_first: bool, till: Source) -> None:
    load = sent(till, SALES, try_first=try_first)
    uploads.left_behind(now=load.started_at + timedelta(hours=46))
    assert kept.expire(now=load.started_at + timedelta(hours=47)) == 0
    assert kept.expire(now=load.started_at + timedelta(hours=49)) == 1
    load.refresh_from_db()
    assert (load.state, load.fault) == (FAILED, "it was not taken in within two days; send it again")
    assert is_gone(load)


@pytest.mark.parametrize("try_first", [True, False])
def test_a_source_that_is_switched_off_takes_nothing_in(try_first: bool, till: Source) -> None:
    load = sent(till, SALES, try_first=try_first)
    sources.change(till, enabled=False)
    load = worked_on(load)
    assert (load.state, load.fault) == (FAILED, "this source is disabled; enable it and send the file again")
    assert Record.objects.count() == 0
    assert is_gone(load)


def test_nobody_says_yes_to_a_file_of_a_source_that_is_switched_off(till: Source) -> None:
    load = worked_on(sent(till, SALES, try_first=True))
    sources.change(till, enabled=False)
    with pytest.raises(NotWaiting, match="this source is disabled; enable it first"):
        kept.confirm(load, now=timezone.now())
    sources.change(till, enabled=True)
    kept.confirm(load, now=timezone.now())
    assert worked_on(load).state == LOADED
