"""The cast in its world, as fixtures."""

import pytest

from tests.privacy.cast import Person, World, make_world, settle


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.fixture
def alice(world: World) -> Person:
    return settle(Person("alice"), world)


@pytest.fixture
def bob(world: World) -> Person:
    """Bob lives with Alice and shares her phone."""
    return settle(Person("bob"), world)
