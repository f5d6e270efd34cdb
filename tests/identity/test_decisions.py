"""The pairs of one decision are known as such, also those that were ruled on before that was kept."""

from collections.abc import Collection
from datetime import datetime
from importlib import import_module
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError

from identity import ledger
from identity.models import Assignment, Verdict
from records.models import Source
from tests.identity.test_settling import source_profile
from tests.senders import process, send_rows
from vault.ids import new_id

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
EVERYBODY = ("Ann", "Bea", "Cid", "Dan")


@pytest.fixture
def profiles(crm: Source, now: datetime) -> list[UUID]:
    """Four people of one source profile each, the oldest first."""
    rows = [{"customer_number": name, "given_name": name, "updated_at": "2026-11-01"} for name in EVERYBODY]
    send_rows(crm, *rows, now=now)
    process(now)
    ids = [source_profile(name) for name in EVERYBODY]
    return sorted(Assignment.objects.filter(source_profile__in=ids).values_list("profile_id", flat=True))


def decisions() -> Collection[frozenset[UUID]]:
    """Which verdicts belong together."""
    found: dict[UUID, set[UUID]] = {}
    for pk, decision in Verdict.objects.values_list("pk", "decision"):
        found.setdefault(decision, set()).add(pk)
    return {frozenset(pks) for pks in found.values()}


def test_decisions_of_before_are_told_apart_also_at_one_instant(profiles: list[UUID], now: datetime) -> None:
    by = {"actor": "1", "reason": "x", "now": now}
    one, two, three, four = profiles
    for left, right in ((four, three), (three, two), (two, one)):
        ledger.merge(left, right, **by)
    ledger.undo_merge(one, two, **by)
    known = decisions()
    assert sorted(len(pks) for pks in known) == [1, 2, 3, 3]
    for pk in Verdict.objects.values_list("pk", flat=True):
        Verdict.objects.filter(pk=pk).update(decision=new_id())
    assert decisions() != known
    with connection.cursor() as cursor:
        cursor.execute(import_module("identity.migrations.0018_decisions_and_why_they_were_taken_back").FIRST_OF_EACH)
    assert decisions() == known
    named = Assignment.objects.filter(evidence__has_key="verdict").values_list("evidence__verdict", flat=True)
    assert {UUID(id) for id in named} <= set(Verdict.objects.values_list("decision", flat=True))


def test_a_verdict_that_stands_says_of_nobody_that_they_took_it_back(profiles: list[UUID], now: datetime) -> None:
    ledger.merge(profiles[0], profiles[1], actor="1", reason="x", now=now)
    with pytest.raises(IntegrityError, match="only_an_undone_verdict_says_by_whom"), transaction.atomic():
        Verdict.objects.update(undone_by="2")
