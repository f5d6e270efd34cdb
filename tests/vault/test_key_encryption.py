"""The key-encryption key: one file, for its owner only, made once."""

import multiprocessing
import os
import stat
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from vault.key_encryption import LocalKeyEncryptionKey, _read_or_make

PROCESSES = 6


def test_it_is_made_at_first_use_for_its_owner_only(tmp_path):
    before = os.umask(0)
    try:
        key = _read_or_make(tmp_path / "keys" / "kek")
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
    assert _read_or_make(path) == b"k" * 32


def test_half_a_key_is_refused(tmp_path):
    path = tmp_path / "kek"
    path.write_bytes(b"k" * 7)
    with pytest.raises(ValueError, match="128, 192, or 256 bits"):
        LocalKeyEncryptionKey(path)


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
    answers.put(_read_or_make(path))


def test_who_comes_second_takes_the_key_of_the_first(tmp_path, monkeypatch):
    path = tmp_path / "kek"
    first = _read_or_make(path)
    monkeypatch.setattr(Path, "exists", lambda self: False)
    assert _read_or_make(path) == first


def test_a_wrapped_key_unwraps_in_its_context_only(tmp_path):
    kek = LocalKeyEncryptionKey(tmp_path / "kek")
    wrapped = kek.wrap(b"s" * 32, context=b"alice")
    assert kek.unwrap(wrapped, context=b"alice") == b"s" * 32
    with pytest.raises(InvalidTag):
        kek.unwrap(wrapped, context=b"bob")
    with pytest.raises(InvalidTag):
        LocalKeyEncryptionKey(tmp_path / "another").unwrap(wrapped, context=b"alice")
