"""Answers move what every pair is worth: as far as there are many, and never far."""

from dataclasses import replace

import pytest

from identity.matching import LINK, Answer, Model, Person, log_odds, shift_of, shifted
from identity.matching.few import FewPeople

LIKELY, DOUBTFUL = log_odds(0.8), log_odds(0.5)
NO, YES = Answer(LIKELY, False), Answer(LIKELY, True)


def after(bits, answers):
    """What a pair of so many bits is worth once these are taken in."""
    return round(1 / (1 + 2 ** -(bits + shift_of(answers))), 3)


def test_without_answers_nothing_moves():
    assert shift_of([]) == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([NO], 0.785),
        ([YES], 0.804),
        ([NO] * 20, 0.529),
        ([NO] * 100, 0.333),
        ([NO] * 10_000, 0.333),
        ([YES] * 20, 0.851),
        ([YES] * 10_000, 0.919),
        ([YES] * 8 + [NO] * 2, 0.8),
        ([YES] * 800 + [NO] * 200, 0.8),
        ([YES] * 500 + [NO] * 500, 0.511),
        ([NO, YES], 0.789),
    ],
)
def test_what_was_worth_80_percent_is_worth_what_people_found(answers, expected):
    assert after(LIKELY, answers) == expected


def test_a_hundred_answers_to_the_same_end_do_not_join_what_was_even():
    assert after(DOUBTFUL, [YES] * 10_000) < LINK


def test_pairs_of_one_decision_weigh_as_one():
    decision = [replace(NO, weight=1 / 40)] * 40
    assert shift_of(decision) == pytest.approx(shift_of([NO]))


def test_absurd_pairs_are_no_reason_to_believe_everything():
    assert shift_of([Answer(-400.0, True), Answer(400.0, False)]) == pytest.approx(0, abs=1e-4)
    assert 0 < shift_of([Answer(-400.0, True)]) < 0.2


@pytest.mark.parametrize("shift", [-3.0, -0.5, 0.0, 1.5])
def test_a_shifted_model_weighs_every_pair_by_so_many_bits_more(shift):
    model = replace(Model.default(), household=None, household_prior=0.0)
    persons = [
        Person(given_name="Ann", family_name="Frost", birth_date="1980-03-04"),
        Person(given_name="Anna", family_name="Frost", phone="+447700900101"),
    ]
    before, then = (FewPeople(persons, one).weigh(0, 1).log_odds for one in (model, shifted(model, shift)))
    assert then - before == pytest.approx(shift, abs=1e-9)


def test_with_housemates_in_the_model_as_well():
    model, moved = Model.default(), shifted(Model.default(), -2.0)
    persons = [Person(given_name="Ann", family_name="Frost"), Person(given_name="Ann", family_name="Frost")]
    before, then = (FewPeople(persons, one).weigh(0, 1).log_odds for one in (model, moved))
    assert then - before == pytest.approx(-2.0, abs=1e-3)
    assert (moved.household_prior, moved.match, moved.chance) == (model.household_prior, model.match, model.chance)
