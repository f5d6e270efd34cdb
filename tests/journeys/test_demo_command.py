"""manage.py demo as a newcomer runs it: in a home of its own, and once more."""

import json
from pathlib import Path
from typing import Any

import pytest

from demo.run import HELPED
from tests.journeys.test_faults import Installation

pytestmark = pytest.mark.slow


def demo(installation: Installation) -> dict[str, Any]:
    return json.loads(installation.run("demo", "--people", "150", "--json").splitlines()[-1])


def test_the_command_does_the_main_job_and_the_second_time_changes_nothing(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "home")
    counts = demo(installation)
    for name, counted in counts["records"].items():
        kept = tmp_path / "home" / "demo" / f"{name}.{'csv' if name in ('crm', 'pos') else 'ndjson'}"
        lines = sum(1 for line in kept.read_bytes().splitlines() if line.strip()) - (kept.suffix == ".csv")
        assert counted["acknowledged"] == lines > 0
    assert counts["records"].keys() >= set(HELPED)
    assert counts["segments"]
    assert demo(installation) == counts


def test_a_helper_takes_in_what_it_is_named_and_nothing_else(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "home")
    demo(installation)
    for done in (tmp_path / "home" / "demo").glob("*.done"):
        done.unlink()
    installation.run("demo", "--only", *HELPED)
    assert {done.stem for done in (tmp_path / "home" / "demo").glob("*.done")} == set(HELPED)
