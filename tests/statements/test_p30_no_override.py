"""An objection to marketing and its profiling has no override: no role, capability, key or path uses the data after."""

import inspect
import re

import pytest
from django.urls import get_resolver
from django.utils import timezone

from access import roles
from access.models import User
from consent import decide as decision
from consent.many import decide_all
from consent.models import LEGAL_BASES, LEGAL_OBLIGATION, Purpose
from console.asking import ask_for_each
from identity.profiles import source_profiles
from outbox.models import Change
from pipeline.process import process_batch
from privacy import requests
from privacy.objections import WITHDRAWS, carry_out
from segments import catalog
from segments.models import Membership
from tests.api.conftest import YES, Shop, alice, call, order, shop
from tests.statements.sabotage import Sabotage

__all__ = ["alice", "call", "shop"]
pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "consent/rules.py",
    "    if any(act.state == WITHDRAWN for act in acts):",
    "    if rule.legal_basis == CONSENT and any(act.state == WITHDRAWN for act in acts):",
)
OBJECTED = ("marketing", "personalization")
RULE = {"rule": {"all": [{"feature": "recency_days", "op": "<=", "value": 90}]}}


@pytest.fixture
def objected(alice):
    """Alice, who agreed to everything and then objected."""
    now = timezone.now()
    carry_out(requests.open("objection", profile_id=alice, actor="officer-2", now=now), actor="officer-2", now=now)
    return alice


def test_p30_the_decision_takes_no_word_that_overrides():
    asked = {"purpose", "channel", "at", "known_at", "actor", "reason"}
    assert set(inspect.signature(decision.decide).parameters) == asked | {"source_profiles"}
    assert set(inspect.signature(decision.decide_each).parameters) == asked | {"groups"}
    assert set(inspect.signature(decide_all).parameters) == {"groups", "purpose", "channel", "at"}


def test_p30_no_capability_says_so():
    names = {value for name, value in vars(roles).items() if name.isupper() and isinstance(value, str)}
    names |= {capability for role in roles.ROLES.values() for capability in role.capabilities}
    assert not [name for name in names if re.search("overrid|bypass|force|ignore|without", name)]


@pytest.mark.parametrize("basis", [basis for basis in LEGAL_BASES if basis != LEGAL_OBLIGATION])
@pytest.mark.parametrize("role", [*roles.ROLES, "all of them", "superuser"])
def test_p30_no_role_may(objected, rf, role, basis):
    Purpose.objects.filter(slug__in=OBJECTED).update(legal_basis=basis)
    held = list(roles.ROLES) if role in ("all of them", "superuser") else [role]
    request = rf.get("/")
    request.user = User(
        username=role, roles=held, **({"is_superuser": True} if role == "superuser" and has_flag() else {})
    )
    for purpose in OBJECTED:
        groups = {objected: source_profiles(objected)}
        decisions = ask_for_each(groups, request, purpose=purpose, reason="statement", now=timezone.now())
        assert decisions.refused == {objected: "withdrawn or refused"}
        assert decisions.grant.source_profiles == set()


def has_flag() -> bool:
    return any(field.name == "is_superuser" for field in User._meta.concrete_fields)


def test_p30_no_key_may_on_any_path_of_a_profile(objected, call):
    paths = sorted(
        str(pattern)
        for pattern in patterns(get_resolver().url_patterns)
        if str(pattern).startswith("api/profiles/<uuid:id>/")
    )
    assert len(paths) >= 4
    for purpose in OBJECTED:
        caller = call(purpose)
        for path in paths:
            answer = caller.get("/" + path.replace("<uuid:id>", str(objected)), purpose=purpose)
            if path.endswith(("/consents/", "/consents/receipts/")):
                continue  # what the person said, their objection among it
            if answer.status_code == 400:
                assert answer.json()["code"] == "purpose_mismatch", path
                continue
            assert answer.status_code in (403, 404, 405) or answer.json()["results"] == [], path
        body = {"namespace": "email", "value": "alice@example.com"}
        assert caller.post("/api/profiles/lookup/", body, purpose=purpose).status_code == 404


def patterns(found, before: str = ""):
    for one in found:
        path = before + str(one.pattern)
        if hasattr(one, "url_patterns"):
            yield from patterns(one.url_patterns, path)
        else:
            yield path


def test_p30_no_segment_for_it_holds_them_and_nobody_is_told(alice, shop: Shop):
    for purpose in OBJECTED:
        catalog.create(purpose, name=purpose, purpose=purpose, definition=RULE)
    shop.send({"batch": [order("alice", 7)]})
    process_batch(now=timezone.now())
    assert Membership.objects.filter(profile=alice, left_at=None).count() == 2
    now = timezone.now()
    carry_out(requests.open("objection", profile_id=alice, actor="officer-2", now=now), actor="officer-2", now=now)
    shop.send({"batch": [order("alice", 8)]})
    process_batch(now=timezone.now())
    assert Membership.objects.filter(profile=alice, left_at=None).count() == 0
    assert Change.objects.filter(profile_id=alice, kind="segment.entered", happened_at__gt=now).count() == 0


def test_p30_no_repeated_yes_of_a_source_undoes_it(objected, shop: Shop):
    context = {"consent": {"categoryPreferences": YES}}
    shop.send({"batch": [order("alice", 9) | {"context": context}]})
    process_batch(now=timezone.now())
    request = {"purpose": "marketing", "at": timezone.now(), "reason": "statement"}
    answer = decision.decide(source_profiles(objected), **request, actor=decision.Actor.machine("test"))
    assert isinstance(answer, decision.Refusal)


def test_p30_an_objection_is_to_marketing_and_its_profiling():
    assert WITHDRAWS["objection"] == OBJECTED
