"""Questions are answered together, ahead and as one, each with its own rows."""

import psycopg
import pytest
from django.db import DataError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from vault.questions import Question, answer, answers, ask, joined, unhurried
from vault.rotation_lock import LOCK, hold_off

pytestmark = pytest.mark.django_db(transaction=True)


def _first(rows: list[tuple[int, ...]]) -> list[int]:
    return [row[0] for row in rows]


def numbers(upto: int) -> Question[list[int]]:
    return Question("SELECT * FROM generate_series(1, %(upto)b::int)", {"upto": upto}, _first)


def told(name: str, times: int) -> Question[list[str]]:
    statement = f"SELECT NULL::uuid, NULL::uuid, %({name})b::text FROM generate_series(1, %(of_{name})b::int)"
    return Question(statement, {name: name, f"of_{name}": times}, lambda rows: [row[2] for row in rows])


BROKEN: Question[list[int]] = Question("SELECT 1 / %(by)b::int", {"by": 0}, _first)


def test_each_gets_its_own_answer() -> None:
    assert answers(numbers(2), numbers(0), numbers(3)) == [[1, 2], [], [1, 2, 3]]
    assert answer(numbers(1)) == [1]


def test_what_is_asked_ahead_is_answered_whenever_it_is_looked_at() -> None:
    with transaction.atomic(), unhurried():
        first, second = ask(numbers(2)), ask(numbers(3))
        assert answer(numbers(1)) == [1]
        assert (second.answer(), first.answer()) == ([1, 2, 3], [1, 2])


def test_where_nothing_is_unhurried_or_somebody_watches_it_is_answered_at_once() -> None:
    ahead = ask(numbers(2))
    with transaction.atomic(), CaptureQueriesContext(connection) as watched, unhurried():
        seen = ask(numbers(1))
        assert len(watched) == 1
    assert (ahead.answer(), seen.answer()) == ([1, 2], [1])


def test_questions_joined_are_one_statement_and_each_reads_its_rows() -> None:
    with CaptureQueriesContext(connection) as watched:
        found = answer(joined(told("alice", 2), told("bob", 0), told("carol", 3)))
    assert (found, len(watched)) == ([["alice"] * 2, [], ["carol"] * 3], 1)


def test_questions_that_call_two_values_by_one_name_are_not_joined() -> None:
    assert answer(joined(told("alice", 1), told("alice", 1))) == [["alice"], ["alice"]]
    with pytest.raises(ValueError, match="by one name"):
        joined(told("alice", 1), told("alice", 2))


def test_an_error_is_raised_by_whoever_looks() -> None:
    def look() -> None:
        with transaction.atomic(), unhurried():
            ask(BROKEN).answer()

    with pytest.raises(DataError):
        look()
    assert answer(numbers(1)) == [1]


def test_a_rotation_is_held_off_before_any_key_is_read() -> None:
    connection.ensure_connection()
    read = []

    def seal() -> None:
        with transaction.atomic(), unhurried(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '50ms'")
            hold_off()
            read.append("a key")

    with psycopg.connect(connection.connection.info.dsn) as rotation:
        rotation.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        with pytest.raises(OperationalError):
            seal()
    assert read == []
    seal()
    assert read == ["a key"]
