"""Splink 5 says of each pair what our engine says."""

import json
import os
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command

from identity.matching import COMPARISONS, KEYS, Model, People, Person, candidate_pairs
from identity.matching.block import MOST_IN_A_BLOCK, blocks_of
from identity.matching.levels import COLUMN, EMAIL, FAMILY_NAME, GIVEN_NAME, NO_EVIDENCE
from identity.matching.pairs import in_rows, pairs_within
from identity.matching.splink import chances_to_agree, known_comparisons, prepared, splink_settings
from identity.people_of_file import PeopleOfFile, read_people, write_prepared
from tests.identity.splink_town import Town
from tests.identity.splinking import Both, both, predict


@pytest.fixture(scope="module")
def said(town: Town) -> Both:
    """What both say of all pairs of the town."""
    table = town.path.with_name("prepared.parquet")
    write_prepared(town.of_file, table, model=town.model)
    comparisons = known_comparisons(town.people)
    settings = splink_settings(town.model, comparisons=comparisons, rarity=False, all_pairs=True)
    return both(town.of_file, town.model, predict(settings, table))


def test_the_town_shows_every_level(said: Both) -> None:
    for place, comparison in enumerate(COMPARISONS):
        if comparison.name in ("identifier_2", *(f"trait_{number}" for number in range(2, 7))):
            continue
        seen = set(said.levels[:, place].tolist())
        assert seen >= set(range(len(comparison.levels))), comparison.name


def test_levels_agree(said: Both) -> None:
    differing = np.flatnonzero(~said.same_levels)
    assert len(said.pairs) > 80_000
    assert len(differing) <= 0.001 * len(said.pairs)
    # What is left is in e-mail addresses, whose slips DuckDB counts a little differently.
    assert set(np.nonzero(said.levels != said.their_levels)[1].tolist()) <= {COLUMN["email"]}


def test_weights_agree_where_levels_do(said: Both) -> None:
    same = said.same_levels
    theirs = said.predicted["match_weight"].to_numpy()
    assert np.abs(theirs[same] - said.log_odds[same]).max() < 1e-6
    assert np.abs(said.predicted["match_probability"].to_numpy()[same] - said.probability[same]).max() < 1e-6


def test_decisions_agree(said: Both) -> None:
    linked = said.probability >= 0.5
    assert linked.sum() > 100
    assert ((said.predicted["match_probability"].to_numpy() >= 0.5) == linked).all()


def test_rare_exact_names_count_as_much_there_as_here(town: Town) -> None:
    """Both count names among the people at hand, when the model knows no frequencies."""
    table = town.path.with_name("rare.parquet")
    model = replace(town.model, frequencies={})
    write_prepared(town.of_file, table, model=model)
    settings = splink_settings(model, comparisons=["given_name", "family_name"])
    found = both(town.of_file, model, predict(settings, table))
    for comparison in (GIVEN_NAME, FAMILY_NAME):
        exact = found.levels[:, COLUMN[comparison.name]] == comparison["exact"]
        assert exact.sum() > 100
        apart = found.their_weights(comparison.name) - found.weights[:, COLUMN[comparison.name]]
        assert np.abs(apart[exact]).max() < 1e-6


def test_whatever_is_rare_counts_as_much_there_as_here(town: Town) -> None:
    """Names by the frequencies of the model, if it has any; names alike, places and traits by those of these people."""
    model, table = _with_frequencies(town), town.path.with_name("all_rare.parquet")
    write_prepared(town.of_file, table, model=model)
    chances = chances_to_agree(town.people)
    settings = splink_settings(model, comparisons=known_comparisons(town.people), chances=chances, all_pairs=True)
    found = both(town.of_file, model, predict(settings, table), closely=True)
    same = found.same_levels
    for name in ("given_name", "family_name", "address", "trait"):
        # Its bits differ from pair to pair.
        assert np.ptp(found.predicted[f"mw_tf_adj_{name}"].to_numpy()) > 0.2
        assert np.abs(found.their_weights(name) - found.weights[:, COLUMN[name]])[same].max() < 1e-6
    assert np.abs(found.predicted["match_weight"].to_numpy() - found.log_odds)[same].max() < 1e-6


def test_a_name_whose_frequency_the_model_does_not_know_is_counted_as_nobody_elses(town: Town) -> None:
    model = _with_frequencies(town)
    columns = prepared(town.people, town.of_file.record_ids, model=model)
    known, rare = [], []
    for name, counted in zip(columns["given_name"], columns["given_name_counted"], strict=True):
        (known if name in model.frequencies["given_name"] else rare).append((name, counted))
    assert [name for name, counted in known if counted != name] == []
    assert len({counted for _, counted in rare}) == len(rare) > 0
    assert set(columns["family_name_counted"]) == {None}


