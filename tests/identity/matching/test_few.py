"""A few people compared one by one: the same levels, scores and contradictions as in columns."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.matching import COMPARISONS, Model, People, Person, compare, contradicts, score
from identity.matching.few import FEW, FewPeople
from identity.matching.identifiers import JUNK_RECORDS
from identity.matching.waterfall import steps_of

LEARNED = replace(
    Model.default(), frequencies={"given_name": {"anna": 0.01}, "family_name": {"muller": 0.02}}, learned_on=9_000
)
MODELS = {
    "default": Model.default(),
    "learned": LEARNED,
    "without households": replace(Model.default(), household=None),
    "of a file without housemates": replace(LEARNED, housemates=False),
}

# Spellings near to each other, whose differences matter to one rule or another.
GIVEN = (
    "Anna|Hanna|Annika|Ann-Kathrin|A.|A|Bill|William|Martin|Martina|Marvin|Müller|Mueller|Li|Lin|Ян|Dr. Anna|n/a|Jo Ann"
)
FAMILY = (
    "Müller|Mueller|Muller|Mueler|Meier|Meyer-Schulz|Schulz|Schultz|von der Mühlen|Anna|Bill|Li|Lin|unknown|X Y Z V W"
)
BORN = (
    "1980-03-04|1980-04-03|1980-03-05|1981-03-04|1980-12-04|1965-03-04|1908-03-04|1900-01-01|soon|1995-11-30|1980-00-00"
)
EMAIL = "anna@gmail.com|an.na@googlemail.com|anna+x@gmx.de|anna@firma.de|anna.mueller7@gmx.de|anna.mueller8@gmx.de"
EMAIL += "|anna.muller@firma.de|annamuller@gmx.de|amuller@gmx.de|a.muller@gmail.com|muller.anna@firma.de"
EMAIL += "|info@x.de|nobody|anna.muller.schulz@gmx.de|anna.muler.schulz@gmx.de"
PHONE = "+4930123456|+4930123457| +4930123456"
STREET = "Hauptstr. 1|Hauptstraße 1|Hauptstrasse 2|Haupstrasse 1|Am Ring|Am Ring 3a|Am Ring 3 a|12|Ul. Długa 5"
POSTCODE = "10115|10117|SW1A 1AA|sw1a1aa"
CITY = "Berlin|Berlln|Bonn|Köln|Koeln|Bad Honnef"
COUNTRY = "DE|de|AT"


def one_of(spellings: str) -> st.SearchStrategy[str | None]:
    return st.sampled_from([None, "", *spellings.split("|")])


PERSONS = st.builds(
    Person,
    given_name=one_of(GIVEN) | st.text(max_size=6),
    family_name=one_of(FAMILY) | st.text(max_size=6),
    birth_date=one_of(BORN),
    email=one_of(EMAIL),
    phone=one_of(PHONE),
    street=one_of(STREET),
    postcode=one_of(POSTCODE),
    city=one_of(CITY),
    country=one_of(COUNTRY),
)


def same_as_in_columns(persons: list[Person], model: Model) -> None:
    people, few = People.build(range(len(persons)), persons, to_block=False), FewPeople(persons, model)
    pairs = np.array(list(combinations(range(len(persons)), 2)), dtype=np.int32).reshape(-1, 2)
    levels = compare(people, pairs)
    scores = score(levels, model, people=people, pairs=pairs)
    email = [comparison.name for comparison in COMPARISONS].index("email")
    weighed = [few.weigh(a, b) for a, b in pairs.tolist()]
    assert [list(one.levels) for one in weighed] == levels[:, :6].tolist()
    assert [one.log_odds for one in weighed] == pytest.approx(scores.log_odds.tolist(), abs=1e-9)
    assert [one.alternative for one in weighed] == pytest.approx(scores.alternative.tolist(), abs=1e-9)
    assert [one.contradiction for one in weighed] == scores.contradiction.tolist()
    assert few.contradicts(pairs).tolist() == contradicts(people, model, pairs).tolist()
    household = np.append(people.shared_emails.household, True)[people.email.codes[pairs[:, 0]]]
    sure = (levels[:, email] == 3) & ~household & ~scores.contradiction
    assert [few.same_mailbox(a, one) for (a, _), one in zip(pairs.tolist(), weighed, strict=True)] == sure.tolist()
    for row, one in enumerate(weighed):
        found, in_columns = few.steps(one), steps_of(levels, scores, row)
        assert [step[:2] for step in found] == [step[:2] for step in in_columns]
        assert [step[2] for step in found] == pytest.approx([step[2] for step in in_columns], abs=0.0101)


@settings(max_examples=300, deadline=None)
@given(st.lists(PERSONS, min_size=2, max_size=7), st.sampled_from(sorted(MODELS)))
def test_levels_scores_and_contradictions_are_those_of_columns(persons: list[Person], model: str) -> None:
    same_as_in_columns(persons, MODELS[model])


@pytest.mark.parametrize("more", [0, 1])
def test_what_a_crowd_bears_is_junk_from_the_same_number_on(more: int) -> None:
    persons = [
        Person(given_name="Anna", family_name=f"Name{'abcdefghijklmn'[n]}", email="all@firma.de", phone="+4930123456")
        for n in range(JUNK_RECORDS + more)
    ]
    same_as_in_columns(persons, LEARNED)
    assert FewPeople(persons, LEARNED).weigh(0, 1).levels[3:5] == ((3, 1) if not more else (-1, -1))


def test_what_the_model_knows_to_be_junk_is_nobodys_among_few() -> None:
    persons = [Person(given_name="Anna", family_name=name, email="all@firma.de", phone="+4930123456") for name in "AB"]
    model = replace(LEARNED, junk={"email": frozenset({"all@firma.de"}), "phone": frozenset({"+4930123456"})})
    people = People.build(range(2), persons, junk=model.junk)
    assert people.email.codes.tolist() == people.phone.codes.tolist() == [-1, -1]
    assert FewPeople(persons, model).weigh(0, 1).levels[3:5] == (-1, -1)
    assert FewPeople(persons, LEARNED).weigh(0, 1).levels[3:5] == (3, 1)


@pytest.mark.parametrize(
    ("local", "told"), [("anna.mueller", -1), ("amueller", -1), ("anna.mueller7", 2), ("sunshine", 2)]
)
def test_a_local_part_that_says_only_the_name_tells_nothing_at_another_provider(local: str, told: int) -> None:
    persons = [Person(given_name="Anna", family_name="Müller", email=f"{local}@{at}") for at in ("gmx.de", "firma.de")]
    same_as_in_columns(persons, LEARNED)
    assert FewPeople(persons, LEARNED).weigh(0, 1).levels[3] == told


def test_many_people_and_those_who_bear_what_a_file_holds_are_left_to_columns() -> None:
    assert FewPeople.fits([Person()] * FEW)
    assert not FewPeople.fits([Person()] * (FEW + 1))
    assert not FewPeople.fits([Person(), Person(trait="f")])
