"""The run of bench-resolve: who is known, who comes, and what the figures say of it."""

from itertools import islice

import pytest
from django.db import connection

from bench.resolve import people
from bench.resolve.bare_tables import bare
from bench.resolve.figures import figures_of, percentile

PROFILES = 5_000


def test_a_population_is_of_as_many_people_as_asked_for_and_each_of_them_once() -> None:
    found = [people.people_of(number, among=PROFILES) for number in range(people.blocks(PROFILES))]
    assert [len(block) for block in found] == [2_000, 2_000, 1_000]
    assert len(set().union(*found)) == PROFILES


def test_half_of_those_who_come_are_known_by_another_record() -> None:
    known = {
        tuple(sorted(record.items())): person
        for number in range(people.blocks(PROFILES))
        for person, records in people.people_of(number, among=PROFILES).items()
        for record in records[1:]
    }
    coming = list(islice(people.newcomers(PROFILES), 400))
    assert [row["customer_number"] for row in coming[:2]] == ["S00000000", "S00000001"]
    written = {_told(dict(record)) for record in known}
    assert [_told(row) in written for row in coming[0::2]] == [True] * 200
    assert sum(_told(row) in written for row in coming[1::2]) == 0


def _told(row: dict[str, str]) -> tuple[str, ...]:
    return tuple(row[name] for name in ("given_name", "family_name", "birth_date", "email", "phone", "postcode"))


def test_the_population_holds_of_nobody_the_record_with_which_they_come() -> None:
    for records in people.people_of(0, among=PROFILES).values():
        held = people.known_of(records)
        assert len(held) == (2 if len(records) > 2 else 1)
        assert len(records) == 1 or len(held) < len(records)


INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'identity_blockingtoken' ORDER BY 1"


@pytest.mark.django_db
def test_a_table_that_was_bare_is_as_it_was() -> None:
    def indexes() -> list[tuple[str, str]]:
        with connection.cursor() as cursor:
            cursor.execute(INDEXES)
            return list(cursor.fetchall())

    before = indexes()
    with bare(["identity_blockingtoken"]):
        assert indexes() == []
    assert indexes() == before
    assert len(before) == 2


def test_the_middle_and_the_tail_are_records_that_were() -> None:
    each = [0.001 * number for number in range(1, 201)]
    assert (percentile(each, 50), percentile(each, 99), percentile([0.5], 99)) == (0.1, 0.198, 0.5)


def test_the_figures_of_the_last_line() -> None:
    assert figures_of(20_000, [0.004, 0.002, 0.030], 0.4567, 5_000, 4.0, 1.0, 12) == {
        "profiles": 20_000,
        "records_one_by_one": 3,
        "p50_ms": 4.0,
        "p99_ms": 30.0,
        "records_in_micro_batches": 5_000,
        "records_per_s": 1_250,
        "followed_per_s": 1_000,
        "found_share": 0.457,
        "filled_s": 12,
    }
