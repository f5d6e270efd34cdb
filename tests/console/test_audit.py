"""An entry of the audit log: who read what of whom, for which purpose and why, and whether it is as it was sealed."""

from datetime import datetime

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from privacy import requests
from privacy.erasure import erase
from tests.console.conftest import PLAINTEXT
from vault import audit_seals
from vault.audit import reads_of
from vault.models import AuditEntry

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


@pytest.fixture
def revealed(world, sign_in):
    """A steward has revealed Alice for a ticket: the entry of that read."""
    sign_in("data_steward").post(
        reverse("admin:identity_profile_reveal", args=[world.alice]), {"reason": "ticket 4711"}
    )
    return reads_of(world.parts(world.alice)).filter(reason__contains="ticket 4711", action="read golden record").get()


def page_of(entry, client, query=""):
    return client.get(reverse("admin:vault_auditentry_change", args=[entry.pk]) + query).content.decode()


def test_each_line_of_the_list_leads_to_its_page(revealed, sign_in):
    officer = sign_in("privacy_officer")
    lines = officer.get(reverse("admin:vault_auditentry_changelist")).content.decode()
    assert reverse("admin:vault_auditentry_change", args=[revealed.pk]) in lines


def test_a_privacy_officer_sees_who_read_what_of_whom_why_and_by_which_route(world, revealed, sign_in):
    html = page_of(revealed, sign_in("privacy_officer"))
    for words in ("data_steward", "ticket 4711", "Admin", "service", "read golden record", "E-mail", "Family name"):
        assert words in html, words
    assert reverse("admin:identity_profile_change", args=[world.alice]) in html
    assert reverse("admin:identity_profile_change", args=[world.bob]) not in html
    assert not [value for value in PLAINTEXT if value in html]


def test_what_else_was_read_under_the_same_leave_is_a_click_away(revealed, sign_in):
    other = AuditEntry.objects.filter(run=revealed.run).exclude(pk=revealed.pk).earliest("pk")
    html = page_of(revealed, sign_in("privacy_officer"))
    assert reverse("admin:vault_auditentry_change", args=[other.pk]) in html


def test_whoever_may_not_see_people_sees_how_many_and_not_who(world, revealed, sign_in):
    html = page_of(revealed, sign_in("administrator"), "?who=1")
    assert "Your role does not see people" in html
    assert str(world.alice) not in html


@pytest.mark.parametrize("role", ["marketer", "data_steward", "operator"])
def test_nobody_else_sees_an_entry(revealed, sign_in, role):
    assert sign_in(role).get(reverse("admin:vault_auditentry_change", args=[revealed.pk])).status_code == 403


def test_in_a_large_database_people_are_found_on_asking(world, revealed, sign_in, monkeypatch):
    monkeypatch.setattr("console.screens.audit.AT_ONCE", 1)
    officer = sign_in("privacy_officer")
    html = page_of(revealed, officer)
    assert "Find out" in html
    assert str(world.alice) not in html
    assert str(world.alice) in page_of(revealed, officer, "?who=1")


def test_of_the_erased_only_their_number_is_left(world, revealed, sign_in, now: datetime):
    request = requests.open("erasure", profile_id=world.alice, actor="officer-1", now=now)
    erase(requests.approve(request, actor="officer-2", now=now), actor="officer-2", now=now)
    html = page_of(revealed, sign_in("privacy_officer"))
    assert f"{len(revealed.subjects)} subjects erased since" in html
    assert str(world.alice) not in html


def test_a_run_of_a_machine_stage_names_nobody(world, sign_in):
    run = AuditEntry.objects.filter(actor_kind="machine").latest("pk")
    html = page_of(run, sign_in("privacy_officer"))
    assert "A stage that runs by itself" in html
    assert "It names nobody" in html
    assert str(world.alice) not in html


def test_it_says_whether_the_seal_verifies(revealed, sign_in):
    officer = sign_in("privacy_officer")
    assert "Not sealed yet" in page_of(revealed, officer)
    audit_seals.seal(now=timezone.now())
    html = page_of(revealed, officer)
    assert "Sealed and unchanged" in html
    assert "Kept until" in html
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE vault_auditentry DISABLE TRIGGER append_only")
        cursor.execute("UPDATE vault_auditentry SET reason = 'a call' WHERE id = %s", [revealed.pk])
    html = page_of(revealed, officer)
    assert "Not as it was sealed" in html
    assert "at least one was edited or put elsewhere" in html


def test_an_entry_that_is_not_there_is_not_found(world, sign_in):
    assert sign_in("privacy_officer").get(reverse("admin:vault_auditentry_change", args=[10**9])).status_code == 404
