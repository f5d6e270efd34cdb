"""OpenDSR: requests from controllers, signed answers, callbacks to a real server; never a word about who is known."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from cryptography import x509
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from access.models import ApiKey
from privacy import calling_back, opendsr, requests
from privacy.models import Callback, OpenDsrRequest, SubjectRequest
from tests.api.conftest import Caller
from tests.privacy.scan import hits
from vault import certificates
from vault.models import KeptKey

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

PATH = "/v2/requests"
ID = "a7551968-d5d6-44b2-9831-815ac9017798"


def identity(value: str = "alice@example.com", type: str = "email", format: str = "raw") -> dict[str, str]:
    return {"identity_type": type, "identity_value": value, "identity_format": format}


def asking(*identities: dict[str, str], id: str = ID, kind: str = "erasure", **more: Any) -> dict[str, Any]:
    return {
        "regulation": "gdpr",
        "subject_request_id": id,
        "subject_request_type": kind,
        "submitted_time": (timezone.now() - timedelta(days=2)).isoformat(),
        "subject_identities": list(identities or [identity()]),
        **more,
    }


def is_signed(answer: Any, dialect: str = "OpenDSR") -> bool:
    certificate = Client().get("/v2/certificate.pem").content
    assert answer[f"X-{dialect}-Processor-Domain"] == "127.0.0.1"
    return certificates.verifies(certificate, answer.content, base64.b64decode(answer[f"X-{dialect}-Signature"]))


def test_discovery_says_what_is_supported_and_asks_for_no_key(db: None) -> None:
    answer = Client().get("/v2/discovery")
    body = answer.json()
    assert (body["api_version"], body["supported_subject_request_types"]) == (
        "2.0",
        ["access", "erasure", "portability"],
    )
    assert {"identity_type": "email", "identity_format": "raw"} in body["supported_identities"]
    assert body["processor_certificate"] == "http://testserver/v2/certificate.pem"
    assert is_signed(answer)


def test_a_request_is_taken_in_with_a_signed_receipt(service: Caller, alice: UUID) -> None:
    sent = asking()
    answer = service.post(PATH, sent)
    receipt, request = answer.json(), SubjectRequest.objects.get()
    assert answer.status_code == 201, receipt
    assert json.loads(base64.b64decode(receipt["encoded_request"])) == sent
    assert (receipt["subject_request_id"], receipt["controller_id"]) == (ID, str(ApiKey.objects.get().pk))
    assert receipt["expected_completion_time"] == f"{request.due_date}T23:59:59Z"
    assert (request.profile_id, request.kind, request.channel) == (alice, "erasure", "opendsr")
    assert (request.verification, request.received_at.date()) == (
        "controller",
        (timezone.now() - timedelta(days=2)).date(),
    )
    assert is_signed(answer)
    unsigned = {name: value for name, value in receipt.items() if name != "processor_signature"}
    signature = base64.b64decode(receipt["processor_signature"])
    body = json.dumps(unsigned, separators=(",", ":")).encode()
    assert certificates.verifies(Client().get("/v2/certificate.pem").content, body, signature)


def test_no_identity_is_kept(service: Caller, alice: UUID) -> None:
    service.post(PATH, asking())
    kept = [
        *SubjectRequest.objects.values_list(),
        *OpenDsrRequest.objects.values_list(),
        *Callback.objects.values_list(),
    ]
    assert "alice@" not in str(kept)


def test_known_and_unknown_people_get_the_same_answer(service: Caller, alice: UUID) -> None:
    answers = [
        service.post(PATH, asking(identity(value), id=id))
        for value, id in (("alice@example.com", ID), ("nobody@example.com", ID.replace("7", "8")))
    ]
    shapes = {
        (answer.status_code, tuple(name for name in answer.json()), answer.json()["expected_completion_time"])
        for answer in answers
    }
    assert len(shapes) == 1
    follow = [service.get(f"{PATH}/{answer.json()['subject_request_id']}").json() for answer in answers]
    assert {one["request_status"] for one in follow} == {"pending"}
    assert sorted(SubjectRequest.objects.values_list("profile_id", flat=True), key=str) == sorted(
        [alice, None], key=str
    )


def test_identities_that_are_not_one_person_find_nobody(service: Caller, alice: UUID, carol_who_withdrew: UUID) -> None:
    service.post(PATH, asking(identity(), identity("carol@example.com")))
    assert SubjectRequest.objects.get().profile_id is None


def test_sent_again_it_is_the_same_request(service: Caller, alice: UUID) -> None:
    first, second = service.post(PATH, asking()).json(), service.post(PATH, asking()).json()
    assert SubjectRequest.objects.count() == 1
    assert first["expected_completion_time"] == second["expected_completion_time"]


def test_the_status_is_signed_and_only_for_the_controller_that_sent_it(service: Caller, call: Any, alice: UUID) -> None:
    service.post(PATH, asking())
    answer = service.get(f"{PATH}/{ID}")
    assert answer.json()["request_status"] == "pending"
    assert is_signed(answer)
    assert call("service").get(f"{PATH}/{ID}").status_code == 404


def test_a_pending_request_is_cancelled_and_no_other(service: Caller, alice: UUID) -> None:
    service.post(PATH, asking())
    answer = service.client.delete(f"{PATH}/{ID}")
    assert (answer.status_code, answer.json()["subject_request_id"]) == (202, ID)
    assert is_signed(answer)
    assert service.get(f"{PATH}/{ID}").json()["request_status"] == "cancelled"
    again = service.client.delete(f"{PATH}/{ID}")
    assert (again.status_code, again.json()["error"]["code"]) == (400, 400)
    assert service.client.delete(f"{PATH}/{ID.replace('7', '8')}").status_code == 404


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"subject_request_type": "alice@example.com"}, "subject_request_type"),
        ({"subject_request_id": "alice@example.com"}, "subject_request_id"),
        ({"subject_request_id": ID.upper()}, "subject_request_id"),
        ({"submitted_time": "alice@example.com"}, "submitted_time"),
        ({"regulation": "alice@example.com"}, "regulation"),
        ({"subject_identities": []}, "subject_identities"),
        ({"subject_identities": [identity(type="alice@example.com")]}, "subject_identities.0.identity_type"),
        ({"subject_identities": [identity(format="sha256")]}, "subject_identities.0.identity_format"),
        ({"status_callback_urls": ["https://c.example/?who=alice@example.com"]}, "status_callback_urls"),
        ({"status_callback_urls": ["ftp://alice.example"]}, "status_callback_urls"),
    ],
)
def test_an_error_names_the_field_and_no_identity(changed: dict[str, Any], field: str, service: Caller) -> None:
    answer = service.post(PATH, {**asking(), **changed})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, 400)
    assert [one["message"].split(":")[0] for one in error["errors"]] == [field]
    assert b"alice" not in answer.content
    assert SubjectRequest.objects.count() == 0


@pytest.mark.parametrize("format", ["md5", "sha1", "sha256"])
def test_hashed_identities_are_refused_with_the_way_out_and_found_nowhere(format: str, service: Caller) -> None:
    """The error is the one that the standard foresees; discovery offers none of these formats."""
    hashed = hashlib.new(format, b"alice@example.com").hexdigest()
    answer = service.post(PATH, asking(identity(hashed, format=format)))
    (error,) = answer.json()["error"]["errors"]
    assert (answer.status_code, error["reason"]) == (400, "hashed")
    assert error["message"].startswith("subject_identities.0.identity_format: Hashed identities are not supported")
    assert hashed not in answer.content.decode()
    offered = Client().get("/v2/discovery").json()["supported_identities"]
    assert {one["identity_format"] for one in offered} == {"raw"}
    assert hits([hashed]) == {}


def test_a_key_without_the_scope_is_refused(call: Any) -> None:
    answer = call("service", scopes=["requests:read"]).post(PATH, asking())
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, 403)
    assert Client().post(PATH, asking(), content_type="application/json").status_code == 401


def test_what_the_example_of_the_standard_leaves_out_may_be_missing(service: Caller, alice: UUID) -> None:
    sent = asking()
    del sent["regulation"]
    assert service.post(PATH, sent).status_code == 201
    assert SubjectRequest.objects.get().regulation == "gdpr"


def test_the_old_routes_and_headers_are_honored(service: Caller, alice: UUID) -> None:
    answer = service.post("/v1/opengdpr_requests", asking())
    assert answer.status_code == 201
    assert is_signed(answer, "OpenGDPR")
    assert is_signed(service.get(f"/v1/opengdpr_requests/{ID}"), "OpenGDPR")
    assert is_signed(Client().get("/v1/discovery"), "OpenGDPR")


def test_an_extension_of_ours_finds_people_by_loyalty_number(service: Caller, shop: Any) -> None:
    zoe = shop.meet("zoe", consent=None, loyaltyNumber="L-77", loyalty_number="L-77")
    extension = {"127.0.0.1": {"identities": [{"identity_type": "loyalty_number", "identity_value": "L-77"}]}}
    sent = asking(extensions=extension) | {"subject_identities": []}
    assert service.post(PATH, sent).status_code == 201
    assert SubjectRequest.objects.get().profile_id in (zoe, None)


class Controller(BaseHTTPRequestHandler):
    """A controller's callback endpoint; it answers what its server says."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((dict(self.headers), body))  # type: ignore[attr-defined]
        self.send_response(self.server.answers.pop(0) if self.server.answers else 202)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def controller() -> Iterator[Any]:
    server: Any = HTTPServer(("127.0.0.1", 0), Controller)
    server.received, server.answers = [], []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_controller_is_called_back_signed_on_each_change(service: Caller, alice: UUID, controller: Any) -> None:
    url = f"http://127.0.0.1:{controller.server_port}/callbacks"
    service.post(PATH, asking(status_callback_urls=[url]))
    now = timezone.now()
    assert calling_back.send_due(now=now) == 1
    requests.reject(SubjectRequest.objects.get(), reason="ticket 1", actor="officer", now=now)
    assert calling_back.send_due(now=now) == 1
    assert calling_back.send_due(now=now) == 0
    bodies = [json.loads(body) for _, body in controller.received]
    assert [(body["request_status"], body["status_callback_url"]) for body in bodies] == [
        ("pending", url),
        ("cancelled", url),
    ]
    certificate = Client().get("/v2/certificate.pem").content
    for headers, body in controller.received:
        assert headers["X-OpenDSR-Processor-Domain"] == "127.0.0.1"
        assert certificates.verifies(certificate, body, base64.b64decode(headers["X-OpenDSR-Signature"]))
        assert not certificates.verifies(certificate, body + b" ", base64.b64decode(headers["X-OpenDSR-Signature"]))


