"""What a process has lately looked for on the suppression list and not found there: it need not look again.

That holds until the list grows. Nothing of it can be read back: what is remembered is a keyed hash (BLAKE2b, RFC 7693)
under a key that the process makes for itself and nobody else ever has.
"""

import os
from collections.abc import Iterable, Set
from hashlib import blake2b

from privacy.suppression_hashes import Wanted

# Some ten megabytes.
MOST = 100_000


class Clear:
    """Identifiers that are not on the list, as it stood at a mark. Threads share it: a mark and its set go together."""

    def __init__(self) -> None:
        self._state: tuple[object, set[bytes]] = (None, set())
        self._key = os.urandom(32)

    def unknown(self, wanted: Iterable[Wanted], *, at: object) -> set[Wanted]:
        """Those of these that must be looked for, now that the list stands at this mark."""
        mark, known = self._state
        if mark != at:
            _, known = self._state = (at, set())
        return {one for one in wanted if self._hash(one) not in known}

    def note(self, wanted: Set[Wanted], *, at: object) -> None:
        """These were looked for at this mark and not found."""
        mark, known = self._state
        if mark != at:
            return
        if len(known) + len(wanted) > MOST:
            _, known = self._state = (at, set())
        known |= {self._hash(one) for one in wanted}

    def _hash(self, wanted: Wanted) -> bytes:
        # No form of a field holds a zero byte.
        return blake2b("\0".join(wanted).encode(), key=self._key, digest_size=16).digest()


clear = Clear()
