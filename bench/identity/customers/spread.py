"""How things are spread: a few that are found everywhere, many that are hardly ever found."""

from random import Random


def zipf(random: Random, count: int, *, flatten: int) -> int:
    """Return a rank from 0 up to `count`, of weight 1 / (rank + flatten)."""
    return int(flatten * (1 + count / flatten) ** random.random()) - flatten


def words(text: str) -> list[str]:
    """Return the words of a text."""
    return text.split()