def _with_frequencies(town: Town) -> Model:
    """Return the town's model with the frequencies of its commonest given names, and of no family name."""
    names = town.people.given_name
    common = np.argsort(-names.counts())[:10]
    shares = {names.values[at]: float(names.counts()[at] / names.counts().sum()) for at in common}
    return replace(town.model, frequencies={"given_name": shares, "family_name": {}})


def test_what_is_just_as_close_as_needed_is_similar_in_both(tmp_path: Path) -> None:
    """Of "babbab" and "bdabbabac" the closeness is .9, and in double precision a little less."""
    people = People.build([0, 1], [Person(family_name="babbab"), Person(family_name="bdabbabac")])
    of_file, model = PeopleOfFile(people, ["0", "1"], ()), Model.default()
    write_prepared(of_file, tmp_path / "two.csv", model=model)
    settings = splink_settings(model, comparisons=["family_name"], rarity=False, all_pairs=True)
    found = both(of_file, model, predict(settings, tmp_path / "two.csv"))
    assert found.levels[0, COLUMN["family_name"]] == FAMILY_NAME["similar"]
    assert found.same_levels.all()


@pytest.mark.parametrize(("local", "level"), [("ann.moser", NO_EVIDENCE), ("ann.moser80", EMAIL["same_local_part"])])
def test_a_local_part_that_says_only_the_name_is_evidence_to_neither(local: str, level: int, tmp_path: Path) -> None:
    ann = Person(given_name="Ann", family_name="Moser", email=f"{local}@example.org")
    people = People.build([0, 1], [ann, replace(ann, email=f"{local}@example.net")])
    of_file, model = PeopleOfFile(people, ["0", "1"], ()), Model.default()
    write_prepared(of_file, tmp_path / "two.csv", model=model)
    settings = splink_settings(model, comparisons=["email"], rarity=False, all_pairs=True)
    found = both(of_file, model, predict(settings, tmp_path / "two.csv"))
    assert found.levels[0, COLUMN["email"]] == found.their_levels[0, COLUMN["email"]] == level


def test_a_block_too_large_to_be_compared_within_is_no_block() -> None:
    crowd = [Person(given_name="Ann", family_name="Moser", birth_date="1980-03-04")] * (MOST_IN_A_BLOCK + 1)
    for persons, blocked in ((crowd, {None}), (crowd[1:], {"0"})):
        people = People.build(range(len(persons)), persons)
        columns = prepared(people, [str(row) for row in range(len(persons))], model=Model.default())
        assert set(columns["block_of_family_sound_birth_date"]) == blocked
        assert set(columns["block_of_family_sound_postcode"]) == {None}


def test_splink_compares_whom_the_fixed_keys_bring_together(town: Town) -> None:
    table = town.path.with_name("blocked.parquet")
    write_prepared(town.of_file, table, model=town.model)
    blocks = [blocks_of(town.people, fields) for fields in KEYS]
    pairs = {tuple(pair) for each in blocks for pair in in_rows(pairs_within(each)).tolist()}
    assert pairs <= {tuple(pair) for pair in candidate_pairs(town.people)[0].tolist()}
    settings = splink_settings(town.model, comparisons=["phone"], rarity=False)
    assert len(settings["blocking_rules_to_generate_predictions"]) == len(KEYS)
    found = both(town.of_file, town.model, predict(settings, table))
    assert {tuple(sorted(pair)) for pair in found.pairs.tolist()} == pairs


@pytest.mark.data
def test_predictions_agree_on_very_dirty_records(tmp_path: Path) -> None:
    path = Path(os.environ.get("ONYM_DATA", "/nonexistent")) / "er" / "fake_1000.csv"
    if not path.exists():
        pytest.skip("fake_1000.csv is not below ONYM_DATA")
    settings, table, saved = (tmp_path / name for name in ("settings.json", "prepared.parquet", "model.json"))
    quiet = {"stdout": StringIO(), "stderr": StringIO()}
    call_command("dedupe", str(path), "--out", str(tmp_path / "clusters.csv"), "--save-model", str(saved), **quiet)
    arguments = ["--model", saved, "--out", settings, "--data", path, "--prepared", table]
    call_command("model", "export", "--splink", *map(str, arguments), **quiet)
    model = Model.from_dict(json.loads(saved.read_text("utf-8")))
    found = both(read_people(path), model, predict(settings, table), closely=True)
    linked = found.probability >= 0.5
    assert linked.sum() > 1_500
    assert found.same_levels.all()
    assert np.abs(found.predicted["match_weight"].to_numpy() - found.log_odds).max() < 1e-6
    assert ((found.predicted["match_probability"].to_numpy() >= 0.5) == linked).all()
