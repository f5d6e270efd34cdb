"""The rules of the house that import-linter cannot see, read from the source of every room.

Each rule is a function from a file to its faults; beside it stands a test that it finds what it should.
"""

import ast
import re
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from django.apps import apps
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PRIVACY_ERASES = "privacy/erasure.py"


@cache
def floors() -> list[set[str]]:
    """The tower as .importlinter draws it, from the ground up; rooms on one floor are siblings."""
    lint = ConfigParser()
    lint.read(ROOT / ".importlinter")
    layers = lint["importlinter:contract:tower"]["layers"].split("\n")
    return [{room.strip() for room in layer.split("|")} for layer in reversed(layers) if layer.strip()]


@cache
def rooms() -> set[str]:
    return set.union(*floors())


def floor_of(room: str) -> int:
    return next(number for number, floor in enumerate(floors()) if room in floor)


class File(NamedTuple):
    """One file of the repository: its path from the root, and what it says."""

    path: str
    source: str

    @property
    def room(self) -> str:
        return self.path.split("/")[0]

    @property
    def tree(self) -> ast.Module:
        return _parsed(self.source)


@cache
def _parsed(source: str) -> ast.Module:
    return ast.parse(source)


@cache
def files() -> list[File]:
    """Every Python file of the rooms and of the tests."""
    found = [path for room in [*sorted(rooms()), "tests"] for path in sorted((ROOT / room).rglob("*.py"))]
    return [File(str(path.relative_to(ROOT)), path.read_text()) for path in [*found, ROOT / "manage.py"]]


def product() -> list[File]:
    """The rooms' own files, without tests and without migrations, which are history."""
    return [file for file in files() if file.room != "tests" and "/migrations/" not in file.path]


Fault = tuple[int, str]
Rule = Callable[[File], Iterator[Fault]]


def all_faults(rule: Rule, among: list[File]) -> list[str]:
    return [f"{file.path}:{line}: {what}" for file in among for line, what in rule(file)]


def imported(tree: ast.Module) -> dict[str, str]:
    """What each name that is imported stands for, as dotted path."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.asname: alias.name for alias in node.names if alias.asname}
            names |= {(root := alias.name.split(".")[0]): root for alias in node.names if not alias.asname}
    return names


def dotted(node: ast.expr, names: dict[str, str]) -> str:
    """The dotted path that an expression such as `grants.issue` stands for; empty for any other."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        before = dotted(node.value, names)
        return f"{before}.{node.attr}" if before else ""
    return ""


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


# Grants


def makes_grants(file: File) -> Iterator[Fault]:
    """Only `consent.decide` hands out grants, so nothing is opened without a decision."""
    if file.path in ("vault/grants.py", "consent/decide.py"):
        return
    names = imported(file.tree)
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Name | ast.Attribute) and dotted(node, names) == "vault.grants.issue":
            yield node.lineno, "issues a grant"
    for call in calls(file.tree):
        if dotted(call.func, names) == "vault.grants.Grant":
            yield call.lineno, "constructs a grant"
        if dotted(call.func, names) == "dataclasses.replace" and _widens(call):
            yield call.lineno, "widens a grant"


def _widens(call: ast.Call) -> bool:
    return bool(call.args) and "grant" in ast.unparse(call.args[0]).lower()


# Imports and names


