"""manage.py dedupe: what is said of the columns that were compared, of those that were not, and of an unlike model."""

import json
from collections.abc import Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from identity.deduplicating import deduplicate
from identity.management.remarks_on_files import remarks_on
from identity.matching.levels import COLUMN
from tests.identity.test_dedupe import clusters, dedupe, fault, town_file, write


def town_with(folder: Path, column: str) -> Path:
    """Write the town with who is who in a column of this name, in codes such as P1017."""
    path = town_file(folder)
    head, *rows = path.read_text("utf-8").splitlines()
    told = [f"{row.rpartition(';')[0]};P{1_000 + int(row.rpartition(';')[2])}" for row in rows]
    path.write_text("\n".join([head.replace(";wer", f";{column}"), *told]), "utf-8")
    return path


@pytest.mark.parametrize("column", ["true_person", "Person", "entity", "cluster", "true_id", "wer"])
def test_who_is_who_is_not_compared_and_said_to_be_left_out(column: str, tmp_path: Path) -> None:
    out, err = dedupe(town_with(tmp_path, column), "--json")
    said = json.loads(out)
    assert {each["column"]: each["field"] for each in said["columns"]}[column] == "truth"
    assert column not in said["compared_as"].values()
    assert f"{column} is left out, since by its name it says who is who: measure by it with --truth {column}" in err
    assert "is left out, since" not in dedupe(tmp_path / "people.csv", "--truth", column)[1]


def test_what_is_compared_as_identifiers_is_named_and_can_be_left_out(tmp_path: Path) -> None:
    path = town_with(tmp_path, "x17")
    out, err = dedupe(path, "--json")
    assert json.loads(out)["compared_as"] == {"identifier": "x17"}
    assert "Compared as identifiers: x17. Leave one out with --ignore COLUMN" in err
    assert "x17 agrees in nearly all that are one person, as if it said who is who: if it does, leave it out." in err
    without, quiet = dedupe(path, "--json", "--ignore", "x17")
    assert json.loads(without)["compared_as"] == {}
    assert "--ignore" not in quiet
    assert "the columns are: Nr, Vorname" in fault_of(path, "--ignore", "x18")


def fault_of(path: Path, *more: str) -> str:
    path.with_name("clusters.csv").unlink(missing_ok=True)
    return fault(path, *more)


FIRMS: Sequence[tuple[str, str]] = (
    ("Nordlicht Möbel GmbH", "Kiel"), ("Nordlicht Möbel G.m.b.H.", "Kiel"), ("Sturm & Sohn KG", "Ulm"),
    ("Weiße Mühle AG", "Bonn"),
)  # fmt: skip


def firms(folder: Path) -> Path:
    return write(
        folder / "firms.csv", [{"#": str(no), "Firma": firm, "Ort": town} for no, (firm, town) in enumerate(FIRMS)]
    )


def test_organizations_are_called_so(tmp_path: Path) -> None:
    path = firms(tmp_path)
    out, _ = dedupe(path)
    assert out.startswith("4 records are ")
    assert " organizations, as written to " in out
    assert json.loads(dedupe(path, "--json")[0])["organizations"] is True
    explained = StringIO()
    call_command("explain_pair", str(path), "0", "1", "--out", str(tmp_path / "pair.svg"), stdout=explained)
    assert "First word of name  exact" in explained.getvalue()
    assert "Family name" not in explained.getvalue()
    assert "people" not in explained.getvalue()
    assert explained.getvalue().endswith("likely one organization\n")
    assert "Are these two records one organization?" in (tmp_path / "pair.svg").read_text("utf-8")
    assert [row["record_id"] for row in clusters(path)] == ["0", "1", "2", "3"]


def test_a_model_of_an_unlike_file_is_refused_and_says_what_each_has(tmp_path: Path) -> None:
    model = tmp_path / "model.json"
    dedupe(town_file(tmp_path), "--save-model", str(model))
    plates = write(
        tmp_path / "plates.csv", [{"plate": "UL-AB 1", "color": "red"}, {"plate": "UL-AB 1", "color": "red"}]
    )
    refused = fault_of(plates, "--model", str(model), "--column", "identifier=plate")
    assert "learned from birth date, city, email, family name, given name, phone, postcode, street" in refused
    assert "this file has none of it, but plate; leave --model out" in refused
    refused = fault_of(firms(tmp_path), "--model", str(model))
    assert "the model was learned from people, and this file holds organizations" in refused


