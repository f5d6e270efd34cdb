"""manage.py model export --splink: settings that Splink 5 loads, the table that they speak of, and what is left out."""

import csv
import json
import os
import stat
from collections.abc import Sequence
from dataclasses import replace
from io import StringIO
from math import log2
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from identity.learning import DEFAULT_VERSION, active_model
from identity.matching import COMPARISONS, Model
from identity.matching.splink import COLUMNS, left_out, splink_settings
from identity.matching.splink.levels import conditions_of
from identity.matching.splink.prepare import numbered_letters, swapped_around
from identity.matching.splink.rarity import PLACES
from identity.people_of_file import write_prepared
from manage import reads_files_alone
from tests.identity import splink_town
from tests.identity.splink_town import Town
from tests.identity.splinking import both, predict


def export(*arguments: object) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("model", "export", "--splink", *map(str, arguments), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.mark.parametrize("ending", [".parquet", ".csv"])
def test_the_command_writes_what_splink_loads(town: Town, tmp_path: Path, ending: str) -> None:
    settings, prepared = tmp_path / "settings.json", tmp_path / f"prepared{ending}"
    arguments = ["--model", town.saved, "--out", settings, "--data", town.path, "--prepared", prepared]
    out, err = export(*arguments, *splink_town.CHOICES)
    assert "8 comparisons as Splink settings" in out
    assert "What the export leaves out:" in err
    assert stat.S_IMODE(os.stat(prepared).st_mode) == 0o600
    assert list(tmp_path.glob("*.partial")) == []
    learned = Model.from_dict(json.loads(town.saved.read_text("utf-8")))
    found = both(town.of_file, learned, predict(settings, prepared), closely=True)
    assert len(found.pairs) == len(town.people) * (len(town.people) - 1) // 2
    assert found.same_levels.mean() > 0.999


def test_without_a_file_every_comparison_is_written_with_what_the_model_knows(town: Town, tmp_path: Path) -> None:
    export("--model", town.saved, "--out", tmp_path / "settings.json")
    settings = json.loads((tmp_path / "settings.json").read_text("utf-8"))
    learned = Model.from_dict(json.loads(town.saved.read_text("utf-8")))
    assert settings["link_type"] == "dedupe_only"
    assert [each["output_column_name"] for each in settings["comparisons"]] == [each.name for each in COMPARISONS]
    for place, (comparison, written) in enumerate(zip(COMPARISONS, settings["comparisons"], strict=True)):
        conditions = conditions_of(comparison)
        assert conditions[0].level is None
        for condition, level in zip(conditions, written["comparison_levels"], strict=True):
            if condition.level is None:
                assert level["is_null_level"]
            else:
                number = comparison[condition.level]
                match, chance = learned.match[place][number], learned.chance[place][number]
                if condition.rare is None or number == len(comparison.levels) - 1 or condition.rare in PLACES:
                    assert (level["m_probability"], level["u_probability"]) == pytest.approx((match, chance))
                else:
                    average = log2(level["u_probability"] / learned.chance[place][-1]) * level["tf_adjustment_weight"]
                    weight = log2(level["m_probability"] / level["u_probability"])
                    assert weight + average == pytest.approx(log2(match / chance))


@pytest.mark.django_db
def test_without_a_model_the_live_one_is_written(tmp_path: Path) -> None:
    assert active_model()[1] == DEFAULT_VERSION
    _, err = export("--out", tmp_path / "settings.json")
    settings = json.loads((tmp_path / "settings.json").read_text("utf-8"))
    assert settings["probability_two_random_records_match"] == pytest.approx(1e-5 / (1 - 1e-5))
    assert "The class of housemates" in err
    assert "Contradictions" in err


def test_only_what_the_model_has_is_said_to_be_left_out(town: Town) -> None:
    two_classes = " ".join(left_out(town.model, all_pairs=True))
    assert [word for word in ("housemates", "Contradictions", "Blocking") if word in two_classes] == []
    assert "Blocking" in " ".join(left_out(town.model))


def test_the_odds_before_any_evidence_are_over_strangers() -> None:
    model = replace(Model.default(), prior=0.2, household_prior=0.3)
    assert splink_settings(model)["probability_two_random_records_match"] == pytest.approx(0.2 / 0.7)


@pytest.mark.parametrize(
    ("places", "city", "postcode"),
    [
        (None, (0.08, 0.03), (0.07, 0.0005)),
        ({"city": 0.06, "postcode": 0.001}, (0.16, 0.06), (0.14, 0.001)),
        ({"city": 1.0}, (1.0, 0.375**2), (0.07, 0.0005)),
    ],
)
def test_a_place_is_measured_by_the_chance_to_share_it(
    places: dict[str, float] | None, city: tuple[float, float], postcode: tuple[float, float]
) -> None:
    settings = splink_settings(Model.default(), comparisons=["address"], chances=places)
    levels = {each["label_for_charts"]: each for each in settings["comparisons"][0]["comparison_levels"]}
    for name, expected in (("same city", city), ("same postcode", postcode)):
        assert (levels[name]["m_probability"], levels[name]["u_probability"]) == pytest.approx(expected)


def test_faults_name_the_way_out(town: Town, tmp_path: Path) -> None:
    out, prepared = tmp_path / "settings.json", tmp_path / "prepared.csv"

    def fault(*arguments: object) -> str:
        with pytest.raises(CommandError) as refused:
            export("--model", town.saved, *arguments)
        assert list(tmp_path.iterdir()) == []
        return str(refused.value)

    assert "--prepared" in fault("--out", out, "--data", town.path)
    assert "--data" in fault("--out", out, "--prepared", prepared)
    assert "no file" in fault("--out", out, "--data", tmp_path / "none.csv", "--prepared", prepared)
    assert "write to another" in fault("--out", town.saved)
    assert "write to another" in fault("--out", out, "--data", town.path, "--prepared", town.path)
    assert "there is no column 'x'" in fault(
        "--out", out, "--data", town.path, "--prepared", prepared, "--column", "email=x"
    )


def test_a_database_is_needed_for_the_live_model_alone() -> None:
    assert reads_files_alone("model", "export", "--splink", "--model", "m.json")
    assert reads_files_alone("model", "export", "--splink", "--model=m.json")
    assert not reads_files_alone("model", "export", "--splink", "--out", "--model.json")
    assert reads_files_alone("dedupe", "people.csv")
    assert reads_files_alone("explain_pair", "people.csv", "1", "2")
    assert not reads_files_alone("learn", "--model")


def test_every_column_that_a_condition_speaks_of_is_prepared(town: Town, tmp_path: Path) -> None:
    write_prepared(town.of_file, tmp_path / "p.csv", model=town.model)
    with (tmp_path / "p.csv").open(encoding="utf-8", newline="") as file:
        rows: Sequence[dict[str, str]] = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [row["record_id"] for row in rows] == list(town.of_file.record_ids)
    assert {row["country"] for row in rows} == {"de", "at", ""}


def test_letters_are_numbered() -> None:
    assert numbered_letters("anna b") == "a1 n1 n2 a2 _1 b1"


def test_a_swap_around_a_letter() -> None:
    assert swapped_around("west") == "swt|wte"
    assert swapped_around("anna") is None
    assert swapped_around("ab") is None
