"""Questions to the database that are asked together: the server answers one while the next is written.

A question alone waits for its answer, which for a small one takes longer than finding it. Statements are planned once
for each connection (`vault.cursors.plan_once`), so they are such as find rows by an index, however many.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Generic, TypeVar

from django.db import connection
from psycopg.pq import PipelineStatus

from vault.cursors import planned_cursor

T = TypeVar("T")
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """A statement with its parameters, and what its rows mean."""

    statement: str
    parameters: Any
    read: Callable[[Rows], T]


def joined(*questions: Question[Any]) -> Question[list[Any]]:
    """These as one: handed over, planned and answered at once, which for small ones is most of what they cost.

    Each yields two ids and a text, any of them null. Raises `ValueError` when a parameter of one name has two values.
    """
    parameters: dict[str, Any] = {}
    for question in questions:
        if any(parameters.get(name, value) != value for name, value in question.parameters.items()):
            raise ValueError("questions that are joined call two values by one name")
        parameters |= question.parameters
    return Question(_union(tuple(question.statement for question in questions)), parameters, partial(_read, questions))


def _read(questions: Sequence[Question[Any]], rows: Rows) -> list[Any]:
    found: list[Rows] = [[] for _ in questions]
    for place, *row in rows:
        found[place].append(tuple(row))
    return [question.read(theirs) for question, theirs in zip(questions, found, strict=True)]


@cache
def _union(statements: tuple[str, ...]) -> str:
    """One statement whose rows begin with the place of the statement that they come from."""
    parts = [
        f"SELECT {place} AS place, part.* FROM ({' '.join(statement.split())}) AS part (one, other, told)"
        for place, statement in enumerate(statements)
    ]
    return " UNION ALL ".join(parts)


class Asked(Generic[T]):
    """A question that is on its way: its answer comes along with that of whatever is waited for next."""

    def __init__(self, question: Question[T], rows: Callable[[], Rows]) -> None:
        self._question = question
        self._rows = rows

    def answer(self) -> T:
        """The answer, once; waited for unless it has come. Raises the errors of `django.db`."""
        with connection.wrap_database_errors:
            rows = self._rows()
        return self._question.read(rows)


def ask(question: Question[T]) -> Asked[T]:
    """Ask this and go on. Where nothing is `unhurried` it is answered at once."""
    connected = connection.connection
    waits = connected is None or connected.info.pipeline_status != PipelineStatus.ON
    if waits or connection.execute_wrappers or connection.queries_logged:
        (rows,) = _watched([question])
        return Asked(question, lambda: rows)
    cursor = connected.cursor(binary=True)
    cursor.execute(question.statement, question.parameters, prepare=True)
    return Asked(question, cursor.fetchall)


def answer(question: Question[T]) -> T:
    """The answer to one question."""
    found: T = answers(question)[0]
    return found


def answers(*questions: Question[Any]) -> list[Any]:
    """The answers to these, in order. Raises the errors of `django.db`."""
    found = _watched(questions) if connection.execute_wrappers or connection.queries_logged else _together(questions)
    return [question.read(rows) for question, rows in zip(questions, found, strict=True)]


def _watched(questions: Sequence[Question[Any]]) -> list[Rows]:
    """One by one, where somebody looks at every statement."""
    found = []
    for question in questions:
        with planned_cursor() as cursor:
            cursor.execute(question.statement, question.parameters)
            found.append(cursor.fetchall())
    return found


def _together(questions: Sequence[Question[Any]]) -> list[Rows]:
    with unhurried():
        connected = connection.connection
        cursors = [connected.cursor(binary=True) for _ in questions]
        for cursor, question in zip(cursors, questions, strict=True):
            cursor.execute(question.statement, question.parameters, prepare=True)
        return [cursor.fetchall() for cursor in cursors]


@contextmanager
def unhurried() -> Iterator[None]:
    """Nothing waits here for what it writes, but for what it reads alone.

    The error of a statement is raised by a later one, or at the end. How many rows a statement wrote (`rowcount`) is
    not known here.
    """
    connection.ensure_connection()
    connected = connection.connection
    if connected.info.pipeline_status == PipelineStatus.ON:
        yield
        return
    with connection.wrap_database_errors, connected.pipeline():
        yield
