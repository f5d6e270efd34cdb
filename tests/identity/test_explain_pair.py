"""manage.py explain_pair: why two records of a file are, or are not, one person."""

import csv
import json
from dataclasses import asdict
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from identity.matching import Model, People, Person, compare, score
from tests.identity.matching import cast

FIELDS = ("given_name", "family_name", "birth_date", "email", "phone", "street", "postcode", "city", "country")
PEOPLE = {
    "alice": cast.ALICE,
    "alice_at_work": cast.ALICE_AT_WORK,
    "bob_her_twin": cast.BOB_HER_TWIN,
    "nobody": Person(country="DE"),
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    with path.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(["record_id", *FIELDS])
        for name, person in PEOPLE.items():
            writer.writerow([name, *(asdict(person)[field] for field in FIELDS)])
    return path


def explain(file: Path, *arguments: str, err: StringIO | None = None) -> str:
    out = StringIO()
    columns = [f"--column={field}={field}" for field in FIELDS]
    call_command(
        "explain_pair", str(file), *arguments, *columns, "--id=record_id", stdout=out, stderr=err or StringIO()
    )
    return out.getvalue()


def test_a_pair_is_explained_as_the_engine_weighs_it(file: Path) -> None:
    said = json.loads(explain(file, "alice_at_work", "alice", "--json"))
    people = People.build(range(len(PEOPLE)), list(PEOPLE.values()))
    pairs = np.array([(0, 1)], dtype=np.int32)
    scores = score(compare(people, pairs), Model.default(), people=people, pairs=pairs, closely=True)
    assert said["probability"] == pytest.approx(float(scores.probability[0]))
    assert [(step["comparison"], step["level"]) for step in said["steps"]] == [
        ("prior", "before any evidence"),
        ("given_name", "variant"),
        ("family_name", "exact"),
        ("birth_date", "exact"),
        ("email", "exact"),
        ("address", "different"),
        ("household", "may be two people"),
    ]
    assert sum(step["bits"] for step in said["steps"]) == pytest.approx(float(scores.log_odds[0]), abs=0.05)


def test_a_twin_is_held_back_by_a_contradiction(file: Path) -> None:
    said = explain(file, "alice", "bob_her_twin")
    assert "Given name          different" in said
    assert "Contradiction       plainly differ" in said
    assert said.splitlines()[-1] == "odds of 4 to 1, 80.0 % likely one person"


def test_the_picture_holds_levels_and_no_value(file: Path, tmp_path: Path) -> None:
    explain(file, "alice", "alice_at_work", "--out", str(tmp_path / "pair.svg"))
    drawn = (tmp_path / "pair.svg").read_text("utf-8")
    ElementTree.fromstring(drawn)
    assert "another form" in drawn
    values = {value for name in ("alice", "alice_at_work") for value in asdict(PEOPLE[name]).values() if value}
    assert [value for value in values - {"DE"} if value.casefold() in drawn.casefold()] == []


def test_traits_are_called_as_their_columns_are(tmp_path: Path) -> None:
    path, drawn, out = tmp_path / "staff.csv", tmp_path / "pair.svg", StringIO()
    rows = ["no,surname,shift,badge", "a,Berg,night,A-17", "b,Berg,night,A-18", "c,Dorn,day,A-19"]
    path.write_text("\n".join(rows), encoding="utf-8")
    chosen = ["--column=trait=shift", "--column=identifier=badge", "--id=no"]
    call_command("explain_pair", str(path), "a", "b", "--out", str(drawn), *chosen, stdout=out, stderr=StringIO())
    assert [line.split()[0] for line in out.getvalue().splitlines()[1:4]] == ["Family", "Badge", "Shift"]
    assert "Shift, exact" in drawn.read_text("utf-8")
    out = StringIO()
    call_command("explain_pair", str(path), "a", "b", "--json", *chosen, stdout=out, stderr=StringIO())
    steps = json.loads(out.getvalue())["steps"]
    assert [(step["comparison"], step.get("column")) for step in steps[1:4]] == [
        ("family_name", None),
        ("identifier", "badge"),
        ("trait", "shift"),
    ]


def test_records_that_share_no_field(file: Path) -> None:
    said = explain(file, "alice", "nobody")
    assert "No field is known of both." in said
    assert said.splitlines()[0].startswith("Starting point      before any evidence")


def test_a_saved_model_is_used(file: Path, tmp_path: Path) -> None:
    saved = Model.default().to_dict() | {"prior": 0.25, "household": None, "household_prior": 0.0}
    (tmp_path / "model.json").write_text(json.dumps(saved), "utf-8")
    said = json.loads(explain(file, "alice", "nobody", "--model", str(tmp_path / "model.json"), "--json"))
    assert said["probability"] == pytest.approx(0.25)


def test_what_the_file_lacks_of_the_model_is_named(file: Path, tmp_path: Path) -> None:
    fields = {"fields": ["given_name", "occupation"], "learned_on": 300, "columns": {"identifier": "ssn"}}
    (tmp_path / "model.json").write_text(json.dumps(Model.default().to_dict() | fields), "utf-8")
    err = StringIO()
    explain(file, "alice", "nobody", "--model", str(tmp_path / "model.json"), err=err)
    assert "nothing is compared there: occupation, ssn. Where a field goes by another name" in err.getvalue()


@pytest.mark.parametrize(
    ("records", "way_out"), [(("alice", "zoe"), "--id"), (("alice", "alice"), "name two"), (("1", "2"), "--id")]
)
def test_faults_name_the_way_out(file: Path, records: tuple[str, str], way_out: str) -> None:
    with pytest.raises(CommandError, match=way_out):
        explain(file, *records)
