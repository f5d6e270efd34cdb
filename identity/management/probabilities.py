"""Probabilities as options of commands."""

from argparse import ArgumentTypeError
from collections.abc import Callable


def probability(least: float, most: float, *, such_as: float, below: bool = False) -> Callable[[str], float]:
    """What reads a probability of this range, up to its end or `below` it; percent is answered with what that is."""

    def fits(value: float) -> bool:
        return least <= value <= most and not (below and value == most)

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if fits(value):
            return value
        percent = round(value / 100, 6)
        meant = f"did you mean {percent:g}?" if fits(percent) else f"such as {such_as:g}"
        raise ArgumentTypeError(f"give a probability from {least:g} to {'below ' if below else ''}{most:g}; {meant}")

    return read
