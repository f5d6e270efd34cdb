"""Blocked values: an identifier such as "anonymous" or "0" that is nobody's. It links nobody and finds nobody.

Those that are blocked from the start stand here; what people block is kept as blind index alone, with a hint.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from records.standardize import identity_form
from vault.arrays import ByteArray, Texts
from vault.blind import Chain, chain_of, fresh_chains
from vault.questions import Question, answer

Pair = tuple[str, bytes]
# Namespace, blind index, and whether it is blocked.
Words = frozenset[tuple[str, bytes, bool]]

# What programs send for want of an id. Beside them stands what counts as no value in any field
# (`records.standardize.NOTHING`), and what many families share (`identity.matching.identifiers`).
NO_ID = (
    *("0", "-1", "00000000-0000-0000-0000-000000000000", "true", "false", "True", "False"),
    *("anonymous", "Anonymous", "ANONYMOUS", "guest", "Guest", "GUEST", "nobody", "default", "test"),
    *("[object Object]", '"null"', '"undefined"', '"0"', "id", "ID", "user", "userId", "user_id", "customer", "email"),
    *("distinct_id", "distinctId", "not_authenticated", "<nil>", "(null)", "(none)", "NULL_ID", "empty"),
)
NO_EMAIL = (
    *("noemail@example.com", "none@example.com", "test@example.com", "email@example.com", "user@example.com"),
    *("none@none.com", "no@no.com", "no@email.com", "noemail@noemail.com", "test@test.com", "a@a.com", "na@na.com"),
)
DEFAULTS = {
    "account_id": NO_ID,
    "customer_number": NO_ID,
    "loyalty_number": NO_ID,
    "device_id": NO_ID,
    "email": NO_EMAIL,
    "phone": (),
}


@dataclass(frozen=True)
class Blocked:
    """The values that are blocked, as pairs of namespace and blind index."""

    pairs: frozenset[Pair]

    def __contains__(self, pair: object) -> bool:
        return pair in self.pairs

    def of(self, namespace: str) -> list[bytes]:
        """The blind indexes of one namespace."""
        return sorted(index for name, index in self.pairs if name == namespace)

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """The same as SQL takes it: see `unless_blocked`."""
        pairs = sorted(self.pairs)
        return {
            "blocked_names": Texts(name for name, _ in pairs),
            "blocked_indexes": ByteArray(index for _, index in pairs),
            "blocked_devices": ByteArray(self.of("device_id")),
        }


@lru_cache(maxsize=8)
def among(nobodys: Blocked, namespaces: tuple[str, ...]) -> Blocked:
    """Those of these namespaces alone: all that is handed over with each question."""
    return Blocked(frozenset(pair for pair in nobodys.pairs if pair[0] in namespaces))


NOTHING_BLOCKED = Blocked(frozenset())


def unless_blocked(alias: str) -> str:
    """What the WHERE of a query over identifiers, called so, says to pass over blocked ones."""
    return f"""({alias}.namespace, {alias}.index) NOT IN (
        SELECT * FROM unnest(%(blocked_names)b::text[], %(blocked_indexes)b::bytea[])
    )"""


# The last word on each value.
LATEST = """
SELECT DISTINCT ON (namespace, index) namespace, index, blocked
FROM identity_blockedvalue ORDER BY namespace, index, saved_at DESC, id DESC
"""


def standing() -> Blocked:
    """What is blocked now: one query, and one for the keys."""
    return standing_by(answer(last_words()))


def standing_by_known_keys() -> Blocked:
    """The same, for who has just read the keys: one query."""
    return _blocked(tuple((namespace, chain_of(namespace)) for namespace in DEFAULTS), answer(last_words()))


def last_words() -> Question[Words]:
    """What people said of each value, as a question: for `standing_by`."""
    return Question(LATEST, {}, lambda rows: frozenset((name, bytes(index), blocked) for name, index, blocked in rows))


def standing_by(words: Words) -> Blocked:
    """What is blocked by these words, also under a key to which a rotation has only just begun to move."""
    chains = fresh_chains(DEFAULTS)
    return _blocked(tuple((namespace, chains[namespace]) for namespace in DEFAULTS), words)


@lru_cache(maxsize=4)
def _blocked(chains: tuple[tuple[str, Chain], ...], words: Words) -> Blocked:
    """It hardly ever changes, and is asked for with every batch."""
    pairs = set[Pair]().union(*(_defaults(namespace, chain) for namespace, chain in chains))
    pairs |= {(namespace, index) for namespace, index, is_blocked in words if is_blocked}
    return Blocked(frozenset(pairs - {(namespace, index) for namespace, index, is_blocked in words if not is_blocked}))


@lru_cache(maxsize=32)
def _defaults(namespace: str, chain: Chain) -> frozenset[Pair]:
    versions = range(chain.settled, chain.newest + 1)
    return frozenset(
        (namespace, chain.index(form_of(namespace, value), version=version))
        for value in DEFAULTS[namespace]
        for version in versions
    )


def form_of(namespace: str, value: str) -> str:
    """The form under which one of the values that are blocked from the start is indexed."""
    return identity_form(namespace, value)
