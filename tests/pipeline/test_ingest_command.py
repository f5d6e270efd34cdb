"""manage.py ingest: what it prints, and what it says when it cannot."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from records import sources
from records.models import FileLoad, Record, Source
from tests.pipeline.cast import counts

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


@pytest.fixture
def till(db: None) -> Source:
    return sources.add("till", kind="offline", stable_key="loyalty_number")[0]


def run(*arguments: object) -> tuple[str, str]:
    """What the command wrote to its output and to its errors."""
    out, errors = io.StringIO(), io.StringIO()
    call_command("ingest", *map(str, arguments), stdout=out, stderr=errors)
    return out.getvalue(), errors.getvalue()


def test_it_counts_and_names_what_was_wrong(till: Source, tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("receipt_id,loyalty_card,total\nR-1,L-1,5.00\nR-2,L-1,lots\nR-3,L-1\nR-1,L-1,5.00\n")
    out, errors = run(path, "--source", "till", "--json")
    assert out.splitlines()[0] == "acknowledged 4 = stored 1 + duplicate 1 + quarantined 2 + refused 0"
    assert json.loads(out.splitlines()[-1]) == {
        "acknowledged": 4,
        "stored": 1,
        "duplicate": 1,
        "quarantined": 2,
        "refused": 0,
        "load": str(FileLoad.objects.get().pk),
        "encoding": "utf-8",
        "went_on_at_line": 0,
        "loaded_before": False,
    }
    assert errors.splitlines() == [
        "Read as CSV, UTF-8.",
        "line 3: 'total' must be a number.",
        "line 4: The row has 2 cells; the header names 3.",
    ]


def test_no_bar_is_shown_before_anything_is_known(
    till: Source, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("receipt_id,loyalty_card,total\nR-1,L-1,5.00\n")
    run(path, "--source", "till")
    assert "100%" in capfd.readouterr().err
    for command in ("ingest", "process"):
        call_command(command, *([str(path), "--source", "till"] if command == "ingest" else []))
        if command == "process":
            assert "100%" in capfd.readouterr().out
            call_command(command)
        said = capfd.readouterr()
        assert [word for word in ("0%", "-:--:--") if word in said.out + said.err] == []


def test_of_many_faults_the_first_ten_are_named(till: Source, tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("loyalty_card,total\n" + "".join(f"L-{n},lots\n" for n in range(12)))
    _, errors = run(path, "--source", "till")
    assert len(errors.splitlines()) == 12
    assert errors.splitlines()[-1] == "… and more; see Quarantine in the admin"


@pytest.mark.parametrize("disabled", [False, True])
def test_an_unknown_or_disabled_source_is_named(disabled: bool, tmp_path: Path, till: Source) -> None:
    Source.objects.update(enabled=not disabled)
    path = tmp_path / "sales.csv"
    path.write_text("loyalty_card,total\nL-1,5.00\n")
    before = counts(without=())
    name = "till" if disabled else "tilll"
    with pytest.raises(CommandError, match=f"There is no enabled source '{name}'; add it with: manage.py add_source"):
        run(path, "--source", name)
    assert counts(without=()) == before


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "There is no file "),
        (b"", "sales.csv: the file is empty; its first line must name the columns"),
        (
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\0\1\0\x08\6\0\0\0",
            "sales.csv: this is no text; give CSV, JSON lines",
        ),
        (b"PK\x03\x04sheet", "sales.csv: this is a ZIP archive or an Excel workbook; unpack it, or save it as CSV"),
        (b"[{}]", "sales.csv: this is one JSON array; write each of its objects on a line of its own"),
        (
            b"Alice,alice@example.com\n",
            "sales.csv: the first line must name the columns, and its column 2 looks like data",
        ),
        (b"total,total\n5,6\n", "sales.csv: columns 1 and 2 have the same name; give each its own"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(content: bytes | None, why: str, till: Source, tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CommandError) as raised:
        run(path, "--source", "till")
    assert str(raised.value).startswith(why)
    assert Record.objects.count() == 0


def test_a_folder_is_no_file(till: Source, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no file"):
        run(tmp_path, "--source", "till")


def test_a_contract_holds_this_once(till: Source, tmp_path: Path) -> None:
    path, schema = tmp_path / "sales.csv", tmp_path / "schema.json"
    path.write_text("receipt_id,loyalty_card,note\nR-1,L-1,hello\nR-2,,hello\n")
    schema.write_text('{"required": ["loyalty_card"], "properties": {"note": {"type": "string"}}}')
    held = ("--source", "till", "--contract", schema)
    out, _ = run(path, *held, "--contract-mode", "block", "--dry-run")
    assert "  new 1, duplicate 0, to quarantine 1" in out.splitlines()
    out, _ = run(path, *held)
    assert out.splitlines()[0] == "acknowledged 2 = stored 1 + duplicate 0 + quarantined 1 + refused 0"
    out, errors = run(path, "--source", "till", "--contract-mode", "discover")
    assert "This file was loaded" not in errors
    assert out.splitlines()[0] == "acknowledged 2 = stored 0 + duplicate 2 + quarantined 0 + refused 0"
    _, errors = run(path, *held)
    assert "This file was loaded" in errors
    till.refresh_from_db()
    assert (till.contract_mode, till.contract_schema, till.contract_version) == ("strict", "", 0)
