"""python -m tests.mutation.desk MUTANTS FATES: run the tests of mutants, each in a process of its own.

The tests are loaded once, and the databases made once. MUTANTS is a file with a list of names, in JSON; what became of
each is written to the file FATES, a line of JSON for each, as soon as the first of its tests fails.
"""

import gc
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import django
import pytest
from django.db import connections
from hypothesis import Phase, settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cdp.settings")
django.setup()

from tests.mutation.consent import mutants, put_all  # noqa: E402  # after the set-up
from tests.mutation.in_place import CannotLoad  # noqa: E402

KILLED, ALIVE, BROKEN, OUT_OF_TIME = "killed", "alive", "broken", "out of time"
PATIENCE = 10  # times as long as the sound code takes
COMMITTING = {"transactional_db", "live_server", "django_db_reset_sequences"}


@dataclass
class Fate:
    """What became of a process: how it ended, the test that failed, and how long each took."""

    outcome: str
    test: str = ""
    seconds: dict[str, float] = field(default_factory=dict)


def main(chosen: list[str], fates: Path) -> int:
    """Run these mutants, with as many of the tests as they name. Exit code 0 when all have met their fate."""
    tests = sorted({test for name in chosen for test in mutants()[name].tests})
    options = [
        "-q",
        "-n0",
        "-p",
        "no:randomly",
        "-p",
        "no:cacheprovider",
        "-m",
        "not slow and not data and not browser",
    ]
    files = [f"--basetemp={fates.with_suffix('.tmp')}", "-o", "tmp_path_retention_policy=none"]
    return pytest.main([*options, *files, *tests], plugins=[Desk(chosen, fates)])


class Desk:
    """What a session of tests does here instead of running its tests."""

    def __init__(self, chosen: list[str], fates: Path) -> None:
        self.chosen = [mutants()[name] for name in chosen]
        self.fates = fates

    def pytest_configure(self) -> None:
        """Random cases are the same ones each time, and nobody looks for the smallest one that fails."""
        house, phases = settings.get_profile("house"), [Phase.explicit, Phase.generate]
        settings.register_profile("desk", house, derandomize=True, database=None, phases=phases)
        settings.load_profile("desk")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """The sound code once, then every mutant with its own tests, the quick ones first."""
        items = [item for item in session.items if not _commits(item)]
        _warm_up(items)
        sound = _apart(session, items, put_all, limit=0)
        assert sound.outcome == ALIVE, f"the sound code does not pass: {sound}"
        items.sort(key=lambda item: sound.seconds[item.nodeid])
        with self.fates.open("w") as fates:
            for mutant in self.chosen:
                its_own = [item for item in items if item.nodeid.startswith(mutant.tests)]
                limit = PATIENCE * sum(sound.seconds[item.nodeid] for item in its_own) + 60
                fate = _apart(session, its_own, mutant.breaks, limit=int(limit))
                print(
                    json.dumps({"name": mutant.name, "outcome": fate.outcome, "test": fate.test}),
                    file=fates,
                    flush=True,
                )
                items.sort(key=lambda item: item.nodeid != fate.test)  # who noticed one may notice the next
        sound = _apart(session, items, put_all, limit=0)
        assert sound.outcome == ALIVE, f"the sound code does not pass any more: {sound}"
        return True


def _commits(item: Any) -> bool:
    """Whether a test leaves traces in the database, which the processes share."""
    marker = item.get_closest_marker("django_db")
    return bool(marker and marker.kwargs.get("transaction")) or not COMMITTING.isdisjoint(item.fixturenames)


def _warm_up(items: list[Any]) -> None:
    """Makes the databases, once: the fixtures of the session stay with it, and so with every process made of it."""
    first, second, *_ = (item for item in items if item.get_closest_marker("django_db"))
    first.config.hook.pytest_runtest_protocol(item=first, nextitem=second)
    put_all()
    connections.close_all()
    gc.freeze()


def _apart(session: pytest.Session, items: list[Any], prepare: Callable[[], None], *, limit: int) -> Fate:
    """What becomes of these tests in a process of its own: up to the first that fails, or to the end of this time."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _work(session, items, prepare, limit, writing)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM:
        return Fate(OUT_OF_TIME)
    return Fate(**json.loads(text)) if text else Fate(BROKEN)


def _work(session: pytest.Session, items: list[Any], prepare: Callable[[], None], limit: int, writing: int) -> None:
    """The life of such a process. It never returns."""
    code = 1
    try:
        signal.alarm(limit)
        fate = _fate(session, items, prepare)
        os.write(writing, json.dumps(asdict(fate)).encode())
        connections.close_all()
        code = 0
    except Exception as error:
        print(f"the mutant could not be made or run: {error!r}", file=sys.__stderr__, flush=True)
    finally:
        os._exit(code)


def _fate(session: pytest.Session, items: list[Any], prepare: Callable[[], None]) -> Fate:
    try:
        prepare()
    except CannotLoad:
        return Fate(KILLED, "it cannot be loaded")
    seconds = {}
    session._setupstate.teardown_exact(items[0])
    for item, following in zip(items, [*items[1:], None], strict=True):
        began = time.monotonic()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following or items[0])
        seconds[item.nodeid] = round(time.monotonic() - began, 3)
        if session.testsfailed:
            return Fate(KILLED, item.nodeid)
    return Fate(ALIVE, seconds=seconds)


if __name__ == "__main__":
    sys.exit(main(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])))
