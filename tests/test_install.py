"""Installing a lock in shares: every requirement goes into one, with all of its hashes, and each must come in."""

import runpy
from itertools import cycle
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
installing = runpy.run_path(str(ROOT / "requirements" / "install.py"))
read, main = installing["read"], installing["main"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_nothing_of_a_lock_is_lost(lock: Path) -> None:
    text = lock.read_text()
    requirements = read(text)
    assert len(requirements) == sum("==" in line for line in text.splitlines()) > 50
    assert sum(one.count("--hash=sha256:") for one in requirements) == text.count("--hash=sha256:")
    assert all("--hash=sha256:" in one for one in requirements)
    assert "\n".join(requirements).count("# via") == 0


@pytest.mark.parametrize(("codes", "expected"), [((0,), 0), ((0, 0, 1), 1), ((0, -9), 1)], ids=["well", "no", "killed"])
def test_it_has_failed_when_one_share_has(codes: tuple[int, ...], expected: int) -> None:
    answers = cycle(codes)
    main.__globals__["_install"] = lambda share: next(answers)
    assert main(LOCKS[0]) == expected


def test_the_locks_are_looked_at() -> None:
    assert [lock.stem for lock in LOCKS] == ["base", "dev", "production"]
