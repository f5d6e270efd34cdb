"""Many byte patterns sought in long streams at once, ASCII letters folded.

Every pattern has an anchor, four of its bytes. One pass of array arithmetic finds where some anchor may stand; only
there is a pattern compared. Anchors are chosen to be rare among the patterns, which leaves out what many begin with.
"""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

ANCHOR = 4
BITS = 18
FACTOR = np.uint32(2_654_435_761)
SHIFT = np.uint32(32 - BITS)


class Matcher:
    """Finds where any of these patterns (lower case, of four bytes or more) stands."""

    def __init__(self, patterns: Iterable[bytes]) -> None:
        self.patterns = sorted(set(patterns))
        if any(len(pattern) < ANCHOR or pattern != pattern.lower() for pattern in self.patterns):
            raise ValueError(f"a pattern has {ANCHOR} bytes or more, in lower case")
        self.longest = max((len(pattern) for pattern in self.patterns), default=0)
        common = _counts(b"\n".join(self.patterns))
        anchored: dict[bytes, list[tuple[int, int]]] = defaultdict(list)
        for number, pattern in enumerate(self.patterns):
            at = _rarest(pattern, common)
            anchored[pattern[at : at + ANCHOR]].append((number, at))
        self._anchored = dict(anchored)
        self._anchors = np.sort(np.frombuffer(b"".join(self._anchored), dtype="<u4"))
        self._table = np.zeros(1 << BITS, dtype=np.bool_)
        self._table[_hashed(self._anchors)] = True

    def find(self, data: bytes) -> list[tuple[int, int]]:
        """Where patterns stand: pairs of position and number of the pattern, in no order."""
        text = data.lower()
        if not self._anchored or len(text) < ANCHOR:
            return []
        found = []
        for position in self._candidates(text):
            for number, at in self._anchored[text[position : position + ANCHOR]]:
                if position >= at and text.startswith(self.patterns[number], position - at):
                    found.append((position - at, number))
        return found

    def _candidates(self, text: bytes) -> list[int]:
        """Positions at which some pattern's anchor stands."""
        array = np.frombuffer(text, dtype=np.uint8)
        found: list[int] = []
        for offset in range(ANCHOR):
            words = (len(array) - offset) // ANCHOR
            if words:
                values = array[offset : offset + words * ANCHOR].view("<u4")
                places = np.flatnonzero(self._table[_hashed(values)])
                if len(places):
                    exact = values[places]
                    rank = np.minimum(np.searchsorted(self._anchors, exact), len(self._anchors) - 1)
                    found += (places[self._anchors[rank] == exact] * ANCHOR + offset).tolist()
        return found


def _hashed(values: NDArray[np.uint32]) -> NDArray[np.uint32]:
    hashed: NDArray[np.uint32] = (values * FACTOR) >> SHIFT
    return hashed


def _counts(text: bytes) -> NDArray[np.int64]:
    """How often each hash of four bytes occurs in the text."""
    counts = np.zeros(1 << BITS, dtype=np.int64)
    for offset in range(ANCHOR):
        words = (len(text) - offset) // ANCHOR
        if words > 0:
            values = np.frombuffer(text, dtype="<u4", count=words, offset=offset)
            counts += np.bincount(_hashed(values), minlength=1 << BITS)
    return counts


def _rarest(pattern: bytes, common: NDArray[np.int64]) -> int:
    """Where in the pattern its rarest four bytes begin."""
    windows = np.lib.stride_tricks.sliding_window_view(np.frombuffer(pattern, dtype=np.uint8), ANCHOR)
    return int(np.argmin(common[_hashed(np.ascontiguousarray(windows).view("<u4").ravel())]))
