"""The ways to be wrong: each is made where it should be, once, and leaves a source that can be read."""

import ast

import pytest

from tests.mutation.change import Change
from tests.mutation.consent import FILES, changes, mutants, source_of
from tests.mutation.equivalent import EQUIVALENT
from tests.mutation.of_python import changes_of
from tests.test_mutants import ROOT


def lines(source: str) -> set[str]:
    """What the only line of a function, or of a constant, becomes."""
    return {change.after for change in changes_of("thing.py", source)}


def made(line: str, head: str = "def f(x, y, z):\n    ") -> set[str]:
    return lines(f"{head}{line}\n")


@pytest.mark.parametrize(
    ("line", "becomes"),
    [
        ("a = x < y", {"a = x <= y", "a = x >= y"}),
        ("a = x >= y", {"a = x > y", "a = x < y"}),
        ("a = x == y", {"a = x != y"}),
        ("a = x is None", {"a = x is not None"}),
        ("a = x not in y", {"a = x in y"}),
        ("a = x and y", {"a = (x) or (y)", "a = (x)", "a = (y)"}),
        ("a = x or y", {"a = (x) and (y)", "a = (x)", "a = (y)"}),
        ("a = not x", {"a = x"}),
        ("a = x + y", {"a = x - y"}),
        ("a = x | y", {"a = x & y"}),
        ("a = any(x)", {"a = all(x)"}),
        ("a = max(x)", {"a = min(x)"}),
        ("a = x.issuperset(y)", {"a = x.issubset(y)"}),
        ("a = x.get(y, z)", {"a = z", "a = x.get(y)"}),
        ("a = True", {"a = False"}),
        ("a = 7", {"a = 8"}),
        ("a = 'x'", {"a = 'xx'"}),
        ("a = {'k': x}['k']", set()),
        ("a: 'int' = x", set()),
        ("a = f(x, channel=y, at=z)", {"a = f(x, at=z)"}),
        ("a = f(channel=y, at=z)", {"a = f(at=z)"}),
        ("a = f'{x}: none'", set()),
        ("x.append(y)", {"pass"}),
        ("x += y", {"pass"}),
        ("if x: y = z", {"if True: y = z", "if False: y = z", "if not (x): y = z"}),
        ("a = y if x else z", {"a = y if True else z", "a = y if False else z", "a = y if not (x) else z"}),
        ("while x: y = z", {"while False: y = z", "while not (x): y = z"}),
        ("a = [x for x in y if z]", {f"a = [x for x in y if {one}]" for one in ("True", "False", "not (z)")}),
    ],
)
def test_what_a_line_becomes(line, becomes):
    assert made(line) == becomes


@pytest.mark.parametrize(
    ("answers", "becomes"),
    [
        ("bool", {"return True", "return False"}),
        ("str", {"return ALLOWED"}),
        ("dict[str, int]", {"return {}"}),
        ("set[int]", {"return set()"}),
        ("bytes", {'return b""'}),
        ("int | None", {"return None"}),
        ("int", set()),
    ],
)
def test_a_function_might_answer_something_else(answers, becomes):
    assert made("return x", f"def f(x) -> {answers}:\n    ") == becomes


def test_names_defaults_and_classes():
    source = "from consent.models import GRANTED, WITHDRAWN\ndef f(x=GRANTED): ...\n"
    assert lines(source) == {"def f(x=WITHDRAWN): ..."}
    assert lines("YES, NO = 'y', 'n'\n") == {"YES, NO = 'yx', 'n'", "YES, NO = 'y', 'nx'"}
    assert lines("A = 'a'\nB = 'b'\ndef f(): return A\n") == {"A = 'ax'", "B = 'bx'", "def f(): return B"}
    assert lines("class A:\n    x: int = 1\n    def f(self): self.x = 2\n") == {"x: int = 2", "def f(self): self.x = 3"}
    assert lines('Key = TypeVar("Key")\ndef f():\n    """A word."""\n') == set()


SQL = "SELECT a FROM b WHERE "


