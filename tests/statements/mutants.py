"""python -m tests.statements.mutants [NUMBER ...]: apply each statement's sabotages; its tests must then fail.

The last line printed is JSON: {"killed": 51, "total": 52, "survived": [7]}.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cdp.settings")
django.setup()

from tests.statements.catalog import HERE, Statement, statements  # noqa: E402  # after the set-up
from tests.statements.sabotage import Sabotage  # noqa: E402

ROOT = HERE.parent.parent
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "var", "__pycache__", ".*_cache", ".hypothesis", "staticfiles")
AT_ONCE = 2
TESTS_FAILED = 1


def main(numbers: list[int]) -> int:
    """Sabotage these statements (all, when none is named), two at a time. Exit code 0 when every test notices."""
    wanted = [one for one in statements() if not numbers or one.number in numbers]
    with tempfile.TemporaryDirectory() as folder:
        desks: SimpleQueue[Path] = SimpleQueue()
        for number in range(AT_ONCE):
            desks.put(_desk(Path(folder) / str(number)))

        def kill(statement: Statement) -> str:
            desk = desks.get()
            try:
                return "; ".join(filter(None, (_kill(statement, one, desk) for one in statement.sabotages)))
            finally:
                desks.put(desk)

        survived = []
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for statement, fault in zip(wanted, pool.map(kill, wanted), strict=True):
                print(f"{'killed' if not fault else 'LIVES '}  {statement.number:>2}  {fault or statement.words}")  # noqa: T201
                if fault:
                    survived.append(statement.number)
    print(json.dumps({"killed": len(wanted) - len(survived), "total": len(wanted), "survived": survived}))  # noqa: T201
    return int(bool(survived))


def _desk(place: Path) -> Path:
    """A copy of the repository to break, with an embedded PostgreSQL of its own that goes on from one to the next."""
    shutil.copytree(ROOT, place / "onym", ignore=LEFT_OUT)
    return place


def _kill(statement: Statement, sabotage: Sabotage, desk: Path) -> str:
    """Why the mutant lives; empty when the tests pass before the sabotage and fail after it."""
    target = desk / "onym" / sabotage.file
    sound = target.read_text()
    if sound.count(sabotage.line) != 1:
        return f"{sabotage.file} no longer has the line once: name its successor in {statement.file.name}"
    target.write_text(sound.replace(sabotage.line, sabotage.becomes))
    try:
        code = _test(statement, desk)
    finally:
        target.write_text(sound)
    return "" if code == TESTS_FAILED else f"its tests end with code {code} in spite of the sabotage"


def _test(statement: Statement, desk: Path) -> int:
    tests = statement.file.relative_to(ROOT)
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "KEYSTORE_URL")}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n0", "-p", "no:cacheprovider", str(tests)]
    run = subprocess.run(
        command, cwd=desk / "onym", env=kept | {"ONYM_HOME": str(desk / "home")}, capture_output=True, check=False
    )
    return run.returncode


if __name__ == "__main__":
    sys.exit(main([int(argument) for argument in sys.argv[1:]]))
