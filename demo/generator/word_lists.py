"""The word lists beside this file: one list a file, words between spaces, "_" for a space inside a word."""

from pathlib import Path

_FOLDER = Path(__file__).with_name("words")


def words(name: str) -> tuple[str, ...]:
    """The words of a list in their order: for names, the commonest first."""
    text = (_FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    return tuple(word.replace("_", " ") for word in text.split())