def test_a_failed_callback_is_tried_again_later(service: Caller, alice: UUID, controller: Any) -> None:
    controller.answers = [500, 302]
    service.post(PATH, asking(status_callback_urls=[f"http://127.0.0.1:{controller.server_port}/"]))
    now = timezone.now()
    assert [calling_back.send_due(now=now + timedelta(minutes=minutes)) for minutes in (0, 0, 5, 10)] == [1, 0, 1, 1]
    row = Callback.objects.get()
    assert (row.attempts, row.answer_code, row.problem, row.next_attempt_at) == (3, 202, "", None)
    assert row.delivered_at == now + timedelta(minutes=10)


def test_a_callback_reaches_no_private_network_in_production(service: Caller, alice: UUID, settings: Any) -> None:
    settings.OUTGOING_PRIVATE_ADDRESSES = False
    for url in ("https://10.0.0.7/", "https://169.254.169.254/latest", "https://[::1]/", "http://192.168.1.1/"):
        assert service.post(PATH, asking(status_callback_urls=[url])).status_code == 400, url


def test_a_certificate_of_an_authority_takes_the_place_of_our_own(tmp_path: Any, settings: Any, db: None) -> None:
    out = StringIO()
    call_command("opendsr_signing_request", stdout=out)
    request = x509.load_pem_x509_csr(out.getvalue().encode())
    assert request.is_signature_valid
    own = Client().get("/v2/certificate.pem").content
    assert x509.load_pem_x509_certificate(own).public_key() == request.public_key()
    (tmp_path / "issued.pem").write_bytes(certificates.own_certificate("another key", "x.example", now=timezone.now()))
    settings.OPENDSR_CERTIFICATE_FILE = str(tmp_path / "issued.pem")
    with pytest.raises(certificates.WrongCertificate):
        opendsr.certificate(now=timezone.now())
    (tmp_path / "ours.pem").write_bytes(own)
    settings.OPENDSR_CERTIFICATE_FILE = str(tmp_path / "ours.pem")
    assert Client().get("/v2/certificate.pem").content == own


def test_the_private_key_lies_wrapped_in_the_key_store(db: None) -> None:
    Client().get("/v2/discovery")
    row = KeptKey.objects.get(name=opendsr.KEY)
    assert b"\x02\x01\x00\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01" not in bytes(row.wrapped)
