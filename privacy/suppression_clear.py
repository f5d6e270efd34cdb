"""What a process has lately looked for on the suppression list and not found there: it need not look again.

Nor does it look for what is of no kind that the list holds. Both hold until the list grows. Nothing of it can be read
back: what is remembered is a keyed hash (BLAKE2b, RFC 7693) under a key that the process makes for itself and nobody
else ever has.
"""

import os
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from privacy.suppression_hashes import Kind, Wanted

# Some ten megabytes.
MOST = 100_000


@dataclass(frozen=True)
class AsItStood:
    """The list at a mark: the kinds that it held, and who was not on it. Threads share it, so these go together."""

    mark: object = None
    kinds: frozenset[Kind] = frozenset()
    clear: set[bytes] = field(default_factory=set)


class Clear:
    """Identifiers that are not on the list, as it stands."""

    def __init__(self) -> None:
        self._list = AsItStood()
        self._key = os.urandom(32)

    def kinds(self, *, at: object, read: Callable[[], frozenset[Kind]]) -> frozenset[Kind]:
        """The kinds that the list holds at this mark; read where it has moved since."""
        known = self._list
        if known.mark != at:
            known = self._list = AsItStood(at, read())
        return known.kinds

    def unknown(self, wanted: Iterable[Wanted], *, at: object) -> set[Wanted]:
        """Those of these that must be looked for, now that the list stands at this mark."""
        known = self._list
        return {one for one in wanted if known.mark != at or self._hash(one) not in known.clear}

    def note(self, wanted: Set[Wanted], *, at: object) -> None:
        """These were looked for at this mark and not found."""
        known = self._list
        if known.mark != at:
            return
        if len(known.clear) + len(wanted) > MOST:
            known = self._list = replace(known, clear=set())
        known.clear.update(self._hash(one) for one in wanted)

    def _hash(self, wanted: Wanted) -> bytes:
        # No form of a field holds a zero byte.
        return blake2b("\0".join(wanted).encode(), key=self._key, digest_size=16).digest()


clear = Clear()