def imports_late(file: File) -> Iterator[Fault]:
    """All imports stand at the top."""
    for function in ast.walk(file.tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    yield node.lineno, "imports inside a function"


def is_a_drawer(file: File) -> Iterator[Fault]:
    """A file's name says what it is about."""
    drawers = {"util", "utils", "common", "core", "helper", "helpers", "misc"}
    if drawers & set(Path(file.path).with_suffix("").parts):
        yield 1, "has a name that says nothing"


def hides_flow_in_signals(file: File) -> Iterator[Fault]:
    """What happens next stands in the code, not in a signal."""
    for path in imported(file.tree).values():
        if path.startswith(("django.dispatch", "django.db.models.signals")):
            yield 1, f"uses {path}"


def does_cryptography(file: File) -> Iterator[Fault]:
    """Only the vault encrypts."""
    if file.room != "vault" and any(path.split(".")[0] == "cryptography" for path in imported(file.tree).values()):
        yield 1, "imports cryptography"


# Time


def looks_at_the_clock(file: File) -> Iterator[Fault]:
    """A function that is told the time does not look at the clock."""
    names = imported(file.tree)
    for function in ast.walk(file.tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and _is_told_the_time(function):
            for call in calls(function):
                if dotted(call.func, names) in CLOCKS:
                    yield call.lineno, f"{function.name} is told the time and looks at the clock"


CLOCKS = {
    "django.utils.timezone.now",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.date.today",
    "time.time",
}


def _is_told_the_time(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    arguments = function.args
    return any(one.arg == "now" for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs))


# Who writes which table

WRITES = {"create", "bulk_create", "get_or_create", "update_or_create", "update", "bulk_update", "delete", "aupdate"}
SAVES = {"save", "delete"}
SQL_WRITE = re.compile(
    r"\b(?:INSERT\s+INTO|UPDATE(?:\s+ONLY)?|DELETE\s+FROM(?:\s+ONLY)?|MERGE\s+INTO|TRUNCATE(?:\s+TABLE)?|COPY)"
    r'\s+"?([a-z_]+)"?(?=[\s(;"]|$)',
    re.IGNORECASE,
)


@cache
def tables() -> dict[str, str]:
    """The room of each table."""
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.app_label in rooms()]
    return {model._meta.db_table: model._meta.app_label for model in models}


def writes_foreign_rows(file: File) -> Iterator[Fault]:
    """Only the room that owns a table writes its rows; erasure deletes what is declared for it."""
    if file.path == PRIVACY_ERASES:
        return
    foreign = {name: path for name, path in imported(file.tree).items() if _is_model_of_another(path, file.room)}
    for call in calls(file.tree):
        if isinstance(call.func, ast.Attribute) and call.func.attr in WRITES:
            model = _manager_of(call.func.value, foreign)
            if model:
                yield call.lineno, f"writes rows of {foreign[model]}"
        if isinstance(call.func, ast.Attribute) and call.func.attr in SAVES and _is_made(call.func.value, foreign):
            yield call.lineno, "saves a row that it made"
    yield from _saves_what_it_holds(file, foreign)
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for table in SQL_WRITE.findall(node.value):
                if tables().get(table.lower(), file.room) != file.room:
                    yield node.lineno, f"writes table {table}"


def _is_model_of_another(path: str, room: str) -> bool:
    owner, _, name = path.partition(".models.")
    if not name or owner == room or owner not in rooms():
        return False
    return name.lower() in apps.all_models[owner]


def _manager_of(node: ast.expr, foreign: dict[str, str]) -> str:
    """The foreign model whose `objects` this chain of calls begins with, if any."""
    while isinstance(node, ast.Call | ast.Attribute | ast.Subscript):
        if isinstance(node, ast.Attribute) and node.attr == "objects" and isinstance(node.value, ast.Name):
            return node.value.id if node.value.id in foreign else ""
        node = node.func if isinstance(node, ast.Call) else node.value
    return ""


def _saves_what_it_holds(file: File, foreign: dict[str, str]) -> Iterator[Fault]:
    """Rows of other rooms that were read or made here, and saved or deleted."""
    for function in ast.walk(file.tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        held = {
            target.id: foreign[model]
            for node in ast.walk(function)
            if isinstance(node, ast.Assign) and (model := _row_of(node.value, foreign))
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for call in calls(function):
            if isinstance(call.func, ast.Attribute) and call.func.attr in SAVES:
                row = call.func.value
                if isinstance(row, ast.Name) and row.id in held:
                    yield call.lineno, f"saves a row of {held[row.id]}"


def _row_of(node: ast.expr, foreign: dict[str, str]) -> str:
    """The foreign model that an assigned expression is made or read from, if any."""
    if isinstance(node, ast.BoolOp):
        return next((model for value in node.values if (model := _row_of(value, foreign))), "")
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and _is_made(node, foreign):
        return node.func.id
    return _manager_of(node, foreign)


def _is_made(node: ast.expr, foreign: dict[str, str]) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in foreign


# The rules, held against the house

RULES: list[tuple[Rule, bool]] = [
    (makes_grants, False),
    (imports_late, True),
    (is_a_drawer, True),
    (hides_flow_in_signals, False),
    (does_cryptography, False),
    (looks_at_the_clock, False),
    (writes_foreign_rows, False),
]


@pytest.mark.parametrize(("rule", "tests_too"), RULES, ids=lambda it: getattr(it, "__name__", ""))
def test_the_house_keeps(rule: Rule, tests_too: bool) -> None:
    assert all_faults(rule, files() if tests_too else product()) == []


FOREIGN = "from records.models import Source\n"
SOUND = "segments/thing.py"


@pytest.mark.parametrize(
    ("rule", "source", "line"),
    [
        (makes_grants, "from vault.grants import issue\nissue([])", 2),
        (makes_grants, "from vault.grants import issue as give\ngive([])", 2),
        (makes_grants, "from vault import grants\ngrants.issue([])", 2),
        (makes_grants, "from vault import grants\ngive = grants.issue", 2),
        (makes_grants, "import vault.grants\nvault.grants.issue([])", 2),
        (makes_grants, "from vault.grants import Grant\nGrant(1)", 2),
        (makes_grants, "from vault import grants\ngrants.Grant(1)", 2),
        (makes_grants, "from dataclasses import replace\nreplace(grant, source_profiles=everyone)", 2),
        (imports_late, "def f():\n    import os", 2),
        (imports_late, "class A:\n    async def f(self):\n        from os import path", 3),
        (hides_flow_in_signals, "from django.dispatch import receiver", 1),
        (hides_flow_in_signals, "from django.db.models.signals import post_save", 1),
        (does_cryptography, "from cryptography.fernet import Fernet", 1),
        (does_cryptography, "import cryptography", 1),
        (looks_at_the_clock, "from django.utils import timezone\ndef f(*, now):\n    timezone.now()", 3),
        (looks_at_the_clock, "from datetime import datetime\ndef f(now):\n    return now or datetime.now()", 3),
        (looks_at_the_clock, "import datetime\ndef f(now):\n    return datetime.datetime.now()", 3),
        (writes_foreign_rows, FOREIGN + "Source(name='x').save()", 2),
        (writes_foreign_rows, FOREIGN + "def f():\n    one = Source(name='x')\n    one.save()", 4),
        (writes_foreign_rows, FOREIGN + "def f():\n    one = find() or Source()\n    one.delete()", 4),
        (writes_foreign_rows, FOREIGN + "Source.objects.create(name='x')", 2),
        (writes_foreign_rows, FOREIGN + "Source.objects.filter(name='x')[:3].update(name='y')", 2),
        (writes_foreign_rows, FOREIGN + "Source.objects.using('default').exclude(a=1).delete()", 2),
        (writes_foreign_rows, FOREIGN + "def f():\n    one = Source.objects.get()\n    one.save()", 4),
        (writes_foreign_rows, "X = 'INSERT INTO records_source (id) VALUES (1)'", 1),
        (writes_foreign_rows, "X = '''\nWITH a AS (DELETE FROM consent_act RETURNING id) SELECT 1'''", 1),
        (writes_foreign_rows, "X = f'update records_source SET a = {1}'", 1),
        (writes_foreign_rows, "X = 'TRUNCATE vault_auditentry'", 1),
    ],
)
def test_a_broken_rule_is_found(rule: Rule, source: str, line: int) -> None:
    assert [number for number, _ in rule(File(SOUND, source))] == [line]


@pytest.mark.parametrize(
    ("rule", "file"),
    [
        (makes_grants, File("consent/decide.py", "from vault import grants\ngrants.issue([])")),
        (makes_grants, File(SOUND, "from vault.grants import Grant\ndef f(grant: Grant): isinstance(grant, Grant)")),
        (makes_grants, File(SOUND, "from dataclasses import replace\nreplace(subject, source_profiles={})")),
        (imports_late, File(SOUND, "import os\nclass A:\n    x = os.sep")),
        (is_a_drawer, File("segments/features/recency.py", "")),
        (does_cryptography, File("vault/other.py", "import cryptography")),
        (looks_at_the_clock, File(SOUND, "from django.utils import timezone\ndef f():\n    return timezone.now()")),
        (writes_foreign_rows, File("records/other.py", FOREIGN + "Source.objects.create(name='x')")),
        (writes_foreign_rows, File(SOUND, FOREIGN + "Source.objects.filter(name='x').values_list('id')")),
        (writes_foreign_rows, File(SOUND, FOREIGN + "show([Source(name='x')])")),
        (writes_foreign_rows, File(SOUND, "X = 'SELECT 1 FROM records_source FOR UPDATE'")),
        (writes_foreign_rows, File(SOUND, "X = 'DELETE FROM segments_membership'")),
        (writes_foreign_rows, File(PRIVACY_ERASES, "X = 'DELETE FROM records_source'")),
    ],
)
def test_what_is_allowed_is_left_alone(rule: Rule, file: File) -> None:
    assert list(rule(file)) == []


@pytest.mark.parametrize(
    "path", ["segments/utils.py", "api/common/errors.py", "identity/core/a.py", "vault/helpers.py"]
)
def test_a_drawer_is_found(path: str) -> None:
    assert list(is_a_drawer(File(path, ""))) == [(1, "has a name that says nothing")]


# The tower


def test_every_room_is_installed_and_on_a_floor() -> None:
    not_rooms = {"tests", "docs", "deploy", "requirements", "var", "bench"}
    directories = {path.parent.name for path in ROOT.glob("*/__init__.py")} - not_rooms
    assert directories == rooms()
    assert directories <= set(settings.INSTALLED_APPS)


def test_import_linter_looks_at_every_room() -> None:
    lint = ConfigParser()
    lint.read(ROOT / ".importlinter")
    assert set(lint["importlinter"]["root_packages"].split()) == rooms()


@dataclass(frozen=True)
class Pointer:
    """A foreign key from one room to another."""

    field: str
    room: str
    target: str


def pointers() -> list[Pointer]:
    return [
        Pointer(str(field), model._meta.app_label, field.related_model._meta.app_label)
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in rooms()
        for field in model._meta.concrete_fields
        if field.related_model
    ]


def points_up(pointer: Pointer) -> bool:
    """Whether the foreign key names a model of a floor above its own, or of a sibling."""
    if pointer.room == pointer.target or pointer.target not in rooms():
        return False
    return floor_of(pointer.target) >= floor_of(pointer.room)


def test_foreign_keys_point_to_floors_below() -> None:
    found = pointers()
    assert Pointer("consent.Act.source_profile", "consent", "records") in found
    assert [pointer for pointer in found if points_up(pointer)] == []


def test_a_foreign_key_upwards_is_found() -> None:
    assert points_up(Pointer("vault.DataKey.source_profile", "vault", "records"))
    assert points_up(Pointer("api.Thing.screen", "api", "console"))
    assert not points_up(Pointer("segments.Membership.profile", "segments", "identity"))
    assert not points_up(Pointer("console.Thing.log", "console", "admin"))
