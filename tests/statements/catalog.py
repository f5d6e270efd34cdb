"""The statements as their files declare them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from tests.statements.sabotage import Sabotage

HERE = Path(__file__).resolve().parent
TOTAL = 52
SECTIONS = {
    1: "Erasure and no return",
    13: "Consent",
    25: "Requests",
    34: "Access and audit",
    42: "Cryptography",
    47: "Retention and minimization",
    50: "Accountability",
}


@dataclass(frozen=True)
class Statement:
    """One statement: its number, words, tests, sabotages, and the part it still waits for (empty: none)."""

    number: int
    words: str
    file: Path
    sabotages: tuple[Sabotage, ...]
    waits_for: str

    @property
    def section(self) -> str:
        return SECTIONS[max(first for first in SECTIONS if first <= self.number)]


def statements() -> Iterator[Statement]:
    """Every statement that has a file, by number."""
    for file in sorted(HERE.glob("test_p[0-9][0-9]_*.py")):
        module = import_module(f"tests.statements.{file.stem}")
        number = re.match(r"test_p(\d\d)_", file.stem)
        if number is None or not module.__doc__:
            raise ValueError(f"{file.name} needs a number in its name and a docstring")
        yield Statement(
            number=int(number[1]),
            words=module.__doc__.strip().split("\n")[0],
            file=file,
            sabotages=(module.SABOTAGE, *getattr(module, "FURTHER", ())),
            waits_for=getattr(module, "WAITS_FOR", ""),
        )
