"""Alice and Bob as source profiles with a data key each, and leave to open what is theirs."""

from tests.vault.conftest import alice, bob, leave

__all__ = ["alice", "bob", "leave"]
