"""No way to ask the consent decision goes unseen, whatever it is called."""

import ast

import pytest

from tests.consent.gates import places_in
from tests.test_architecture import File, product

ASKS = "from consent.decide import decide\n"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (ASKS + "def f():\n    return decide([])", ["f"]),
        (ASKS + "def f():\n    decide([1])\n    decide([2])", ["f", "f (2)"]),
        (ASKS + "def f():\n    def g():\n        decide([])", ["f.g"]),
        (ASKS + "class A:\n    async def f(self):\n        decide([])", ["A.f"]),
        (ASKS + "X = decide([])", ["the file itself"]),
        (ASKS + "def f():\n    return map(decide, [])", ["f"]),
        (ASKS + "def f(ask=decide):\n    ask([])", ["f"]),
        (ASKS + "@decide\ndef f(): ...", ["f"]),
        (ASKS + "ask = lambda ids: decide(ids)", ["the file itself"]),
        ("from consent.decide import decide as ask\ndef f():\n    ask([])", ["f"]),
        ("from consent import decide\ndef f():\n    decide.decide_each({})", ["f"]),
        ("from consent import decide as decision\ndef f():\n    decision.decide_each({})", ["f"]),
        ("import consent.decide\ndef f():\n    consent.decide.decide_each({})", ["f"]),
        ("import consent.many as many\ndef f():\n    many.decide_all(x)", ["f"]),
        ("from api.people import decide\ndef f():\n    decide([])", ["f"]),
        ("from api import people\ndef f():\n    people.decide([])", ["f"]),
        ("from consent.recheck import decide_each\ndef f():\n    decide_each({})", ["f"]),
        ("from console.screens.matches import decide\ndef f():\n    decide(1)", []),
        ("def decide(): ...\ndef f():\n    decide()", []),
    ],
)
def test_a_place_that_asks_is_found(source: str, found: list[str]) -> None:
    assert [place for place, _ in places_in(File("segments/thing.py", source))] == [
        f"segments/thing.py {one}" for one in found
    ]


def test_it_knows_the_lines_of_the_place() -> None:
    source = ASKS + "\n\ndef f():\n    x = 1\n    return decide([x])\n"
    assert dict(places_in(File("segments/thing.py", source))) == {"segments/thing.py f": (4, 6)}


def test_the_decision_is_seen_in_its_own_file() -> None:
    source = "def decide_each(): ...\ndef decide():\n    return decide_each()"
    assert [place for place, _ in places_in(File("consent/decide.py", source))] == ["consent/decide.py decide"]


def test_nothing_is_imported_that_has_no_name_of_its_own() -> None:
    hidden = [
        f"{file.path}:{node.lineno}"
        for file in product()
        for node in ast.walk(file.tree)
        if isinstance(node, ast.ImportFrom) and (node.level or node.names[0].name == "*")
    ]
    assert hidden == []
