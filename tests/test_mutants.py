"""Mutants: each line that people's trust rests on is broken once, and the test that guards it must die."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "var", "__pycache__", ".*_cache", ".hypothesis", "staticfiles")


@dataclass(frozen=True)
class Mutant:
    """A line of a file, what it becomes, and the tests of which at least one must fail."""

    file: str
    line: str
    becomes: str
    tests: str


MUTANTS = {
    "consent is not asked at the door": Mutant(
        "pipeline/accept.py",
        "    kept = [item for item in placed if item.source_profile in may]",
        "    kept = placed",
        "tests/pipeline",
    ),
    "a grant opens everything": Mutant(
        "vault/sealing.py",
        "    if not grant.covers(key_ids, now=timezone.now()):",
        "    if False:",
        "tests/vault",
    ),
    "a read is not audited": Mutant(
        "vault/sealing.py",
        "        audit.write(grant, key_ids, action=action, fields=fields)",
        "        pass",
        "tests/vault",
    ),
    "ciphertext is not bound to its row": Mutant(
        "vault/sealing.py",
        '        return b"|".join((self.table.encode(), self.column.encode(), self.row.bytes, key_id.bytes))',
        '        return b"|".join((self.table.encode(), self.column.encode()))',
        "tests/vault",
    ),
    "a standing no is overlooked": Mutant(
        "consent/rules.py",
        "    if any(act.state == WITHDRAWN for act in acts):",
        "    if acts and all(act.state == WITHDRAWN for act in acts):",
        "tests/consent",
    ),
    "a file undoes an objection": Mutant(
        "consent/acts.py",
        "    if any(word and word.is_no for word in _held(act, _by(history, source=False))):",
        "    if False:",
        "tests/consent",
    ),
    "a browser's yes counts for the whole person": Mutant(
        "consent/rules.py",
        "    if any(act.verified for act in standing) or covers(standing, source_profiles):",
        "    if standing:",
        "tests/consent",
    ),
    "duplicates are stored again": Mutant(
        "pipeline/accept.py",
        "        if item.message_hash in unseen:",
        "        if True:",
        "tests/pipeline",
    ),
    "what is typed into a browser merges known people": Mutant(
        "identity/scene.py",
        "        trusted={place[id] for id in trusted(sight.persons, believed)},",
        "        trusted=set(place.values()),",
        "tests/identity/test_resolve.py",
    ),
    "a verdict is forgotten": Mutant(
        "identity/scene.py",
        "            _verdicts(everyone),",
        "            _verdicts([]),",
        "tests/identity/test_resolve.py",
    ),
    "A's device history goes to B": Mutant(
        "identity/devices.py",
        "            self._claim(self._cut(timeline, episode, sighting.at), sighting)",
        "            self._claim(episode, sighting)",
        "tests/identity/test_devices.py",
    ),
    "the less trusted source wins": Mutant(
        "identity/golden.py",
        "ORDER BY by_hand DESC, verified DESC, weight DESC, last_seen_at DESC, trust_rank DESC, id",
        "ORDER BY by_hand DESC, verified DESC, weight, last_seen_at DESC, trust_rank DESC, id",
        "tests/identity/test_golden.py",
    ),
    "the dictionary's survivorship is not asked": Mutant(
        "identity/golden.py",
        "CASE WHEN known.override_id IS NOT NULL OR known.field = ANY(%(most_recent)b::text[])",
        "CASE WHEN known.override_id IS NOT NULL",
        "tests/identity/test_golden.py",
    ),
    "a public write key replaces what trusted sources say": Mutant(
        "identity/golden.py",
        "ORDER BY by_hand DESC, verified DESC, weight DESC, last_seen_at DESC, trust_rank DESC, id",
        "ORDER BY by_hand DESC, weight DESC, last_seen_at DESC, trust_rank DESC, id",
        "tests/identity/test_golden.py",
    ),
    "erasure leaves the keys": Mutant(
        "privacy/erasure.py",
        "    keys.destroy([UUID(hex) for hex in request.outcome.get(PENDING, [])])",
        "    pass",
        "tests/privacy/test_erasure.py",
    ),
    "the erased come back": Mutant(
        "pipeline/accept.py",
        "    barred = suppression.barred([Asked(item.fields, item.occurred_at) for item in envelopes])",
        "    barred: list[set[str]] = [set() for _ in envelopes]",
        "tests/privacy/test_suppression.py tests/pipeline",
    ),
    "segments take people who refused": Mutant(
        "segments/consented.py",
        "    allowed = [profile for profile in owned if profile in decisions.allowed]",
        "    allowed = [profile for profile, theirs in owned.items() if theirs]",
        "tests/segments/test_refresh.py",
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_the_mutant_dies(name: str, tmp_path: Path) -> None:
    kill(MUTANTS[name], tmp_path)


def kill(mutant: Mutant, tmp_path: Path) -> None:
    """Break a copy of the house in this way and run the tests that must notice; fails when they do not."""
    copy = shutil.copytree(ROOT, tmp_path / "onym", ignore=LEFT_OUT)
    source = (copy / mutant.file).read_text()
    assert source.count(mutant.line) == 1, f"{mutant.file} no longer has the line once: name its successor here"
    (copy / mutant.file).write_text(source.replace(mutant.line, mutant.becomes))
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-m", "not slow and not data"]
    environment = os.environ | {"ONYM_HOME": str(tmp_path / "home")}
    environment = {name: value for name, value in environment.items() if name not in ("DATABASE_URL", "KEYSTORE_URL")}
    run = subprocess.run(
        [*command, *mutant.tests.split()], cwd=copy, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1, f"the mutant lives: {run.stdout[-2000:]}"
