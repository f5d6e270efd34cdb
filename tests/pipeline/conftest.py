"""Tests that commit find the purposes that a flush has taken."""

from typing import Any

import pytest

from tests.pipeline.cast import seed_purposes


@pytest.fixture(autouse=True)
def purposes(request: pytest.FixtureRequest) -> None:
    marker: Any = request.node.get_closest_marker("django_db")
    if marker and marker.kwargs.get("transaction"):
        request.getfixturevalue("transactional_db")
        seed_purposes()
