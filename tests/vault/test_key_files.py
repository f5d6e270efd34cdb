"""Keys in files: for their owner only, and made once however many come for them."""

import multiprocessing
import os
import stat
from pathlib import Path

from vault.key_files import read_or_make

PROCESSES = 6


def test_it_is_made_at_first_use_for_its_owner_only(tmp_path):
    before = os.umask(0)
    try:
        key = read_or_make(tmp_path / "keys" / "kek")
    finally:
        os.umask(before)
    path = tmp_path / "keys" / "kek"
    assert (len(key), path.read_bytes()) == (32, key)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert os.listdir(path.parent) == ["kek"]


def test_what_is_there_is_used(tmp_path):
    path = tmp_path / "kek"
    path.write_bytes(b"k" * 32)
    assert read_or_make(path) == b"k" * 32


def test_processes_that_start_together_make_one_key(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    start, answers = spawn.Barrier(PROCESSES), spawn.Queue()
    path = tmp_path / "keys" / "kek"
    processes = [spawn.Process(target=_take, args=(path, start, answers)) for _ in range(PROCESSES)]
    for process in processes:
        process.start()
    keys = {answers.get(timeout=60) for _ in processes}
    for process in processes:
        process.join()
    assert keys == {path.read_bytes()}
    assert os.listdir(path.parent) == ["kek"]


def _take(path: Path, start, answers) -> None:
    start.wait()
    answers.put(read_or_make(path))


def test_who_comes_second_takes_the_key_of_the_first(tmp_path, monkeypatch):
    path = tmp_path / "kek"
    first = read_or_make(path)
    monkeypatch.setattr(Path, "exists", lambda self: False)
    assert read_or_make(path) == first
