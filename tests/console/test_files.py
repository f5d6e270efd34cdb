"""Files in the admin: uploaded, looked at, and loaded once somebody said yes."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from access.models import User
from access.roles import ADMINISTRATOR, DATA_STEWARD, MARKETER, OPERATOR, PRIVACY_OFFICER
from pipeline import tasks
from records import sources
from records.models import LOADED, LOADING, TAKEN_BACK, TRIED, TRYING, FileLoad, Record, Source, UploadChunk

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

PEOPLE = b"customer_number,given_name,email,shoe_size\nC-1,Alice,alice@example.com,38\nC-2,Bob,bob@example.com,\n,,,\n"


@pytest.fixture
def crm(db: None) -> Source:
    return sources.add("crm", kind="offline")[0]


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    ids: list[str] = []
    monkeypatch.setattr(tasks.work_on_file, "delay", ids.append)
    return ids


def signed_in(*roles: str) -> Client:
    client = Client()
    client.force_login(User.objects.create(username="-".join(roles), roles=list(roles)), "access.backends.RoleBackend")
    return client


def send(
    client: Client,
    source: Source,
    content: bytes = PEOPLE,
    query: str = "",
    type: str = "application/octet-stream",
    **extra: Any,
) -> Any:
    address = reverse("admin:records_source_upload", args=[source.pk]) + query
    return client.generic("POST", address, content, type, CONTENT_TYPE=type, **extra)


def test_a_file_is_tried_shown_and_loaded(crm: Source, asked: list[str]) -> None:
    operator = signed_in(OPERATOR)
    answer = send(operator, crm)
    page = answer.json()["page"]
    load = FileLoad.objects.get()
    assert (answer.status_code, asked, load.state) == (202, [str(load.pk)], TRYING)
    assert "being tried" in operator.get(page).content.decode()
    tasks.work_on_file(str(load.pk))
    told = operator.get(page).content.decode()
    assert "waits for your yes" in told
    assert "Load 2 rows" in told
    assert "dropped: undeclared" in told
    assert "Shown to those who may also look at profiles" in told
    assert [clear for clear in ("Alice", "alice@", "Bob", "bob@", "a•••@e•••.com") if clear in told] == []
    assert Record.objects.count() == 0
    assert operator.post(f"{page}load/").status_code == 302
    assert asked == [str(load.pk)] * 2
    assert operator.get(f"{page}progress/").json() == {"state": LOADING, "percent": 0.0, "rows": 0}
    tasks.work_on_file(str(load.pk))
    assert operator.get(f"{page}progress/").json() == {"state": LOADED, "percent": 100.0, "rows": 3}
    told = operator.get(page).content.decode()
    assert f"?load={load.pk}" in told
    assert "Columns" not in told
    listed = operator.get(reverse("admin:records_quarantinedrecord_changelist") + f"?load={load.pk}")
    assert (listed.status_code, listed.context["cl"].result_count) == (200, 1)
    sent_again = FileLoad.objects.get(pk=send(operator, crm).json()["page"].split("/")[-2])
    for _ in range(2):
        tasks.work_on_file(str(sent_again.pk))
        operator.post(reverse("admin:records_source_file_load", args=[crm.pk, sent_again.pk]))
    tasks.work_on_file(str(sent_again.pk))
    again = operator.get(reverse("admin:records_source_file", args=[crm.pk, sent_again.pk])).content.decode()
    assert "all of its rows are duplicates, and nothing was stored" in again
    assert "3 acknowledged = 0 stored + 3 duplicate + 0 quarantined + 0 refused by consent" in again


def test_whoever_may_look_at_people_sees_examples_masked(crm: Source) -> None:
    both = signed_in(OPERATOR, DATA_STEWARD)
    page = send(both, crm).json()["page"]
    tasks.work_on_file(str(FileLoad.objects.get().pk))
    told = both.get(page).content.decode()
    assert "a•••@e•••.com" in told
    assert [clear for clear in ("Alice", "alice@", "Bob", "bob@") if clear in told] == []


@pytest.mark.parametrize(
    ("content", "told", "offers"),
    [
        (b"given_name,city\nAlice,Leeds\nBob,Hull\n", "No row of it would be taken in", "Put 2 rows into quarantine"),
        (b"customer_number,given_name\n", "It holds no row.", ""),
    ],
)
def test_where_no_row_is_new_another_file_or_mapping_is_offered(
    content: bytes, told: str, offers: str, crm: Source
) -> None:
    operator = signed_in(OPERATOR)
    page = send(operator, crm, content).json()["page"]
    tasks.work_on_file(str(FileLoad.objects.get().pk))
    shown = operator.get(page).content.decode()
    assert told in shown
    assert "Load 0 rows" not in shown
    primary = [part.split("</a>")[0] for part in shown.split('class="o-button o-primary"')[1:]]
    assert [text.split(">")[-1] for text in primary] == ["Choose another file"]
    assert reverse("admin:records_source_change", args=[crm.pk]) + "#file" in primary[0]
    assert reverse("admin:records_source_mapping", args=[crm.pk]) in shown
    assert (f"{page}load/" in shown) == bool(offers)
    assert offers in shown


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (b",Eve,,\n", "1 would go to quarantine, see below why, and 3 are known already."),
        (b"", "All of its rows are known already: loading it would change nothing."),
    ],
)
def test_a_file_whose_rows_are_known_says_so(more: bytes, told: str, crm: Source) -> None:
    operator = signed_in(OPERATOR)
    for content in (PEOPLE, PEOPLE.replace(b"\n", b"\r\n") + more):
        page = send(operator, crm, content).json()["page"]
        load = str(FileLoad.objects.latest("started_at").pk)
        tasks.work_on_file(load)
        shown = operator.get(page).content.decode()
        operator.post(f"{page}load/")
        tasks.work_on_file(load)
    assert told in shown


def test_a_file_is_discarded(crm: Source) -> None:
    operator = signed_in(OPERATOR)
    page = send(operator, crm).json()["page"]
    tasks.work_on_file(str(FileLoad.objects.get().pk))
    assert FileLoad.objects.get().state == TRIED
    operator.post(f"{page}discard/")
    assert FileLoad.objects.get().state == TAKEN_BACK
    assert not UploadChunk.objects.exists()
    again = operator.post(f"{page}load/", follow=True)
    assert "This file does not wait to be loaded." in again.content.decode()


@pytest.mark.parametrize(
    ("content", "query", "type", "status", "fault"),
    [
        (b"", "", "application/octet-stream", 400, "The file is empty."),
        (PEOPLE, "?encoding=klingon", "application/octet-stream", 400, "&#x27;klingon&#x27; is no encoding"),
        (PEOPLE, "", "text/csv", 415, "Choose a file on the page of its source."),
    ],
)
def test_what_is_wrong_is_said(content: bytes, query: str, type: str, status: int, fault: str, crm: Source) -> None:
    answer = send(signed_in(OPERATOR), crm, content, query, type)
    assert (answer.status_code, answer.json()["fault"].startswith(fault.replace("&#x27;", "'"))) == (status, True)
    assert not UploadChunk.objects.exists()


def test_one_that_is_too_large_or_for_a_disabled_source_is_refused(crm: Source, settings: Any) -> None:
    operator = signed_in(OPERATOR)
    settings.UPLOAD_BYTES = 20
    assert send(operator, crm).json()["fault"].startswith("The file has more than 20 bytes; split it, or load it with")
    sources.change(crm, enabled=False)
    assert send(operator, crm).status_code == 409
    assert not UploadChunk.objects.exists()


def test_a_file_that_cannot_be_read_says_why(crm: Source) -> None:
    operator = signed_in(OPERATOR)
    page = send(operator, crm, b"%PDF-1.7").json()["page"]
    tasks.work_on_file(str(FileLoad.objects.get().pk))
    told = operator.get(page).content.decode()
    assert "This is a PDF; export the data as CSV." in told
    assert "cannot be loaded" in told


@pytest.mark.parametrize("role", [DATA_STEWARD, MARKETER, PRIVACY_OFFICER])
def test_who_may_not_change_sources_sends_and_sees_no_file(role: str, crm: Source) -> None:
    page = send(signed_in(ADMINISTRATOR), crm).json()["page"]
    other = signed_in(role)
    assert send(other, crm).status_code == 403
    for address in (page, f"{page}progress/"):
        assert other.get(address).status_code == 403
    for address in (f"{page}load/", f"{page}discard/"):
        assert other.post(address).status_code == 403
    assert "data-upload" not in other.get(reverse("admin:records_source_change", args=[crm.pk])).content.decode()


def test_another_sites_page_cannot_send_a_file(crm: Source) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create(username="op", roles=[OPERATOR]), "access.backends.RoleBackend")
    assert send(client, crm).status_code == 403
    page = client.get(reverse("admin:records_source_change", args=[crm.pk]))
    token = page.context["csrf_token"]
    assert send(client, crm, headers={"X-CSRFToken": str(token)}).status_code == 202


def test_of_another_source_there_is_no_such_file(crm: Source) -> None:
    operator = signed_in(OPERATOR)
    send(operator, crm)
    other = sources.add("other", kind="offline")[0]
    assert (
        operator.get(reverse("admin:records_source_file", args=[other.pk, FileLoad.objects.get().pk])).status_code
        == 404
    )