@pytest.mark.parametrize(
    ("statement", "becomes"),
    [
        (SQL + "c", {SQL + "true"}),
        (SQL + "c <= %(at)s", {SQL + one for one in ("c < %(at)s", "c > %(at)s", "true")}),
        (SQL + "c AND d", {SQL + one for one in ("c OR d", "true AND d", "c AND true")}),
        (SQL + "c OR d", {SQL + one for one in ("c AND d", "false OR d", "c OR false")}),
        (SQL + "NOT c", {SQL + " c", SQL + "true"}),
        (SQL + "c IS NULL", {SQL + "c IS NOT NULL", SQL + "true"}),
        (SQL + "c IS NOT NULL", {SQL + "c IS NULL", SQL + "true"}),
        (SQL + "c = ''", {SQL + one for one in ("c <> ''", "c = 'x'", "true")}),
        (SQL + "f(c, d)", {SQL + "true"}),
        (
            SQL + "(c OR d) AND e",
            {SQL + one for one in ("(c AND d) AND e", "(false OR d) AND e", "(c OR false) AND e", "(c OR d) OR e")}
            | {SQL + one for one in ("true AND e", "(c OR d) AND true")},
        ),
        (
            SQL + "EXISTS (SELECT FROM d WHERE e)",
            {SQL + "EXISTS (SELECT FROM d WHERE true)", SQL + "true"},
        ),
        ("SELECT max(a) FILTER (WHERE b)", {"SELECT min(a) FILTER (WHERE b)", "SELECT max(a) FILTER (WHERE true)"}),
        ("SELECT bool_or(a)", {"SELECT bool_and(a)"}),
        ("SELECT DISTINCT a", {"SELECT  a"}),
        ("SELECT DISTINCT ON (a) b", set()),
        ("SELECT count(*), a.*, a & 4", {f"SELECT count(*), a.*, {one}" for one in ("a | 4", "a & (4 + 1)")}),
        ("SELECT coalesce(a, b)", {"SELECT coalesce(b)", "SELECT coalesce(a)"}),
        (
            "SELECT a ORDER BY b, c DESC LIMIT 1",
            {f"SELECT a ORDER BY {one} LIMIT 1" for one in ("c DESC", "b DESC, c DESC", "b", "b, c")}
            | {"SELECT a ORDER BY b, c DESC LIMIT (1 + 1)"},
        ),
        (
            "SELECT CASE WHEN a THEN b ELSE c END",
            {"SELECT CASE WHEN true THEN b ELSE c END", "SELECT CASE WHEN false THEN b ELSE c END"},
        ),
        ("SELECT a FROM b JOIN c ON d", {f"SELECT a FROM b {one}" for one in ("LEFT JOIN c ON d", "JOIN c ON true")}),
        ("SELECT a FROM b LEFT JOIN c USING (d)", {"SELECT a FROM b JOIN c USING (d)"}),
    ],
)
def test_what_a_statement_becomes(statement, becomes):
    wanted = {f'SOME = "{" ".join(one.split())}"' for one in becomes}
    assert {" ".join(one.split()).replace("( ", "(") for one in lines(f'SOME = "{statement}"\n')} == wanted


def test_a_statement_in_an_f_string_is_changed_around_its_holes():
    wheres = {"{b} OR {{c}}.d", "{b} AND true", "true AND {{c}}.d"}
    assert lines('SOME = f"SELECT {x | y} WHERE {b} AND {{c}}.d"\n') == {
        'SOME = f"SELECT {x & y} WHERE {b} AND {{c}}.d"',
        *(f'SOME = f"SELECT {{x | y}} WHERE {where}"' for where in wheres),
    }


def test_a_change_knows_its_place_and_counts_its_twins():
    first, second = changes_of("thing.py", "def f(x):\n    a = not x\n    a = not x\n")
    assert (str(first), str(second)) == (
        "thing.py f: a = not x  ->  a = x",
        "thing.py f (2): a = not x  ->  a = x",
    )
    assert second.applied("def f(x):\n    a = not x\n    a = not x\n") == "def f(x):\n    a = not x\n    a = x\n"
    assert Change("thing.py", "A", 4, 6, "ü").applied("A = ä") == "A = ü"


@pytest.mark.parametrize("file", FILES)
def test_every_change_of_the_decision_can_be_read_and_has_a_name_of_its_own(file):
    found = [change for change in changes() if change.file == file]
    assert len(found) > 10
    assert len({str(change) for change in found}) == len(found)
    assert len({change.applied(source_of(file)) for change in found}) == len(found)
    for change in found:
        ast.parse(change.applied(source_of(file)))


def test_what_is_listed_as_equivalent_is_still_made():
    assert EQUIVALENT.keys() - mutants().keys() == set(), "name its successor in tests/mutation/equivalent.py, or none"
    assert all(EQUIVALENT.values())


def test_the_tests_that_must_notice_are_there():
    named = {test for mutant in mutants().values() for test in mutant.tests}
    assert [test for test in sorted(named) if not (ROOT / test).is_file()] == []
