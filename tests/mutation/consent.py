"""The consent decision, broken in every small way, and every place that asks it; and which tests must notice."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from tests.consent.gates import GATES, place_of
from tests.mutation.change import ROOT, Change
from tests.mutation.in_place import put, put_function
from tests.mutation.of_python import changes_of

# The decision's own files in the order of their imports, each with the tests that must notice.
FILES = {
    "consent/rules.py": ("tests/consent/test_rules.py",),
    "consent/purposes.py": ("tests/consent/test_rule_in_force.py", "tests/consent/test_past_rules.py"),
    "consent/restrictions.py": ("tests/consent/test_restrictions.py",),
    "consent/evidence.py": ("tests/consent/test_latest_acts.py", "tests/consent/test_decide.py"),
    "consent/decide.py": ("tests/consent/test_decide.py",),
    "consent/many.py": ("tests/consent/test_many_cases.py", "tests/consent/test_many.py"),
    "consent/recheck.py": ("tests/consent/test_recheck.py",),
    "consent/explanation.py": ("tests/consent/test_explanation.py",),
    "consent/state.py": ("tests/consent/test_state.py",),
}


@dataclass(frozen=True)
class Mutant:
    """Something broken, by a call in a process of its own, and the beginnings of the names of the tests to run then."""

    name: str
    breaks: Callable[[], None]
    tests: tuple[str, ...]


@cache
def mutants() -> dict[str, Mutant]:
    """All of them by name, in the same order each time."""
    found = [Mutant(str(change), partial(put_all, change), FILES[change.file]) for change in changes()]
    found += [Mutant(gate, partial(open_gate, gate), tuple(GATES[gate].tests.split())) for gate in GATES]
    return {mutant.name: mutant for mutant in found}


@cache
def changes() -> list[Change]:
    """Every small change of the decision's own files."""
    return [change for file in FILES for change in changes_of(file, source_of(file))]


def put_all(change: Change | None = None) -> None:
    """Put the decision's files in place with this change: all, since constants of one are made of those of another."""
    for file in FILES:
        source = source_of(file)
        put(file, change.applied(source) if change and change.file == file else source)


def open_gate(gate: str) -> None:
    """Break this gate."""
    mutant = GATES[gate]
    source = source_of(mutant.file)
    assert source.count(mutant.line) == 1, f"{mutant.file} no longer has the line once: name its successor in the gates"
    scope = place_of(gate).split()[1]  # without the number of the call
    put_function(mutant.file, scope, source.replace(mutant.line, mutant.becomes))


@cache
def source_of(file: str) -> str:
    return Path(ROOT, file).read_text()
