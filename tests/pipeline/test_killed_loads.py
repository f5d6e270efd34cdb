"""A load that is killed goes on where it stood: every row once, none twice, none missing."""

import gzip
import io
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow
import pytest
from django.conf import settings
from django.core.management import call_command
from pyarrow import parquet

from pipeline import files
from pipeline.files import ingest
from records import sources
from records.models import LOADED, LOADING, FileLoad, Intake, Record, Source
from tests.pipeline.cast import outcome
from tests.pipeline.test_worker import url_of, within_patience

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keystore"])

ROWS = 14_000
CARDS = 50


@pytest.fixture
def till(db: None) -> Source:
    """A till whose rows have no message id: equal ones are told apart by how many came before."""
    return sources.add("till", kind="offline", stable_key="loyalty_number")[0]


def sale(number: int) -> tuple[str, str, str]:
    """Of every hundred sales, ninety are equal to one that came a hundred rows before."""
    return (
        f"L-{number % CARDS}",
        f"2026-11-{number % CARDS % 20 + 1:02}",
        f"{number % 10 if number % 100 else number}.00",
    )


def csv(path: Path) -> None:
    lines = (",".join(sale(number)) for number in range(ROWS))
    path.write_text("loyalty_card,date,total\n" + "\n".join(lines) + "\n")


def packed(path: Path) -> None:
    csv(path)
    path.write_bytes(gzip.compress(path.read_bytes()))


def wide(path: Path) -> None:
    csv(path)
    path.write_bytes(path.read_text().encode("utf-16"))


def ndjson(path: Path) -> None:
    rows = (dict(zip(("loyalty_card", "date", "total"), sale(number), strict=True)) for number in range(ROWS))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def columnar(path: Path) -> None:
    card, date, total = zip(*map(sale, range(ROWS)), strict=True)
    parquet.write_table(pyarrow.table({"loyalty_card": card, "date": date, "total": total}), path, row_group_size=5_000)


def start(path: Path, home: Path) -> "subprocess.Popen[bytes]":
    environment = {
        **os.environ,
        "ONYM_HOME": str(home),
        "ONYM_KEK_FILE": str(settings.KEK_FILE),
        "DATABASE_URL": url_of("default"),
        "KEYSTORE_URL": url_of("keystore"),
    }
    command = [sys.executable, "manage.py", "ingest", str(path), "--source", "till"]
    return subprocess.Popen(
        command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def kill_in_the_middle(path: Path, home: Path, *, beyond: int) -> None:
    process = start(path, home)
    try:
        assert within_patience(lambda: FileLoad.objects.filter(line__gt=beyond).exists() or process.poll() is not None)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def sold() -> Counter[tuple[str, float]]:
    """What is stored, as often as it is."""
    return Counter(
        (at.date().isoformat(), properties["amount"])
        for at, properties in Record.objects.values_list("occurred_at", "properties")
    )


def went_over_the_counter() -> Counter[tuple[str, float]]:
    return Counter((date, float(total)) for _, date, total in map(sale, range(ROWS)))


@pytest.mark.parametrize(
    "write",
    [
        csv,
        pytest.param(packed, marks=pytest.mark.slow),
        pytest.param(wide, marks=pytest.mark.slow),
        pytest.param(ndjson, marks=pytest.mark.slow),
        pytest.param(columnar, marks=pytest.mark.slow),
    ],
)
def test_every_row_counts_once_after_kill_9(write: Callable[[Path], None], till: Source, tmp_path: Path) -> None:
    path = tmp_path / "sales"
    write(path)
    kill_in_the_middle(path, tmp_path, beyond=1_000)
    kill_in_the_middle(path, tmp_path, beyond=5_000)
    load = FileLoad.objects.get()
    assert load.state == LOADING
    assert 5_000 < load.line < ROWS
    assert Record.objects.count() == load.stored
    out, errors = io.StringIO(), io.StringIO()
    call_command("ingest", str(path), "--source", "till", "--json", stdout=out, stderr=errors)
    assert f"An earlier load was interrupted: goes on at line {load.line + 1:,}." in errors.getvalue()
    whole = f"acknowledged {ROWS:,} = stored {ROWS:,} + duplicate 0 + quarantined 0 + refused 0"
    assert out.getvalue().splitlines()[1] == f"The whole file: {whole}"
    counts = json.loads(out.getvalue().splitlines()[-1])
    assert counts["stored"] == counts["acknowledged"] == ROWS - load.stored
    assert counts["went_on_at_line"] == load.line + 1
    assert sold() == went_over_the_counter()
    load.refresh_from_db()
    assert (load.state, load.stored, load.duplicate, load.read) == (LOADED, ROWS, 0, load.size)
    assert sum(Intake.objects.values_list("acknowledged", flat=True)) == ROWS


def test_a_loaded_file_stores_nothing_and_is_accounted_for(till: Source, tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("loyalty_card,total\nL-1,5.00\nL-1,lots\n")
    assert outcome(ingest(till, path)) == (1, 0, 1, 0)
    load = FileLoad.objects.values().get()
    out, errors = io.StringIO(), io.StringIO()
    path.rename(tmp_path / "another name.csv")
    call_command("ingest", str(tmp_path / "another name.csv"), "--source", "till", stdout=out, stderr=errors)
    assert f"This file was loaded {load['ended_at']:%Y-%m-%d %H:%M} UTC: its rows are duplicates" in errors.getvalue()
    assert out.getvalue() == "acknowledged 2 = stored 0 + duplicate 2 + quarantined 0 + refused 0\n"
    assert FileLoad.objects.values().get() == load
    again = Intake.objects.latest("id")
    assert (again.acknowledged, again.stored, again.duplicate, Intake.objects.count()) == (2, 0, 2, 2)


def test_again_reads_a_loaded_file_from_its_start(till: Source, tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("loyalty_card,total\nL-1,5.00\nL-1,5.00\n")
    assert outcome(ingest(till, path)) == (2, 0, 0, 0)
    assert outcome(ingest(till, path, again=True)) == (0, 2, 0, 0)
    assert [load.duplicate for load in FileLoad.objects.order_by("started_at")] == [0, 2]


def test_another_source_or_another_mapping_reads_the_file_anew(till: Source, tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("loyalty_card,total,shop\nL-1,5.00,Leeds\n")
    other = sources.add("other_till", kind="offline", stable_key="loyalty_number")[0]
    assert outcome(ingest(till, path)) == outcome(ingest(other, path)) == (1, 0, 0, 0)
    mapping = {"message_id": ["loyalty_card"], "fields": {"loyalty_card": "loyalty_number"}}
    assert outcome(ingest(sources.change(till, mapping=mapping), path)) == (1, 0, 0, 0)


def test_the_place_and_the_batch_stand_or_fall_together(
    till: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "BATCH", 2)
    path = tmp_path / "sales.csv"
    path.write_text("loyalty_card,total\n" + "".join(f"L-{number},1.00\n" for number in range(6)))

    class PowerCut(Exception):
        pass

    def note_but_die_in_the_second(*args: object, **kwargs: object) -> None:
        note(*args, **kwargs)  # type: ignore[arg-type]
        if Record.objects.count() == 4:
            raise PowerCut

    note = files.file_loads.note_batch
    with monkeypatch.context() as broken:
        broken.setattr(files.file_loads, "note_batch", note_but_die_in_the_second)
        with pytest.raises(PowerCut):
            ingest(till, path)
    load = FileLoad.objects.get()
    assert (Record.objects.count(), load.stored, load.line) == (2, 2, 3)
    assert outcome(ingest(till, path)) == (4, 0, 0, 0)
