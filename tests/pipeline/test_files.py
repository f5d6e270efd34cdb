"""Files are taken in by batches; taking one in again changes nothing, whatever it holds."""

from pathlib import Path

import orjson
import pytest

from pipeline import files
from pipeline.accept import Acceptance
from pipeline.dry_run import dry_run
from pipeline.files import ingest
from records import sources
from records.models import QuarantinedRecord, Record, Source
from records.readers import examine
from tests.pipeline.cast import counts, looked, ordered, outcome, saying

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


@pytest.fixture
def till(db: None) -> Source:
    """A till whose rows have no message id."""
    return sources.add("till", kind="offline", stable_key="loyalty_number")[0]


def write(folder: Path, text: str | bytes, name: str = "sales.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_rows_that_are_equal_are_as_many_as_they_are(
    till: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "BATCH", 2)
    sale, other = "L-1,2026-11-20,5.00\n", "L-2,2026-11-20,7.00\n"
    path = write(tmp_path, "Loyalty Card,Date,Total\n" + sale + other + sale + sale)
    assert outcome(ingest(till, path)) == (4, 0, 0, 0)
    assert sorted(row["amount"] for row in Record.objects.values_list("properties", flat=True)) == [5, 5, 5, 7]
    before = counts(without=("records.Intake",))
    assert outcome(ingest(till, path)) == (0, 4, 0, 0)
    assert counts(without=("records.Intake",)) == before
    longer = write(tmp_path, "Loyalty Card,Date,Total\n" + sale + other + sale * 3)
    assert outcome(ingest(till, longer)) == (1, 4, 0, 0)


def test_rows_with_a_message_id_count_once(till: Source, tmp_path: Path) -> None:
    path = write(tmp_path, "receipt_id,loyalty_card,total\nR-1,L-1,5.00\nR-1,L-1,6.00\n,L-1,5.00\n,L-1,5.00\n")
    assert outcome(ingest(till, path)) == (3, 1, 0, 0)


def test_objects_may_each_have_their_own_columns(till: Source, tmp_path: Path) -> None:
    rows = [
        {"loyalty_card": "L-1", "total": 5},
        {"loyalty_card": "L-1", "city": "Leeds"},
        {"buyer": {"email": "alice@example.com"}, "receipt_id": "R-1", "amount": "7.50"},
        {"loyalty_card": "L-1", "total": 5},
    ]
    path = write(tmp_path, b"\n".join(map(orjson.dumps, rows)), "sales.ndjson")
    assert outcome(ingest(till, path)) == (4, 0, 0, 0)
    kinds = sorted(Record.objects.values_list("kind", "properties"), key=repr)
    assert kinds == [
        ("profile", {}),
        ("purchase", {"amount": 7.5}),
        ("purchase", {"total": 5.0, "amount": 5.0}),
        ("purchase", {"total": 5.0, "amount": 5.0}),
    ]
    assert outcome(ingest(till, path)) == (0, 4, 0, 0)


def test_segment_messages_may_stand_in_a_file(browser: Source, tmp_path: Path) -> None:
    messages = [ordered("alice", **saying(analytics=True)), looked("d-1"), ordered("alice", type="delete")]
    path = write(tmp_path, b"\n".join(map(orjson.dumps, messages)), "web.ndjson")
    acceptance = ingest(browser, path)
    assert outcome(acceptance) == (1, 0, 1, 1)
    assert [(reject.position, reject.field) for reject in acceptance.rejects] == [(3, "type")]


def test_progress_is_heard_batch_by_batch(till: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "BATCH", 2)
    path = write(tmp_path, "loyalty_card,total\n" + "".join(f"L-{n},{n}.00\n" for n in range(5)))
    heard: list[tuple[int, int]] = []
    ingest(till, path, on_progress=lambda now: heard.append((now.acceptance.stored, now.read)))
    assert [stored for stored, _ in heard] == [2, 4, 5]
    assert heard[-1][1] == path.stat().st_size
    assert [offset for _, offset in heard] == sorted(offset for _, offset in heard)


def test_a_batch_ends_behind_so_many_bytes(till: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "BATCH_BYTES", 100)
    path = write(tmp_path, "loyalty_card,total,note\n" + "".join(f"L-{n},{n}.00,{'x' * 30}\n" for n in range(7)))
    heard: list[int] = []
    assert outcome(ingest(till, path, on_progress=lambda now: heard.append(now.rows))) == (7, 0, 0, 0)
    assert heard == [2, 5, 7]


def test_of_many_rejects_the_first_are_named_without_content_and_all_are_kept(
    till: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "BATCH", 4)
    monkeypatch.setattr(files, "MOST_REJECTS", 5)
    path = write(tmp_path, "loyalty_card,total\n" + "".join(f"L-{n},lots\n" for n in range(9)) + "L-9,5.00\n")
    acceptance = ingest(till, path)
    assert outcome(acceptance) == (1, 0, 9, 0)
    assert [(reject.position, reject.body) for reject in acceptance.rejects] == [(n, None) for n in range(2, 7)]
    assert QuarantinedRecord.objects.exclude(sealed=None).count() == 9


def test_a_header_alone_takes_nothing_in(till: Source, tmp_path: Path) -> None:
    ours = ("records.FileLoad", "vault.IndexKey")
    before = counts(without=ours)
    assert ingest(till, write(tmp_path, "loyalty_card,total\n")) == Acceptance()
    assert counts(without=ours) == before


@pytest.mark.parametrize(("message_id", "kept", "stored", "known"), [([], 3, 2, 2), (["receipt"], 2, 1, 3)])
def test_what_was_quarantined_comes_in_once_the_mapping_is_mended(
    message_id: list[str], kept: int, stored: int, known: int, tmp_path: Path
) -> None:
    mapping = {"fields": {"card": "loyalty_number"}, "message_id": message_id, "properties": {"total": "integer"}}
    till = sources.add("till", kind="offline", stable_key="loyalty_number", mapping=mapping)[0]
    path = write(tmp_path, "card,receipt,total\nL-1,R-1,5\nL-2,R-2,lots\nL-3,R-3,7.50\nL-3,R-3,7.50\n")
    # Of two equal rows without an id each is kept: both may have been sold.
    assert outcome(ingest(till, path)) == (1, 3 - kept, kept, 0)
    till = sources.change(till, mapping={**mapping, "properties": {"total": "number"}})
    with path.open("rb") as file:
        report = dry_run(till, file, examine(file))
    # Of the rest, one row was taken in before, and one is as broken as it was.
    assert (report.new, report.duplicate, report.quarantined) == (stored, known, 0)
    assert outcome(ingest(till, path)) == (stored, known, 0, 0)