def test_what_a_model_did_not_learn_of_is_named(tmp_path: Path) -> None:
    model = tmp_path / "model.json"
    path = town_file(tmp_path)
    left_out = [f"--ignore={column}" for column in ("Telefon", "E-Mail")]
    dedupe(path, "--save-model", str(model), *left_out)
    _, err = dedupe(path, "--model", str(model), "--ignore", "Ort", "--column", "trait=wer")
    assert "this file lacks, so nothing is compared there: city." in err
    assert "The model did not learn of these, which are weighed as in any file: email, phone." in err
    assert "The model does not know these columns, so they are not compared: wer." in err


def test_many_columns_that_are_left_out_for_one_reason_are_told_together(tmp_path: Path) -> None:
    rows = [
        {"first_name": f"Ann{row % 7}", "surname": f"Berg{row % 11}", "dob": f"1980-01-{row % 28 + 1:02}"}
        | {f"c{column}": str((row * column) % 5) for column in range(1, 300) if column % 5}
        for row in range(60)
    ]
    _, err = dedupe(write(tmp_path / "wide.csv", rows))
    assert " and 232 more: nothing (6 other columns tell more)\n" in err
    assert err.count("(6 other columns tell more)") == 1


def test_one_record_is_one_person(tmp_path: Path) -> None:
    path = write(tmp_path / "one.csv", [{"first_name": "Alice", "surname": "Moser", "dob": "1980-03-04"}])
    assert dedupe(path)[0].startswith("1 record is 1 person, as written to ")


def test_few_rows_that_agree_in_all_are_compared(tmp_path: Path) -> None:
    """A column that is the same everywhere tells nothing in a file, but much of two rows."""
    path = write(tmp_path / "two.csv", [{"first_name": "Alice", "surname": "Moser", "dob": "1980-03-04"}] * 2)
    assert dedupe(path)[0].startswith("2 records are 1 person, as written to ")


def test_where_names_alone_are_compared_it_is_said(tmp_path: Path) -> None:
    remark = "Names and traits alone tell hardly anybody from a namesake"
    path = town_file(tmp_path)
    rest = ("Geburtsdatum", "E-Mail", "Telefon", "Straße", "PLZ", "Ort")
    assert remark in dedupe(path, *(f"--ignore={column}" for column in rest))[1]
    assert remark not in dedupe(path, *(f"--ignore={column}" for column in rest[1:]))[1]


@pytest.mark.parametrize(
    ("share", "limited", "told"), [(0.61, False, True), (0.4, False, False), (0.97, False, False), (0.61, True, False)]
)
def test_an_identifier_that_mostly_differs_is_pointed_out_unless_it_is_limited(
    share: float, limited: bool, told: bool, tmp_path: Path
) -> None:
    done = deduplicate(town_with(tmp_path, "x17"))
    shares = list(done.found.model.match)
    shares[COLUMN["identifier"]] = (share, 0.01, 0.99 - share)
    found = replace(done.found, model=replace(done.found.model, match=tuple(shares)))
    done = replace(done, found=found, limits={"x17": 1} if limited else {})
    remarks = [remark for remark in remarks_on(done, chosen={}) if "as it was learned" in remark]
    assert (
        remarks
        == [
            "Two records of one person differ in x17 in 61%, as it was learned. Where each has one of its own, "
            "namesakes were taken for one: hold them apart with --limit x17=1."
        ]
        * told
    )
    assert not [remark for remark in remarks_on(replace(done, learned_here=False), chosen={}) if "learned" in remark]


def test_where_no_column_is_a_name_it_is_said_how_to_say_which(tmp_path: Path) -> None:
    rows = [
        {"q1": f"a{place % 7}", "q2": f"b{place % 11}", "mail": f"x{place % 40}@example.org"} for place in range(80)
    ]
    assert (
        "No column was taken for a name. Where one is, say which: --column given_name=COLUMN"
        in (dedupe(write(tmp_path / "codes.csv", rows))[1])
    )
    assert "No column was taken for a name" not in dedupe(town_file(tmp_path))[1]
