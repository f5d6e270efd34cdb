"""Break the decision in ways taken by chance, and every place that asks it in each of its ways: a test notices each.

The ways are the same ones each time; `make consent-mutants` goes through all.
"""

import json
import subprocess
import sys

import pytest

from tests.consent.gates import GATES
from tests.mutation.consent import FILES
from tests.test_mutants import ROOT

pytestmark = pytest.mark.slow

SOME = 150


@pytest.mark.parametrize(
    ("beginnings", "count"), [(FILES, SOME), (GATES, len(GATES))], ids=["the decision", "those who ask it"]
)
def test_a_test_notices_each(beginnings, count):
    command = [sys.executable, "-m", "tests.mutation", "--sample", str(count), *beginnings]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    assert json.loads(run.stdout.splitlines()[-1]) == {"killed": count, "total": count, "survived": []}
