"""Every place of the product that asks the consent decision, and how each is broken in turn to see that a test notices.

A place is a file, the function around the call and, from the second call in it on, which one. A gate may be broken in
several ways, told after a colon. Where the purpose rests on a legal duty the answer is always yes; there the call hands
out the grant without which nothing opens, so what is broken is the purpose, and the read is refused.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache

from tests.test_architecture import File, dotted, imported, product
from tests.test_mutants import Mutant

# What answers whether data may be used, or tells why.
ASKING = {
    "consent.rules.conclude",
    "consent.rules.has_expired",
    "consent.rules.is_outdated",
    "consent.purposes.rule_in_force",
    "consent.purposes.declared_for",
    "consent.restrictions.restricted",
    "consent.evidence.gather",
    "consent.evidence.latest_acts",
    "consent.decide.decide",
    "consent.decide.decide_each",
    "consent.many.decide_all",
    "consent.recheck.still_allowed",
    "consent.explanation.explain",
    "consent.state.standing",
    "consent.asking_again.may_ask_again",
}
ONE_DECISION = "tests/statements/test_p14_one_decision_gates_all.py"
ONE_NO = "tests/journeys/test_a_no_to_one_source.py"
NOBODYS = 'purpose="whim",'  # there is no such purpose, so it is refused

GATES = {
    "pipeline/accept.py _allowed": Mutant(
        "pipeline/accept.py",
        "            allowed |= decide_each(waiting, purpose=purpose, at=now, actor=STAGE, "
        'reason="accept records").allowed',
        "            allowed |= waiting.keys()",
        ONE_DECISION,
    ),
    "identity/leave.py ask_leave": Mutant(
        "identity/leave.py",
        "    return Leave(ids, decisions, set(decisions.allowed), objecting, viewed, bare, asked)",
        "    return Leave(ids, decisions, set(ids), set(), viewed, bare, asked)",
        ONE_DECISION,
    ),
    "identity/scene.py _shut_beside": Mutant(
        "identity/scene.py",
        "    return frozenset(asked.keys() - decisions.allowed)",
        "    return frozenset()",
        "tests/identity/test_resolve.py",
    ),
    "identity/homes.py changes": Mutant(
        "identity/homes.py",
        "    covered = {profile: _covered(values, decisions) for profile, values in sealed.items()}",
        "    covered = dict(sealed)",
        "tests/identity/test_households.py",
    ),
    "identity/homes.py changes: of one source profile": Mutant(
        "identity/homes.py",
        "    decisions = decide_each(owned, purpose=LINKING,",
        "    decisions = decide_each({one: ids[:1] for one, ids in owned.items()}, purpose=LINKING,",
        "tests/identity/test_households.py",
    ),
    "identity/learning.py learn_model": Mutant(
        "identity/learning.py",
        "    persons = open_persons(sorted(decisions.allowed), decisions.grant)",
        "    persons = open_persons(sorted(ids), decisions.grant)",
        ONE_DECISION,
    ),
    "identity/shared_by_many.py _look_further": Mutant(
        "identity/shared_by_many.py",
        "    persons = open_persons(decisions.allowed, decisions.grant)",
        "    persons = open_persons(bearers, decisions.grant)",
        "tests/identity/test_shared_by_many.py",
    ),
    "identity/answers.py answers_to": Mutant(
        "identity/answers.py",
        "    persons = open_persons(decisions.allowed, decisions.grant)",
        "    persons = open_persons(asked, decisions.grant)",
        "tests/identity/test_answers.py",
    ),
    "segments/consented.py ask_for": Mutant(
        "segments/consented.py",
        "    allowed = [profile for profile in owned if profile in decisions.allowed]",
        "    allowed = [profile for profile, theirs in owned.items() if theirs]",
        "tests/segments/test_refresh.py",
    ),
    "segments/consented.py ask_for: of one source profile": Mutant(
        "segments/consented.py",
        "        {profile: theirs for profile, theirs in owned.items() if theirs},",
        "        {profile: sorted(theirs)[:1] for profile, theirs in owned.items() if theirs},",
        "tests/segments/test_refresh.py",
    ),
    "segments/consented.py ask_for: of any channel": Mutant(
        "segments/consented.py",
        "        channel=channel,\n        at=now,",
        "        at=now,",
        "tests/segments/test_refresh.py",
    ),
    "segments/features/newsletter.py compute": Mutant(
        "segments/features/newsletter.py",
        '    return {profile: {"newsletter": profile in decisions.allowed} for profile in owned}',
        '    return {profile: {"newsletter": True} for profile in owned}',
        "tests/segments/test_features.py",
    ),
    "segments/features/newsletter.py compute: of one source profile": Mutant(
        "segments/features/newsletter.py",
        "        owned,\n",
        "        {profile: sorted(theirs)[:1] for profile, theirs in owned.items()},\n",
        "tests/segments/test_features.py",
    ),
    "segments/features/newsletter.py compute: of any channel": Mutant(
        "segments/features/newsletter.py",
        "        channel=CHANNEL,\n",
        "",
        "tests/segments/test_features.py",
    ),
    "pipeline/hand_over.py _objection": Mutant(
        "pipeline/hand_over.py",
        '    return decision.reason if isinstance(decision, Refusal) else ""',
        '    return ""',
        "tests/pipeline/test_hand_over.py",
    ),
    "pipeline/hand_over.py _objection: of one source profile": Mutant(
        "pipeline/hand_over.py",
        "        source_profiles(profile), purpose=delivery.purpose,",
        "        source_profiles(profile)[:1], purpose=delivery.purpose,",
        ONE_NO,
    ),
    "api/views/profiles.py _may_know_of": Mutant(
        "api/views/profiles.py",
        "    return not isinstance(decision, Refusal)",
        "    return True",
        ONE_DECISION,
    ),
    "api/views/profiles.py _may_know_of: of one source profile": Mutant(
        "api/views/profiles.py",
        "    decision = decide(source_profiles, purpose=purpose,",
        "    decision = decide(source_profiles[:1], purpose=purpose,",
        ONE_NO,
    ),
    "api/views/identity.py Ledger.get": Mutant(
        "api/views/identity.py",
        "        readable = sorted(theirs & grant.source_profiles)\n",
        "        readable = sorted(theirs)\n",
        "tests/api/test_identity.py",
    ),
    "api/views/households.py _told_of": Mutant(
        "api/views/households.py",
        "    readable = decide_each(everyone, purpose=purpose,",
        "    readable = decide_each(everyone, purpose=LINKING,",
        "tests/api/test_household.py",
    ),
    "api/views/households.py _told_of: of one source profile": Mutant(
        "api/views/households.py",
        "    readable = decide_each(everyone, purpose=purpose,",
        "    readable = decide_each({one: ids[:1] for one, ids in everyone.items()}, purpose=purpose,",
        "tests/api/test_household.py",
    ),
    "api/views/households.py _told_of (2)": Mutant(
        "api/views/households.py",
        "    linkable = decide_each(everyone, purpose=LINKING,",
        "    linkable = decide_each(everyone, purpose=purpose,",
        "tests/api/test_household.py",
    ),
    "api/views/households.py _told_of (2): of one source profile": Mutant(
        "api/views/households.py",
        "    linkable = decide_each(everyone, purpose=LINKING,",
        "    linkable = decide_each({one: ids[:1] for one, ids in everyone.items()}, purpose=LINKING,",
        "tests/api/test_household.py",
    ),
    "api/people.py ask": Mutant(
        "api/people.py",
        "    if isinstance(decision, Refusal):",
        "    if False:",
        ONE_DECISION,
    ),
    "api/people.py ask: of one source profile": Mutant(
        "api/people.py",
        "    decision = decide(person.source_profiles, purpose=purpose.slug,",
        "    decision = decide(person.source_profiles[:1], purpose=purpose.slug,",
        ONE_NO,
    ),
    "console/profile/computed.py computed_of": Mutant(
        "console/profile/computed.py",
        "    if isinstance(answer, Refusal):",
        "    if False:",
        "tests/console/test_features.py",
    ),
    "console/profile/computed.py computed_of: of one source profile": Mutant(
        "console/profile/computed.py",
        "    answer = decide(person.source_profiles, purpose=ANALYTICS,",
        "    answer = decide(person.source_profiles[:1], purpose=ANALYTICS,",
        "tests/console/test_features.py",
    ),
    "api/views/segments.py _allowed": Mutant(
        "api/views/segments.py",
        "    return decisions.allowed\n",
        "    return frozenset(people_by_profile)\n",
        "tests/api/test_segments.py",
    ),
    "api/views/segments.py _allowed: of one source profile": Mutant(
        "api/views/segments.py",
        "        {id: source_profiles for id,",
        "        {id: source_profiles[:1] for id,",
        ONE_NO,
    ),
    "api/views/segments.py _allowed: of any channel": Mutant(
        "api/views/segments.py",
        "        channel=segment.channel,\n",
        "",
        "tests/api/test_segments.py",
    ),
    "api/views/segments.py _consented": Mutant(
        "api/views/segments.py",
        "(member.segment.purpose_id, member.segment.channel) in granted]",
        "(member.segment.purpose_id, member.segment.channel) in asked]",
        "tests/api/test_segments.py",
    ),
    "api/views/segments.py _consented: of one source profile": Mutant(
        "api/views/segments.py",
        "            person.source_profiles,\n            purpose=purpose,",
        "            person.source_profiles[:1],\n            purpose=purpose,",
        ONE_NO,
    ),
    "api/views/segments.py _consented: of any channel": Mutant(
        "api/views/segments.py",
        "            channel=channel,\n",
        "",
        "tests/api/test_segments.py",
    ),
    "console/asking.py ask": Mutant(
        "console/asking.py",
        "    answer = decide(known, purpose=SERVICE,",
        '    answer = decide(known, purpose="subject_requests",',
        "tests/console/test_profile.py",
    ),
    "console/asking.py ask: of one source profile": Mutant(
        "console/asking.py",
        "    answer = decide(known, purpose=SERVICE,",
        "    answer = decide(known[:1], purpose=SERVICE,",
        "tests/console/test_profile.py",
    ),
    "console/asking.py ask (2)": Mutant(
        "console/asking.py",
        "    activity = decide(known, purpose=ANALYTICS,",
        '    activity = decide(known, purpose="subject_requests",',
        "tests/console/test_profile.py",
    ),
    "console/asking.py ask (2): of one source profile": Mutant(
        "console/asking.py",
        "    activity = decide(known, purpose=ANALYTICS,",
        "    activity = decide(known[-1:], purpose=ANALYTICS,",
        "tests/console/test_profile.py",
    ),
    "console/screens/purposes.py _reach": Mutant(
        "console/screens/purposes.py",
        "        Reach(channel, len(decide_all(",
        "        Reach(channel, everybody or len(decide_all(",
        "tests/console/test_purposes.py",
    ),
    "console/screens/purposes.py _reach: of any channel": Mutant(
        "console/screens/purposes.py",
        "purpose=purpose.slug, channel=channel, at=now)",
        "purpose=purpose.slug, at=now)",
        "tests/console/test_purposes.py",
    ),
    "console/asking.py ask_for_each": Mutant(
        "console/asking.py",
        "    return decide_each(groups, purpose=purpose,",
        '    return decide_each(groups, purpose="subject_requests",',
        "tests/console/test_segments.py tests/console/test_review.py tests/console/test_pages.py",
    ),
    "console/asking.py ask_for_each: of one source profile": Mutant(
        "console/asking.py",
        "    return decide_each(groups, purpose=purpose,",
        "    return decide_each({id: sorted(ids)[:1] for id, ids in groups.items()}, purpose=purpose,",
        ONE_NO,
    ),
    "privacy/exports.py _allowed": Mutant(
        "privacy/exports.py",
        "    allowed = {profile: ids for profile, ids in owned.items() if profile in decisions.allowed}",
        "    allowed = dict(owned)",
        "tests/statements/test_p49_small_cells_and_budget.py",
    ),
    "privacy/exports.py _allowed: of one source profile": Mutant(
        "privacy/exports.py",
        "    decisions = decide_each(owned, purpose=order.purpose,",
        "    decisions = decide_each({one: ids[:1] for one, ids in owned.items()}, purpose=order.purpose,",
        ONE_NO,
    ),
    "privacy/exports.py _allowed: of any channel": Mutant(
        "privacy/exports.py",
        "purpose=order.purpose, channel=order.channel, at=now()",
        "purpose=order.purpose, at=now()",
        ONE_NO,
    ),
    "privacy/published.py _size": Mutant(
        "privacy/published.py",
        "        size += len(decisions.allowed)",
        "        size += len(owned)",
        "tests/statements/test_p49_small_cells_and_budget.py",
    ),
    "privacy/published.py _size: of one source profile": Mutant(
        "privacy/published.py",
        "            owned,\n            purpose=segment.purpose_id,",
        "            {one: ids[:1] for one, ids in owned.items()},\n            purpose=segment.purpose_id,",
        ONE_NO,
    ),
    "privacy/published.py _size: of any channel": Mutant(
        "privacy/published.py",
        "            channel=segment.channel,\n",
        "",
        ONE_NO,
    ),
    "demo/run.py _decisions": Mutant(
        "demo/run.py",
        '{"allowed": len(decisions.allowed), "refused": len(decisions.refused)}',
        '{"allowed": len(groups), "refused": 0}',
        "tests/journeys/test_main_job.py",
    ),
    # Who explains or shows what stands.
    "api/views/consents.py ProfileExplanation.post": Mutant(
        "api/views/consents.py",
        "        found = explain(person.source_profiles, **asked)",
        "        found = explain(person.source_profiles[:1], **asked)",
        ONE_NO,
    ),
    "api/views/consents.py _standing": Mutant(
        "api/views/consents.py",
        "    stands = standing(person.source_profiles, at=timezone.now())",
        "    stands = standing(person.source_profiles[:1], at=timezone.now())",
        ONE_NO,
    ),
    "api/views/consents.py _record": Mutant(
        "api/views/consents.py",
        "for item in standing(person.source_profiles, at=now) if item.purpose == said",
        "for item in standing([], at=now) if item.purpose == said",
        "tests/api/test_consents.py",
    ),
    "api/views/consents.py _record_signal": Mutant(
        "api/views/consents.py",
        "for item in standing(person.source_profiles, at=now) if item.purpose in spoken_of",
        "for item in standing([], at=now) if item.purpose in spoken_of",
        "tests/api/test_consent_signals.py",
    ),
    "pipeline/corrections.py _must_be_linkable": Mutant(
        "pipeline/corrections.py",
        "    if refused:\n        raise ledger.NotPossible(",
        "    if False:\n        raise ledger.NotPossible(",
        "tests/console/test_merging.py",
    ),
    "console/screens/profiles.py ProfileScreen.was_allowed": Mutant(
        "console/screens/profiles.py",
        "        found = explain(known, **form.asked())",
        "        found = explain(known[:1], **form.asked())",
        "tests/console/test_was_allowed.py",
    ),
    "console/profile/consents.py lines_of": Mutant(
        "console/profile/consents.py",
        "    return list(_lines(standing(source_profiles, at=at), sources))",
        "    return list(_lines(standing(sorted(source_profiles)[:1], at=at), sources))",
        "tests/console/test_profile.py",
    ),
    "privacy/access.py _consents": Mutant(
        "privacy/access.py",
        "            for one in standing(subject.source_profiles, at=now)",
        "            for one in standing(sorted(subject.source_profiles)[:1], at=now)",
        ONE_NO,
    ),
    "privacy/public/choices.py choices": Mutant(
        "privacy/public/choices.py",
        "    stands = [one for one in standing(source_profiles, at=at) if",
        "    stands = [one for one in standing(sorted(source_profiles)[:1], at=at) if",
        ONE_NO,
    ),
    "privacy/kept.py source_profiles": Mutant(
        "privacy/kept.py",
        "    standing = restricted(set(begun), at=now)",
        "    standing = dict.fromkeys(begun, set(KEEPS))",
        "tests/statements/test_p11_legal_hold.py tests/statements/test_p47_nothing_older_than_its_limit.py",
    ),
    "consent/receipts.py _receipt": Mutant(
        "consent/receipts.py",
        "    version = rule_in_force(act.purpose_id, at=act.occurred_at)",
        "    version = rule_in_force(act.purpose_id, at=act.recorded_at)",
        "tests/consent/test_receipts.py",
    ),
    # Who asks on a legal duty.
    "privacy/papers.py read": Mutant(
        "privacy/papers.py",
        "    grant = decide([_key_of(request)], purpose=PURPOSE,",
        "    grant = decide([_key_of(request)], " + NOBODYS,
        "tests/privacy/test_workflow.py",
    ),
    "privacy/access.py _grant": Mutant(
        "privacy/access.py",
        "    decision = decide(subject.source_profiles, purpose=PURPOSE,",
        "    decision = decide(subject.source_profiles, " + NOBODYS,
        "tests/privacy/test_access.py",
    ),
    "privacy/rectification.py _grant": Mutant(
        "privacy/rectification.py",
        "    decision = decide(list(source_profiles), purpose=PURPOSE,",
        "    decision = decide(list(source_profiles), " + NOBODYS,
        "tests/privacy/test_rectification.py",
    ),
    "privacy/public/inquiries.py open_address": Mutant(
        "privacy/public/inquiries.py",
        "    grant = decide([bearer.source_profile_id], purpose=PURPOSE,",
        "    grant = decide([bearer.source_profile_id], " + NOBODYS,
        "tests/privacy/test_public.py",
    ),
    "privacy/sign_ups.py address_of": Mutant(
        "privacy/sign_ups.py",
        "    grant = decide([sign_up.pk], purpose=PURPOSE,",
        "    grant = decide([sign_up.pk], " + NOBODYS,
        "tests/statements/test_p04_no_return.py",
    ),
    "privacy/wanted.py leave": Mutant(
        "privacy/wanted.py",
        "    decision = decide(list(ids), purpose=PURPOSE,",
        "    decision = decide(list(ids), " + NOBODYS,
        "tests/privacy/test_erasure.py",
    ),
    "privacy/suppression_of_person.py _values": Mutant(
        "privacy/suppression_of_person.py",
        "    grant = decide(subject.source_profiles, purpose=PURPOSE,",
        "    grant = decide(subject.source_profiles, " + NOBODYS,
        "tests/privacy/test_suppression.py",
    ),
    "privacy/aged_fields.py _reseal": Mutant(
        "privacy/aged_fields.py",
        "        purpose=PURPOSE,\n",
        f"        {NOBODYS}\n",
        "tests/statements/test_p47_nothing_older_than_its_limit.py",
    ),
    "pipeline/uploads.py _leave": Mutant(
        "pipeline/uploads.py",
        "    answer = decide([load.pk], purpose=PURPOSE,",
        "    answer = decide([load.pk], " + NOBODYS,
        "tests/pipeline/test_uploads.py",
    ),
    "pipeline/replay.py leave_to_open": Mutant(
        "pipeline/replay.py",
        "    answer = decide(ids, purpose=PURPOSE,",
        "    answer = decide(ids, " + NOBODYS,
        "tests/pipeline/test_replay.py",
    ),
    "pipeline/try_out.py _leave": Mutant(
        "pipeline/try_out.py",
        "    answer = decide(ids, purpose=PURPOSE,",
        "    answer = decide(ids, " + NOBODYS,
        "tests/console/test_readings.py",
    ),
    "privacy/data_key_rotation.py _reseal": Mutant(
        "privacy/data_key_rotation.py",
        "        purpose=PURPOSE,\n",
        f"        {NOBODYS}\n",
        "tests/statements/test_p45_keys_rotate_online.py",
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
    "pipeline/uploads.py": "security",
    "pipeline/replay.py": "security",
    "pipeline/try_out.py": "security",
    "privacy/data_key_rotation.py": "security",
}


def place_of(gate: str) -> str:
    """The place that this gate stands in."""
    return gate.partition(": ")[0]


@cache
def places() -> dict[str, tuple[int, int]]:
    """Every place that asks, read from the source of every room, with the lines of the function around it."""
    return {place: lines for file in product() for place, lines in places_in(file)}


def places_in(file: File) -> Iterator[tuple[str, tuple[int, int]]]:
    """Every mention of what asks, called at once or handed on, in the file of its own too."""
    names, seen = _names_in(file), Counter[str]()
    for name, lines, node in _within(file.tree, "", (1, 0)):
        if isinstance(node, ast.Name | ast.Attribute) and home(dotted(node, names)) in ASKING:
            seen[name] += 1
            count = f" ({seen[name]})" if seen[name] > 1 else ""
            yield f"{file.path} {name or 'the file itself'}{count}", lines


def home(path: str) -> str:
    """Where a name comes from that is imported from a file that only imported it."""
    module, _, name = path.rpartition(".")
    passed_on = _names_of_modules().get(module, {}).get(name, path)
    return path if passed_on == path else home(passed_on)


@cache
def _names_of_modules() -> dict[str, dict[str, str]]:
    return {_module_of(file): _names_in(file) for file in product()}


def _names_in(file: File) -> dict[str, str]:
    """What each name stands for that the file imports or defines."""
    module = _module_of(file)
    return imported(file.tree) | {
        node.name: f"{module}.{node.name}" for node in file.tree.body if isinstance(node, ast.FunctionDef)
    }


def _module_of(file: File) -> str:
    return file.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _within(node: ast.AST, name: str, lines: tuple[int, int]) -> Iterator[tuple[str, tuple[int, int], ast.AST]]:
    """Every node, with the name and the lines of the function that it stands in."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = f"{name}.{child.name}".lstrip(".")
            yield from _within(child, inner, (child.lineno, child.end_lineno or child.lineno))
        else:
            yield name, lines, child
            yield from _within(child, name, lines)
