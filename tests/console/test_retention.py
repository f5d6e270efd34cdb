"""The page of limits: the schedule, a rule, a dry run that changes nothing, and what has gone."""

from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse

from access.roles import EDIT_RETENTION, ROLES
from privacy.models import RetentionRun
from records.models import Record, RetentionRule
from tests.console.conftest import World
from vault.ids import new_id

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

LIST = reverse("admin:records_retentionrule_changelist")
ADD = reverse("admin:records_retentionrule_add")
DRY_RUN = reverse("admin:records_retentionrule_dry_run")


def test_a_rule_is_set_and_changes_the_schedule(world: World, sign_in: Callable[[str], Client]) -> None:
    client = sign_in("privacy_officer")
    before = client.get(LIST).content.decode()
    assert "crm" in before
    assert "shortened by a rule" not in before
    assert client.post(ADD, {"purpose": "analytics", "days": "91"}).status_code == 302
    rule = RetentionRule.objects.get()
    assert (rule.source, rule.purpose, rule.field, rule.days) == (None, "analytics", "", 91)
    assert "shortened by a rule" in client.get(LIST).content.decode()
    change = reverse("admin:records_retentionrule_change", args=[rule.pk])
    assert client.post(change, {"days": "120", "purpose": "service"}).status_code == 302
    rule.refresh_from_db()
    assert (rule.purpose, rule.days, RetentionRule.objects.count()) == ("analytics", 120, 1)


@pytest.mark.parametrize(
    "wrong", [{"days": "0"}, {"days": ""}, {"purpose": "analytics", "field": "phone", "days": "5"}, {"field": "shoe"}]
)
def test_a_wrong_rule_is_not_kept(wrong: dict[str, str], world: World, sign_in: Callable[[str], Client]) -> None:
    assert sign_in("privacy_officer").post(ADD, wrong).status_code == 200
    assert RetentionRule.objects.count() == 0


def test_a_dry_run_counts_and_changes_nothing(
    world: World, sign_in: Callable[[str], Client], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in("privacy_officer")
    assert "Nothing is beyond its limit." in client.post(DRY_RUN).content.decode()
    clock = SimpleNamespace(now=lambda: now + timedelta(days=30_000))
    monkeypatch.setattr("console.screens.retention.timezone", clock)
    count = Record.objects.count()
    page = client.post(DRY_RUN).content.decode()
    assert "What would go now" in page
    assert "<td>records</td>" in page
    assert (Record.objects.count(), RetentionRun.objects.count()) == (count, 0)


def test_what_has_gone_is_shown(world: World, sign_in: Callable[[str], Client], now: datetime) -> None:
    RetentionRun.objects.create(
        id=new_id(), source_id=world.crm.pk, what="records", cutoff_at=now, rows=1234, held=0, ran_at=now
    )
    page = sign_in("administrator").get(LIST).content.decode()
    assert "1,234" in page
    assert "Set a limit" not in page


@pytest.mark.parametrize("role", [role for role in ROLES if EDIT_RETENTION not in ROLES[role].capabilities])
def test_nobody_else_sets_a_limit(role: str, world: World, sign_in: Callable[[str], Client]) -> None:
    client = sign_in(role)
    assert client.post(ADD, {"days": "1"}).status_code == 403
    assert client.post(DRY_RUN).status_code == 403
    assert RetentionRule.objects.count() == 0
