"""Every place of the product that asks the consent decision, and how each is broken in turn to see that a test notices.

A place is a file and the function around the call. Where the purpose rests on a legal duty the answer is always yes;
there the call hands out the grant without which nothing opens, so leaving it out leaves nothing to open with.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.test_mutants import ROOT, Mutant

ASKING = {"decide", "decide_each", "decide_all", "still_allowed"}
LEFT_OUT = {"tests", "bench", ".venv", "consent", "demo", "node_modules", "var"}

GATES = {
    "pipeline/accept.py _allowed": Mutant(
        "pipeline/accept.py",
        "            allowed |= decide_each(waiting, purpose=purpose, at=now, actor=STAGE, "
        'reason="accept records").allowed',
        "            allowed |= waiting.keys()",
        "tests/statements/test_p14_one_decision_gates_all.py",
    ),
    "identity/scene.py _open": Mutant(
        "identity/scene.py",
        "for id in wanted}, set(decisions.allowed), objecting",
        "for id in wanted}, set(wanted), set()",
        "tests/statements/test_p14_one_decision_gates_all.py",
    ),
    "identity/learning.py learn_model": Mutant(
        "identity/learning.py",
        "    persons = open_persons(sorted(decisions.allowed), decisions.grant)",
        "    persons = open_persons(sorted(ids), decisions.grant)",
        "tests/statements/test_p14_one_decision_gates_all.py",
    ),
    "segments/consented.py ask_for": Mutant(
        "segments/consented.py",
        "    allowed = [profile for profile in owned if profile in decisions.allowed]",
        "    allowed = [profile for profile, theirs in owned.items() if theirs]",
        "tests/statements/test_p14_one_decision_gates_all.py",
    ),
    "segments/features/newsletter.py compute": Mutant(
        "segments/features/newsletter.py",
        '    return {profile: {"newsletter": profile in decisions.allowed} for profile in owned}',
        '    return {profile: {"newsletter": True} for profile in owned}',
        "tests/segments/test_features.py",
    ),
    "pipeline/hand_over.py _objection": Mutant(
        "pipeline/hand_over.py",
        '    return decision.reason if isinstance(decision, Refusal) else ""',
        '    return ""',
        "tests/pipeline/test_hand_over.py",
    ),
    "api/views/profiles.py _may_know_of": Mutant(
        "api/views/profiles.py",
        "    return not isinstance(decision, Refusal)",
        "    return True",
        "tests/statements/test_p14_one_decision_gates_all.py",
    ),
    "api/people.py ask": Mutant(
        "api/people.py",
        "    if isinstance(decision, Refusal):",
        "    if False:",
        "tests/statements/test_p14_one_decision_gates_all.py",
    ),
    "api/views/segments.py _allowed": Mutant(
        "api/views/segments.py",
        "    return decisions.allowed\n",
        "    return frozenset(people_by_profile)\n",
        "tests/api/test_segments.py",
    ),
    "api/views/segments.py _consented": Mutant(
        "api/views/segments.py",
        "(member.segment.purpose_id, member.segment.channel) in granted]",
        "(member.segment.purpose_id, member.segment.channel) in asked]",
        "tests/api/test_segments.py",
    ),
    "console/asking.py ask": Mutant(
        "console/asking.py",
        "    answer = decide(known, purpose=SERVICE,",
        '    answer = decide(known, purpose="subject_requests",',
        "tests/console",
    ),
    "console/asking.py ask_for_each": Mutant(
        "console/asking.py",
        "    return decide_each(groups, purpose=purpose,",
        '    return decide_each(groups, purpose="subject_requests",',
        "tests/console",
    ),
    "privacy/exports.py _allowed": Mutant(
        "privacy/exports.py",
        "    allowed = {profile: ids for profile, ids in owned.items() if profile in decisions.allowed}",
        "    allowed = dict(owned)",
        "tests/statements/test_p49_small_cells_and_budget.py",
    ),
    "privacy/published.py _size": Mutant(
        "privacy/published.py",
        "        size += len(decisions.allowed)",
        "        size += len(owned)",
        "tests/statements/test_p49_small_cells_and_budget.py",
    ),
}

# These ask on a legal duty: file and the purpose it names.
DUTIES = {
    "privacy/papers.py": "subject_requests",
    "privacy/access.py": "subject_requests",
    "privacy/rectification.py": "subject_requests",
    "privacy/public/inquiries.py": "subject_requests",
    "privacy/sign_ups.py": "subject_requests",
    "privacy/wanted.py": "subject_requests",
    "privacy/suppression_of_person.py": "subject_requests",
    "privacy/aged_fields.py": "security",
    "privacy/data_key_rotation.py": "security",
}


def places() -> set[str]:
    """Every place that asks, read from the source: file and function."""
    files = [file for file in ROOT.rglob("*.py") if not LEFT_OUT & set(file.relative_to(ROOT).parts)]
    return {place for file in files for place in _places_in(file)}


def _places_in(file: Path) -> Iterator[str]:
    tree = ast.parse(file.read_text())
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("consent.")
        for alias in node.names
        if alias.name in ASKING
    }
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and any(_asks(node, imported) for node in ast.walk(function)):
            yield f"{file.relative_to(ROOT)} {function.name}"


def _asks(node: ast.AST, imported: set[str]) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in imported
