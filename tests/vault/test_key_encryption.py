"""The key-encryption key: it has versions, and binds each key to its context."""

import os
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from vault.key_encryption import KeyRing, KeyVersionMissing
from vault.key_files import KeyFiles


def ring(path: Path) -> KeyRing:
    return KeyRing([KeyFiles(path)])


def test_a_wrapped_key_unwraps_in_its_context_only(tmp_path):
    kek = ring(tmp_path / "kek").current()
    wrapped = kek.wrap(b"s" * 32, context=b"alice")
    assert kek.unwrap(wrapped, context=b"alice", version=1) == b"s" * 32
    with pytest.raises(InvalidTag):
        kek.unwrap(wrapped, context=b"bob", version=1)
    with pytest.raises(InvalidTag):
        ring(tmp_path / "another").current().unwrap(wrapped, context=b"alice", version=1)


def test_a_new_version_wraps_and_the_old_one_still_unwraps(tmp_path):
    keys = ring(tmp_path / "kek")
    old = keys.current().wrap(b"s" * 32, context=b"alice")
    assert keys.make() == 2
    kek = keys.current()
    assert (kek.version, sorted(os.listdir(tmp_path))) == (2, ["kek", "kek.2"])
    assert kek.unwrap(old, context=b"alice", version=1) == b"s" * 32
    new = kek.wrap(b"s" * 32, context=b"alice")
    keys.retire(1)
    assert kek.unwrap(new, context=b"alice", version=2) == b"s" * 32
    with pytest.raises(KeyVersionMissing, match="version 1 of the key-encryption key is not at hand"):
        kek.unwrap(old, context=b"alice", version=1)
    assert keys.current().version == 2


def test_another_process_notices_a_new_version(tmp_path, monkeypatch):
    here, there = ring(tmp_path / "kek"), ring(tmp_path / "kek")
    assert (here.current().version, there.make()) == (1, 2)
    wrapped = there.current().wrap(b"s" * 32, context=b"alice")
    assert here.current().unwrap(wrapped, context=b"alice", version=2) == b"s" * 32
    monkeypatch.setattr("vault.key_encryption.CURRENT_FOR", -1.0)
    assert here.current().version == 2


def test_no_key_is_shown(tmp_path):
    shown = repr(ring(tmp_path / "kek").current())
    assert shown == "KeyEncryptionKey(version=1)"


def test_half_a_key_is_refused(tmp_path):
    path = tmp_path / "kek"
    path.write_bytes(b"k" * 7)
    with pytest.raises(ValueError, match="128, 192, or 256 bits"):
        KeyRing([KeyFiles(path)]).current()
