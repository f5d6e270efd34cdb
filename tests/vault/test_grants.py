"""A grant covers its source profiles for a short while, and cannot be widened."""

from dataclasses import FrozenInstanceError
from datetime import timedelta

import pytest

from vault.grants import LIFETIME, Actor, issue
from vault.ids import new_id

ALICE, ALICE_AT_WORK, BOB = new_id(), new_id(), new_id()


@pytest.fixture
def grant(now):
    return issue([ALICE, ALICE_AT_WORK], actor=Actor.machine("resolve"), purpose="service", reason="test", now=now)


def test_it_covers_any_of_its_own_and_nobody_else(grant, now):
    assert grant.covers([ALICE], now=now)
    assert grant.covers([ALICE, ALICE_AT_WORK], now=now)
    assert not grant.covers([BOB], now=now)
    assert not grant.covers([ALICE, BOB], now=now)


def test_it_ends_after_fifteen_minutes(grant, now):
    assert timedelta(seconds=60) == LIFETIME
    assert grant.covers([ALICE], now=now + LIFETIME - timedelta(microseconds=1))
    assert not grant.covers([ALICE], now=now + LIFETIME)


@pytest.mark.parametrize("field", ["source_profiles", "expires_at", "purpose", "actor"])
def test_it_cannot_be_changed(grant, field):
    with pytest.raises(FrozenInstanceError):
        setattr(grant, field, getattr(grant, field))


def test_what_it_was_made_from_does_not_widen_it(now):
    asked = {ALICE}
    grant = issue(asked, actor=Actor.machine("resolve"), purpose="service", reason="test", now=now)
    asked.add(BOB)
    assert not grant.covers([BOB], now=now)


def test_a_machine_stage_acts_by_name():
    assert Actor.machine("resolve") == Actor("machine", "resolve")
