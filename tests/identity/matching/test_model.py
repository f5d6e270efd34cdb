import json
import math
from dataclasses import replace

import numpy as np
import pytest

from identity.matching import (
    COMPARISONS,
    Model,
    People,
    Person,
    UnreadableModelError,
    candidate_pairs,
    compare,
    evidence,
    learn,
    score,
)
from tests.identity.matching import cast


def learned(households: int) -> Model:
    persons, _ = cast.town(households)
    people = People.build(range(len(persons)), persons)
    pairs, _ = candidate_pairs(people)
    return learn(compare(people, pairs), people=people)


def test_a_model_survives_json() -> None:
    known = {"frequencies": {"family_name": {"muller": 0.01}}, "providers": frozenset({"post.example"})}
    known |= {"junk": {"phone": frozenset({"+493012345678"})}}
    model = replace(Model.default(), **known, learned_on=5000)
    assert Model.from_dict(json.loads(json.dumps(model.to_dict()))) == model


def test_a_model_without_household_survives_json() -> None:
    model = replace(Model.default(), household=None, household_prior=0.0)
    assert Model.from_dict(json.loads(json.dumps(model.to_dict()))) == model


def test_another_version_is_refused() -> None:
    with pytest.raises(UnreadableModelError, match="version '0'"):
        Model.from_dict({**Model.default().to_dict(), "version": "0"})


def test_another_comparison_is_refused() -> None:
    saved = Model.default().to_dict()
    del saved["match"]["phone"]
    with pytest.raises(UnreadableModelError, match="phone"):
        Model.from_dict(saved)


def test_impossible_shares_are_refused() -> None:
    with pytest.raises(UnreadableModelError):
        replace(Model.default(), prior=0.0)


def test_few_people_get_the_default_model() -> None:
    assert learned(40) == Model.default()


def test_a_town_is_learned_with_its_households() -> None:
    model = learned(300)
    persons, truth = cast.town(300)
    matches = sum(n * (n - 1) / 2 for n in np.bincount(truth))
    assert model.household is not None
    assert model.housemates
    assert model.learned_on == len(persons)
    assert model.prior * len(persons) * (len(persons) - 1) / 2 == pytest.approx(matches, rel=0.1)


def test_learning_twice_gives_the_same_model() -> None:
    assert learned(100) == learned(100)


def test_exact_levels_speak_for_a_match() -> None:
    model = learned(300)
    for match, chance in zip(model.match, model.chance, strict=True):
        assert match[-1] > chance[-1]


def test_a_model_holds_no_rare_name() -> None:
    model = learned(300)
    persons, _ = cast.town(300)
    people = People.build(range(len(persons)), persons)
    counts = dict(zip(people.given_name.values, people.given_name.counts().tolist(), strict=True))
    assert model.frequencies["given_name"]
    assert all(counts[name] >= 20 for name in model.frequencies["given_name"])


def test_a_rare_name_weighs_more_than_a_common_one() -> None:
    model = replace(Model.default(), frequencies={"family_name": {"muller": 0.05}}, learned_on=100_000)
    persons = [cast.ALICE, cast.ALICE, *[replace(cast.ALICE, family_name="Quast")] * 2]
    people = People.build(range(4), persons)
    pairs = np.array([(0, 1), (2, 3)], dtype=np.int32)
    weight = score(compare(people, pairs), model, people=people, pairs=pairs).weight[:, 1]
    assert weight[0] < weight[1]


def test_evidence_names_levels_and_bits_only() -> None:
    people = People.build([0, 1], [cast.ALICE, cast.ALICE_AT_WORK])
    pairs = np.array([(0, 1)], dtype=np.int32)
    levels = compare(people, pairs)
    scores = score(levels, Model.default(), people=people, pairs=pairs)
    found = evidence(levels[0], scores.weight[0])
    assert [(comparison, level) for comparison, level, _ in found] == [
        ("given_name", "variant"),
        ("family_name", "exact"),
        ("birth_date", "exact"),
        ("email", "exact"),
        ("address", "different"),
    ]
    bits = {comparison: weight for comparison, _, weight in found}
    assert bits["birth_date"] > 0 > bits["address"]
    assert len(scores.weight[0]) == len(COMPARISONS)


def test_a_model_saved_before_files_had_models_reads_as_it_did() -> None:
    saved = Model.default().to_dict()
    for shares in (saved["match"], saved["chance"], saved["household"]):
        shares["birth_date"]["near"] += shares["birth_date"].pop("two_parts")
        for name in [name for name in shares if name.startswith(("identifier", "trait"))]:
            del shares[name]
    del saved["providers"]
    read = Model.from_dict(saved)
    assert read.to_dict() == Model.default().to_dict()


def test_dates_alike_in_two_parts_weigh_by_default_as_near_ones_do() -> None:
    near, two_parts = (log_ratio(Model.default(), "birth_date", level) for level in ("near", "two_parts"))
    assert near == pytest.approx(two_parts)


def log_ratio(model: Model, comparison: str, level: str) -> float:
    saved = model.to_dict()
    return math.log2(saved["match"][comparison][level] / saved["chance"][comparison][level])


def test_a_trait_on_which_matches_never_agree_tells_nothing() -> None:
    persons, truth = cast.town(300)
    again = [row > 0 and truth[row] == truth[row - 1] for row in range(len(truth))]
    listed = [replace(person, trait="b" if second else "a") for person, second in zip(persons, again, strict=True)]
    people = People.build(range(len(listed)), listed)
    saved = learn(compare(people, candidate_pairs(people)[0]), people=people).to_dict()
    assert saved["match"]["trait"] == saved["chance"]["trait"]
    assert saved["match"]["phone"] != saved["chance"]["phone"]


@pytest.mark.parametrize(
    ("known", "level"),
    [
        (("street", "postcode", "city"), "same_address"),
        (("street", "city"), "same_address"),
        (("postcode", "city"), "same_postcode"),
        (("city",), "same_city"),
    ],
)
def test_places_are_learned_as_finely_as_the_file_knows_them(known: tuple[str, ...], level: str) -> None:
    persons, _ = cast.town(300)
    unknown = {"street": None, "postcode": None, "city": None}
    persons = [
        replace(person, **{**unknown, **{field: getattr(town, field) for field in known}})
        for person, town in zip(persons, in_towns(persons), strict=True)
    ]
    people = People.build(range(len(persons)), persons)
    model = learn(compare(people, candidate_pairs(people)[0]), people=people)
    default = log_ratio(Model.default(), "address", level)
    assert model.learned_on == len(persons)
    assert log_ratio(model, "address", level) != default
    assert log_ratio(model, "address", level) > max(0, log_ratio(model, "address", "different"))


TOWNS = ("Aachen", "Bonn", "Celle", "Dachau", "Erfurt", "Fulda", "Gotha", "Husum", "Jena", "Kiel", "Lindau", "Ulm")


def in_towns(persons: list[Person]) -> list[Person]:
    """Return the same people in a dozen towns, by their postcode."""
    return [replace(person, city=TOWNS[int(person.postcode or 0) % len(TOWNS)]) for person in persons]
