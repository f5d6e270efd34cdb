"""docs/dependencies.md gives a reason for every direct dependency, and for nothing else."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
NAME = re.compile(r"[A-Za-z0-9-]+(?:\[redis\])?")


def test_every_dependency_has_its_reason() -> None:
    extras = PROJECT["optional-dependencies"]
    wanted = [*PROJECT["dependencies"], *(name for extra in extras.values() for name in extra)]
    direct = {match.group().removesuffix("[binary]") for text in wanted if (match := NAME.match(text))}
    rows = re.findall(r"^\| ([^|]+) \|", (ROOT / "docs/dependencies.md").read_text(), flags=re.MULTILINE)
    named = {name for row in rows for name in row.split(", ")} - {"Package"}
    assert named == direct


def test_requirements_hold_hashes_and_no_addresses() -> None:
    for name in ("base", "production", "dev"):
        text = (ROOT / f"requirements/{name}.txt").read_text()
        pinned = re.findall(r"^[a-z0-9].*", text, flags=re.MULTILINE)
        assert all("==" in line and line.endswith("\\") for line in pinned)
        assert "://" not in text
