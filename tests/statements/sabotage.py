"""Sabotage: the one change of the product that a statement's tests must notice."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sabotage:
    """This line of this file (or these lines: it stands there once) becomes that."""

    file: str
    line: str
    becomes: str
