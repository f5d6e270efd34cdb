"""Files over the API: sent as a body or in a form, worked on later, and told about without a value of anybody."""

import gzip
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from pipeline import tasks, uploads
from records import sources
from records.models import FAILED, FileLoad, Record, Source, UploadChunk
from tests.api.conftest import Caller, assert_problem

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SALES = b"loyalty_card,total\nL-1,5.00\nL-2,lots\n"
COUNTS = {"acknowledged": 2, "stored": 1, "duplicate": 0, "quarantined": 1, "refused": 0}


@pytest.fixture(autouse=True)
def till(db: None) -> Source:
    return sources.add("till", kind="offline", stable_key="loyalty_number")[0]


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids that workers are asked to work on."""
    ids: list[str] = []
    monkeypatch.setattr(tasks.work_on_file, "delay", ids.append)
    return ids


def send(
    caller: Caller,
    content: bytes = SALES,
    *,
    to: str = "till",
    query: str = "",
    type: str = "text/csv",
    **headers: str,
) -> Any:
    path = f"/api/sources/{to}/files/{query}"
    return caller.client.post(path, content, content_type=type, headers=headers)


def test_a_file_is_taken_and_told_about_until_it_is_loaded(service: Caller, asked: list[str]) -> None:
    answer = send(service)
    assert answer.status_code == 202
    body = answer.json()
    assert (body["state"], body["size"], body["source"]) == ("loading", len(SALES), "till")
    assert answer["Location"] == f"/api/files/{body['id']}/"
    assert asked == [body["id"]]
    assert service.get(answer["Location"]).json()["state"] == "loading"
    tasks.work_on_file(body["id"])
    loaded = service.get(answer["Location"]).json()
    assert (loaded["state"], loaded["counts"], loaded["read"]) == ("loaded", COUNTS, len(SALES))
    assert (loaded["format"], loaded["encoding"], loaded["packed"]) == ("csv", "utf-8", False)
    quarantined = service.get("/api/quarantine/", file=body["id"]).json()["results"]
    assert [(row["line"], row["field"]) for row in quarantined] == [(3, "total")]
    other = send(service, SALES + b"L-3,1.00\n").json()["id"]
    assert service.get("/api/quarantine/", file=other).json()["results"] == []


def test_a_form_does_as_well(service: Caller) -> None:
    form = {"file": SimpleUploadedFile("alice.smith@example.com.csv", SALES, "text/csv")}
    answer = service.client.post("/api/sources/till/files/", form)
    assert answer.status_code == 202
    tasks.work_on_file(answer.json()["id"])
    assert service.get(answer["Location"]).json()["counts"] == COUNTS


def test_a_packed_body_is_a_packed_file(service: Caller) -> None:
    answer = send(service, gzip.compress(SALES), **{"Content-Encoding": "gzip"})
    tasks.work_on_file(answer.json()["id"])
    loaded = service.get(answer["Location"]).json()
    assert (loaded["packed"], loaded["counts"]) == (True, COUNTS)


def test_a_dry_run_tells_and_keeps_nothing(service: Caller) -> None:
    answer = send(
        service, b"loyalty_card,total,name,shoe_size\nL-1,5.00,Canary,41\nL-2,lots,,\n", query="?dry_run=true"
    )
    tasks.work_on_file(answer.json()["id"])
    told = service.get(answer["Location"])
    report = told.json()["report"]
    assert (told.json()["state"], report["rows"], report["new"], report["quarantined"]) == ("tried", 2, 1, 1)
    assert {column["name"]: column["becomes"] for column in report["columns"]}["shoe_size"] == ""
    assert "examples" not in report
    assert b"Canary" not in told.content
    assert (Record.objects.count(), UploadChunk.objects.count()) == (0, 0)


def test_the_encoding_may_be_said(service: Caller) -> None:
    answer = send(service, "loyalty_card,city\nL-1,Köln\n".encode("cp850"), query="?encoding=cp850")
    tasks.work_on_file(answer.json()["id"])
    assert service.get(answer["Location"]).json()["encoding"] == "cp850"


def test_a_file_that_cannot_be_read_is_told_with_the_way_out(service: Caller) -> None:
    answer = send(service, b"PK\x03\x04")
    tasks.work_on_file(answer.json()["id"])
    told = service.get(answer["Location"]).json()
    assert told["state"] == "failed"
    assert told["fault"] == "this is a ZIP archive or an Excel workbook; unpack it, or save it as CSV"


def test_what_is_wrong_with_the_request_is_named(service: Caller, settings: Any, till: Source) -> None:
    assert_problem(send(service, to="nowhere"), 404, "not_found")
    nothing = service.client.generic("POST", "/api/sources/till/files/", b"", "text/csv", CONTENT_LENGTH="0")
    assert_problem(nothing, 400, "empty_file")
    problem = assert_problem(send(service, query="?encoding=klingon"), 400, "invalid")
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [("encoding", "unknown_encoding")]
    assert_problem(send(service, query="?colour=red"), 400, "invalid")
    assert_problem(send(service, **{"Content-Encoding": "br"}), 415, "unsupported_encoding")
    assert_problem(service.client.post("/api/sources/till/files/", {"note": "no file"}), 400, "one_file")
    two = {name: SimpleUploadedFile("a.csv", SALES) for name in ("one", "two")}
    assert_problem(service.client.post("/api/sources/till/files/", two), 400, "one_file")
    empty = {"file": SimpleUploadedFile("a.csv", b"")}
    assert_problem(service.client.post("/api/sources/till/files/", empty), 400, "empty_file")
    assert_problem(send(service, b"--x", type="multipart/form-data; boundary="), 400, "malformed_form")
    settings.UPLOAD_BYTES = 30
    problem = assert_problem(send(service), 413, "body_too_large")
    assert problem["limit"] == 30
    form = {"file": SimpleUploadedFile("a.csv", SALES)}
    assert_problem(service.client.post("/api/sources/till/files/", form), 413, "body_too_large")
    sources.change(till, enabled=False)
    assert_problem(send(service), 409, "source_disabled")
    assert not FileLoad.objects.exclude(state=FAILED).exists()
    assert not UploadChunk.objects.exists()


def test_a_body_without_its_length_is_not_read(service: Caller) -> None:
    answer = service.client.generic("POST", "/api/sources/till/files/", b"", "text/csv", CONTENT_LENGTH="")
    assert_problem(answer, 411, "length_required")


def test_who_may_not_write_sources_sends_no_file(call: Any) -> None:
    reader = call("service", scopes=["sources:read"])
    assert_problem(send(reader), 403, "missing_scope")
    assert_problem(send(Caller("onym_nothing")), 401, "invalid_api_key")
    assert Client().post("/api/sources/till/files/", SALES, content_type="text/csv").status_code == 401
    writer = call("service", scopes=["sources:write"])
    answer = send(writer)
    assert answer.status_code == 202
    assert_problem(writer.get(answer["Location"]), 403, "missing_scope")
    assert FileLoad.objects.count() == 1


def test_without_a_broker_the_file_waits_for_the_scheduler(service: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(id: str) -> None:
        raise tasks.OperationalError

    monkeypatch.setattr(tasks.work_on_file, "delay", away)
    answer = send(service)
    assert answer.status_code == 202
    load = FileLoad.objects.get()
    asked: list[str] = []
    monkeypatch.setattr(tasks.work_on_file, "delay", asked.append)
    FileLoad.objects.update(noted_at=load.noted_at - uploads.PATIENCE)
    tasks.attend_to_files()
    assert asked == [str(load.pk)]


def test_files_are_streamed(service: Caller, till: Source) -> None:
    content = io.BytesIO(b"loyalty_card,total\n" + b"L-1,5.00\n" * 400_000).getvalue()
    assert send(service, content).json()["size"] == len(content)
    assert UploadChunk.objects.count() == -(-len(content) // 65_536)
