"""Secrets: 256 random bits behind a prefix, recognizable by a hint."""

import hashlib

from access.secrets import digest, new_secret


def test_a_secret_is_long_and_never_the_same():
    made = {new_secret("wk").text for _ in range(100)}
    assert len(made) == 100
    assert {len(text) for text in made} == {len("wk_") + 43}


def test_the_digest_is_of_the_whole_text():
    secret = new_secret("wk")
    assert secret.digest == digest(secret.text) == hashlib.sha256(secret.text.encode()).digest()


def test_the_hint_shows_four_characters():
    secret = new_secret("onym")
    assert secret.hint == secret.text[:9]
    assert len(secret.hint) - len("onym_") == 4
