"""How much is taken from a queue at a time: little while little waits, more where it is long.

With few in a batch nobody waits long for others. In a large one they share what each batch costs by itself. The bound
is how long whoever merges by hand, or erases, may have to wait for its end: a second or two.
"""

FEWEST, MOST = 200, 1_000


class Pace:
    """What a worker takes next, by what it took last."""

    def __init__(self, fewest: int = FEWEST, most: int = MOST) -> None:
        self._fewest, self._most = fewest, most
        self.size = fewest

    def took(self, count: int) -> bool:
        """Take twice as much next time when this was all that was asked for, up to the bound, and little again as soon
        as it was less. Returns whether it was anything at all."""
        self.size = min(2 * self.size, self._most) if count >= self.size else self._fewest
        return count > 0
