"""Break every place that asks the consent decision, one at a time: a test must notice each."""

import pytest

from tests.consent.gates import GATES
from tests.test_mutants import kill

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("place", GATES)
def test_a_gate_that_is_left_open_is_noticed(place, tmp_path):
    kill(GATES[place], tmp_path)
