"""Chance that repeats: every part of the demo draws from a stream of its own, named and seeded."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


def stream(seed: int, name: str) -> Random:
    """A source of chance of its own, so that a change in one part leaves the others as they were."""
    return Random(f"{seed}/{name}")


def happens(rate: float, *, rng: Random) -> bool:
    """Whether something of this rate (0 to 1) happens now."""
    return rng.random() < rate


def weighted(choices: Sequence[tuple[T, float]], *, rng: Random) -> T:
    """One of the choices; the weights sum to 1."""
    point = rng.random()
    for choice, weight in choices:
        point -= weight
        if point < 0:
            return choice
    return choices[-1][0]


def shares(total: float, weights: Sequence[float], *, rng: Random) -> list[int]:
    """Whole shares of a total in proportion to the weights, fractions settled by chance."""
    unit = total / (sum(weights) or 1.0)
    return [int(weight * unit + rng.random()) for weight in weights]


def opaque_id(rng: Random) -> str:
    """A random id in the form of a UUID of version 4."""
    bits = f"{rng.getrandbits(128):032x}"
    return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-a{bits[17:20]}-{bits[20:]}"


def distinct_numbers(count: int, *, digits: int, rng: Random) -> list[int]:
    """So many different whole numbers of so many digits, in no order; more digits when they would not suffice."""
    digits = max(digits, len(str(count)) + 1)
    return rng.sample(range(10 ** (digits - 1), 10**digits), count)
