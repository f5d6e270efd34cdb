import pytest

from identity.matching import NO_EVIDENCE, People, Person
from tests.identity.matching import cast
from tests.identity.matching.test_compare import level_of


def test_each_distinct_value_has_one_code() -> None:
    people = People.build("abc", [cast.ALICE, cast.ALICE_AT_WORK, Person()])
    assert people.family_name.codes.tolist() == [0, 0, -1]
    assert people.family_name.values == ("muller",)
    assert people.birth_year.values == ("1980",)
    assert people.given_class.codes.tolist() == [0, 0, -1]


def test_ids_must_be_as_many_as_persons() -> None:
    with pytest.raises(ValueError, match="1 ids for 2 persons"):
        People.build([1], [cast.ALICE, cast.ALICE])


def test_nothing_shows_values() -> None:
    people = People.build([1], [cast.ALICE])
    assert repr(people) == "People(1)"
    assert "ller" not in repr(cast.ALICE)
    assert repr(Person()) == "Person(knows nothing)"


def test_no_people_and_empty_people_are_fine() -> None:
    assert len(People.build([], [])) == 0
    assert (level_of(Person(), Person()) == NO_EVIDENCE).all()


def shop_customers(count: int) -> list[Person]:
    return [
        Person(given_name=f"Given{number}", family_name=f"Family{chr(97 + number)}", phone="+4930000000")
        for number in range(count)
    ]


def test_a_phone_of_many_surnames_identifies_nobody() -> None:
    people = People.build(range(13), shop_customers(13))
    assert people.shared_phones.junk.tolist() == [True]
    assert people.phone.codes.tolist() == [-1] * 13


def test_a_dozen_records_are_not_yet_junk() -> None:
    people = People.build(range(12), shop_customers(12))
    assert people.shared_phones.junk.tolist() == [False]
    assert people.shared_phones.household.tolist() == [True]


def test_many_records_of_few_surnames_are_not_junk() -> None:
    persons = [Person(given_name="Ann", family_name=f"Family{chr(97 + n % 8)}", email="a@b.org") for n in range(40)]
    people = People.build(range(40), persons)
    assert people.shared_emails.junk.tolist() == [False]


def test_what_is_junk_is_told_and_known_again_among_few() -> None:
    assert People.build(range(19), shop_customers(19)).junk == {"email": frozenset(), "phone": frozenset()}
    junk = People.build(range(20), shop_customers(20)).junk
    assert junk == {"email": frozenset(), "phone": frozenset({"+4930000000"})}
    people = People.build(range(2), shop_customers(2), junk=junk)
    assert people.phone.codes.tolist() == [-1, -1]
    assert People.build(range(2), shop_customers(2)).phone.codes.tolist() == [0, 0]


def test_what_is_known_to_be_junk_is_no_households_either() -> None:
    phone, other = "+4930000000", "+4930111111"
    pairs = [Person(given_name=name, phone=one) for name in ("Ann", "Bob") for one in (phone, other)]
    codes = People.build(range(4), pairs).phone.values
    plain = People.build(range(4), pairs).shared_phones
    assert (plain.household.tolist(), plain.junk.tolist()) == ([True, True], [False, False])
    known = People.build(range(4), pairs, junk={"phone": frozenset({codes[0]})}).shared_phones
    assert (known.household.tolist(), known.junk.tolist()) == ([False, True], [True, False])


def test_a_short_form_does_not_make_an_identifier_shared() -> None:
    people = People.build(range(2), [cast.ALICE, cast.ALICE_AT_WORK])
    assert people.shared_emails.household.tolist() == [False]


def test_a_domain_of_many_names_is_a_providers() -> None:
    def providers(count: int, names: int) -> tuple[list[int], frozenset[str]]:
        persons = [
            Person(given_name="Ann", family_name=f"Berg{number % names}", email=f"a{number}x@post.example")
            for number in range(count)
        ]
        people = People.build(range(count), persons)
        return sorted(set(people.email_domain.codes.tolist())), people.providers

    assert providers(201, 101) == ([-1], {"post.example"})
    assert providers(200, 101) == providers(201, 100) == ([0], frozenset())


def test_short_forms_sound_alike_on_either_side_of_a_name() -> None:
    names = [("Bill", "Moser"), ("Moser", "William"), ("Moser", "Bob"), ("Rupert", "Moser"), ("Moser", "Rolf")]
    persons = [Person(given_name=given, family_name=family) for given, family in names]
    sounds = People.build(range(len(persons)), persons).both_sounds.codes.tolist()
    assert sounds[0] == sounds[1]
    assert len({*sounds}) == len(sounds) - 1
