"""Request records are kept 24 months from their end and used for nothing else."""

import ast
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client
from django.urls import reverse

from access import api_keys
from access.api_keys import SCOPES
from access.models import User
from access.roles import ROLES, VIEW_REQUESTS
from privacy import request_records, requests, workflow
from privacy.models import SubjectRequest, Suppression, Tombstone
from tests.statements.sabotage import Sabotage
from vault.ids import new_id
from vault.models import DataKey

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "privacy/request_records.py",
    "KEPT_MONTHS = 24",
    "KEPT_MONTHS = 25",
)
ENDED = datetime(2026, 2, 28, 12, tzinfo=UTC)
RECORDS = ("SubjectRequest", "RequestStep", "RequestComment", "Letter", "Reminder", "OpenDsrRequest", "Callback")
# Who reads request records: the room that owns them, the two doors that ask for a capability or a scope, the sweep.
READERS = {
    "api/serializers/subject_requests.py",
    "api/views/opendsr.py",
    "api/views/subject_requests.py",
    "console/bearers.py",
    "pipeline/corrections.py",
    "console/acts.py",
    "console/admin.py",
    "console/erasing.py",
    "console/figures.py",
    "console/navigation.py",
    "console/profile/page.py",
    "console/request_stand.py",
    "console/screens/request_acts.py",
    "console/screens/erasures.py",
    "console/screens/rectifications.py",
    "console/screens/requests.py",
    "console/management/commands/screenshots.py",
    "pipeline/sweep.py",
    "pipeline/tasks.py",
}
# What makes exports, features or anything else of them lives in privacy as well, and must not read them.
NOT_EVEN_IN_PRIVACY = ("export", "count", "article", "small_cell", "pseudonymised")


def ended(when=ENDED):
    request = requests.open("access", profile_id=None, actor="officer-1", now=ENDED - timedelta(days=20))
    workflow.comment(request, "called twice", actor="officer-1", now=ENDED - timedelta(days=2))
    workflow.tell(request, "rejection", "Dear all", actor="officer-1", now=ENDED - timedelta(days=1))
    return requests.reject(request, reason="ticket 4711", actor="officer-1", now=when)


def rows():
    return {name: apps.get_model("privacy", name).objects.count() for name in RECORDS}


def test_p33_a_record_goes_24_months_after_its_end_with_all_that_hangs_on_it():
    ended()
    assert request_records.forget(now=datetime(2028, 2, 28, 11, 59, tzinfo=UTC)) == 0
    assert (rows()["SubjectRequest"], rows()["RequestStep"], DataKey.objects.count()) == (1, 4, 1)
    assert request_records.forget(now=datetime(2028, 2, 28, 12, 0, tzinfo=UTC)) == 1
    assert rows() == dict.fromkeys(RECORDS, 0)
    assert DataKey.objects.count() == 0


def test_p33_what_is_not_ended_is_kept_however_old():
    requests.open("access", profile_id=None, actor="officer-1", now=ENDED)
    assert request_records.forget(now=ENDED + timedelta(days=3650)) == 0
    assert SubjectRequest.objects.count() == 1


@pytest.mark.parametrize(
    ("today", "last"), [(date(2028, 2, 29), date(2026, 2, 28)), (date(2028, 3, 31), date(2026, 3, 31))]
)
def test_p33_months_are_calendar_months(today, last):
    now = datetime.combine(today, datetime.min.time(), tzinfo=UTC)
    assert request_records.last_end(now=now).date() == last


def test_p33_who_was_erased_stays_away():
    request = ended()
    Suppression.objects.create(namespace="email", index=b"hash", request=request, created_at=ENDED)
    Tombstone.objects.create(profile_id=new_id(), erased_at=ENDED, request=request)
    assert request_records.forget(now=ENDED + timedelta(days=800)) == 1
    assert Suppression.objects.values_list("namespace", "lifted_at", "request").get() == ("email", None, None)
    assert Tombstone.objects.get().request is None


def test_p33_it_runs_by_schedule():
    tasks = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert "pipeline.tasks.forget_requests" in tasks


def product():
    rooms = ("cdp", "api", "console", "pipeline", "privacy", "personalization", "segments", "identity", "consent")
    for room in (*rooms, "records", "outbox", "access", "vault", "demo"):
        for path in sorted((Path(settings.BASE_DIR) / room).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(settings.BASE_DIR), path.read_text()


def reads_requests(source):
    """Whether this file names a model or table of request records."""
    tables = "|".join(apps.get_model("privacy", name)._meta.db_table for name in RECORDS)
    imported = {
        alias.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and node.module == "privacy.models"
        for alias in node.names
    }
    return bool(imported & set(RECORDS)) or bool(re.search(rf"\b({tables})\b|privacy\.({'|'.join(RECORDS)})\b", source))


def test_p33_nothing_else_reads_them():
    outside = {
        str(path)
        for path, source in product()
        if reads_requests(source)
        and (path.parts[0] != "privacy" or any(word in path.name for word in NOT_EVEN_IN_PRIVACY))
    }
    assert outside <= READERS


def test_p33_the_search_for_readers_finds_them():
    assert reads_requests("from privacy.models import OPEN, SubjectRequest")
    assert reads_requests('SQL = "SELECT 1 FROM privacy_subjectrequest"')
    assert not reads_requests("from privacy.models import OPEN")


@pytest.mark.parametrize("role", ROLES)
def test_p33_only_those_who_may_see_requests_do(role):
    request, client = ended(), Client()
    client.force_login(User.objects.create(username=role, roles=[role]))
    pages = [
        reverse("admin:privacy_subjectrequest_changelist"),
        reverse("admin:privacy_subjectrequest_change", args=[request.pk]),
    ]
    shown = [client.get(page).status_code == 200 for page in pages]
    assert shown == [VIEW_REQUESTS in ROLES[role].capabilities] * 2


def test_p33_a_key_without_the_scope_reads_none():
    request = ended()
    others = [scope for scope in SCOPES if scope != "requests:read"]
    _, key = api_keys.add("reporting", purposes=["analytics"], scopes=others)
    caller = Client(headers={"Authorization": f"Bearer {key}"})
    paths = ("/api/subject-requests/", f"/api/subject-requests/{request.pk}/")
    assert [caller.get(path).status_code for path in paths] == [403, 403]
