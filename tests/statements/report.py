"""python -m tests.statements.report: run the statements' tests, print which hold, and write docs/privacy-report.md.

The last line printed is JSON: {"passed": 47, "total": 52, "failed": [8, 12]}.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cdp.settings")
django.setup()

from tests.statements.catalog import HERE, SECTIONS, TOTAL, Statement, statements  # noqa: E402  # after the set-up

PAGE = HERE.parent.parent / "docs" / "privacy-report.md"
INTRODUCTION = """# Privacy report

Fifty-two statements that a privacy team can hold the product to. Each is a test of its number in `tests/statements/`,
with a sabotage that the test notices. Made by `make privacy-report`; not legal advice.
"""


@dataclass(frozen=True)
class Finding:
    """What the tests of one statement showed: how many there are, and what keeps it from holding (empty: nothing)."""

    tests: int
    fault: str

    @property
    def holds(self) -> bool:
        return not self.fault


def main() -> int:
    """Run, print, write. Exit code 0 when all tests pass, whatever is still missing."""
    known = {statement.number: statement for statement in statements()}
    outcomes = _run()
    findings = {number: _finding(known.get(number), outcomes) for number in range(1, TOTAL + 1)}
    PAGE.write_text(_page(known, findings))
    for number, finding in findings.items():
        words = known[number].words if number in known else ""
        print(f"{'pass' if finding.holds else 'FAIL'}  {number:>2}  {words}")  # noqa: T201
        if finding.fault:
            print(f"          {finding.fault}")  # noqa: T201
    failed = [number for number, finding in findings.items() if not finding.holds]
    print(json.dumps({"passed": TOTAL - len(failed), "total": TOTAL, "failed": failed}))  # noqa: T201
    return int(any(fault for cases in outcomes.values() for fault in cases))


def _run() -> dict[str, list[str]]:
    """Every test's fault (empty: it passed), by the module that it stands in."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.xml"
        # One at a time: some look at every file and every transaction of the server, where others would write.
        command = [sys.executable, "-m", "pytest", "-q", "-n", "0", str(HERE), f"--junit-xml={results}"]
        run = subprocess.run(command, cwd=HERE.parent.parent, capture_output=True, text=True, check=False)
        if not results.exists():
            sys.exit(run.stdout + run.stderr)
        cases = ElementTree.parse(results).iter("testcase")
        outcomes: dict[str, list[str]] = {}
        for case in cases:
            module = case.get("classname", "").split(".")[2]
            outcomes.setdefault(module, []).append(_fault(case))
    return outcomes


def _fault(case: ElementTree.Element) -> str:
    for kind, word in (("failure", "fails"), ("error", "fails"), ("skipped", "was skipped")):
        if case.find(kind) is not None:
            return f"{case.get('name')} {word}"
    return ""


def _finding(statement: Statement | None, outcomes: Mapping[str, list[str]]) -> Finding:
    if statement is None:
        return Finding(0, "has no test yet")
    cases = outcomes.get(statement.file.stem, [])
    faults = [fault for fault in cases if fault]
    if not cases:
        return Finding(0, "has no test yet")
    waits = f"waits for {statement.waits_for}" if statement.waits_for else ""
    return Finding(len(cases), "; ".join([*faults, *([waits] if waits else [])]))


def _page(known: Mapping[int, Statement], findings: Mapping[int, Finding]) -> str:
    held = sum(finding.holds for finding in findings.values())
    lines = [INTRODUCTION, f"**{held} of {TOTAL} hold.**"]
    for number, finding in findings.items():
        if number in SECTIONS:
            lines += ["", f"## {SECTIONS[number]}", "", "| | | statement | tests |", "|---|---|---|---|"]
        words = known[number].words if number in known else "(not written yet)"
        fault = f" *{finding.fault}*" if finding.fault else ""
        lines.append(f"| {number} | {'✓' if finding.holds else '✗'} | {words}{fault} | {finding.tests} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
