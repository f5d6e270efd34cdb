"""Alice and Bob as source profiles: each has a data key, and a grant can be made for them."""

from collections.abc import Callable, Collection
from uuid import UUID

import pytest
from django.utils import timezone

from vault import grants, keys
from vault.grants import Actor, Grant
from vault.ids import new_id

STEWARD = Actor("person", "steward-7")


@pytest.fixture
def alice() -> UUID:
    return _with_key()


@pytest.fixture
def bob() -> UUID:
    return _with_key()


@pytest.fixture
def leave() -> Callable[..., Grant]:
    """Makes a grant that holds now."""

    def issue(*source_profiles: UUID, actor: Actor = STEWARD, reason: str = "a call") -> Grant:
        return grants.issue(source_profiles, actor=actor, purpose="service", reason=reason, now=timezone.now())

    return issue


def _with_key() -> UUID:
    id = new_id()
    keys.make([id])
    return id


def hexes(ids: Collection[UUID]) -> list[str]:
    """The ways in which these ids might be written down."""
    return [text for id in ids for text in (str(id), id.hex)]
