"""Subject requests: opened for anybody, and never a word about whether they are known."""

from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from access.models import ApiKey
from privacy import certificate, requests
from privacy.erasure import erase
from privacy.models import SubjectRequest
from tests.api.conftest import NOTHING, Caller, assert_problem

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

PATH = "/api/subject-requests/"


def by_email(email: str, kind: str = "erasure") -> dict[str, str]:
    return {"kind": kind, "namespace": "email", "value": email}


def test_a_request_is_opened_for_whoever_bears_the_identifier(service: Caller, alice: UUID) -> None:
    response = service.post(PATH, by_email("alice@example.com"))
    body = response.json()
    assert (response.status_code, body["kind"], body["state"], body["regulation"]) == (202, "erasure", "open", "gdpr")
    opened = SubjectRequest.objects.get(id=body["id"])
    assert (opened.profile_id, opened.opened_by) == (alice, str(ApiKey.objects.get().id))
    assert response["Location"] == f"{PATH}{body['id']}/"
    assert service.get(response["Location"]).json() == body


def test_a_request_over_the_api_is_not_vouched_for(service: Caller, alice: UUID) -> None:
    body = service.post(PATH, by_email("alice@example.com", "access")).json()
    opened = SubjectRequest.objects.get(id=body["id"])
    assert (body["verified_at"], opened.verified_at, opened.verification, opened.channel) == (None, None, "", "api")
    with pytest.raises(requests.NotVerified):
        requests.approve(opened, actor="officer-2", now=timezone.now())


@pytest.mark.parametrize(
    ("method", "level"), [("signed_in", "substantial"), ("data_points", "substantial"), ("documents", "high")]
)
def test_the_caller_may_say_how_the_person_was_verified(method: str, level: str, service: Caller, alice: UUID) -> None:
    body = service.post(PATH, {**by_email("alice@example.com", "access"), "verified_by": method}).json()
    opened = SubjectRequest.objects.get(id=body["id"])
    assert (opened.verification, opened.assurance) == (method, level)
    assert (opened.verified_by, body["verified_at"] is None) == (str(ApiKey.objects.get().id), False)


def test_opening_tells_nobody_whether_the_person_is_known(service: Caller, alice: UUID) -> None:
    bodies = [
        by_email("alice@example.com"),
        by_email("nobody@example.com"),
        {"kind": "erasure", "profile": str(alice)},
        {"kind": "erasure", "profile": NOTHING},
    ]
    answers = [service.post(PATH, body) for body in bodies]
    assert {answer.status_code for answer in answers} == {202}
    same = {tuple((k, v) for k, v in answer.json().items() if k not in ("id", "opened_at")) for answer in answers}
    assert len(same) == 1
    kept = [SubjectRequest.objects.get(id=answer.json()["id"]).profile_id for answer in answers]
    assert kept == [alice, None, alice, None]
    assert str(alice) not in str([service.get(f"{PATH}{answer.json()['id']}/").json() for answer in answers])


def test_requests_are_listed_and_filtered(service: Caller, alice: UUID) -> None:
    for kind in ("access", "erasure", "erasure"):
        service.post(PATH, by_email("alice@example.com", kind))
    requests.reject(SubjectRequest.objects.get(kind="access"), reason="not theirs", actor="officer", now=timezone.now())
    counts = {
        str(query): len(service.get(PATH, **query).json()["results"])
        for query in ({}, {"kind": "erasure"}, {"state": "open"}, {"state": "rejected", "kind": "erasure"})
    }
    assert list(counts.values()) == [3, 2, 2, 0]
    first = service.get(PATH, page_size=1).json()
    assert len(first["results"]) == 1
    assert first["next"]


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"kind": "erasure"}, "profile", "one_of_two"),
        ({"kind": "erasure", "namespace": "email"}, "profile", "one_of_two"),
        ({**by_email("alice@example.com"), "profile": NOTHING}, "profile", "one_of_two"),
        ({**by_email("alice@example.com"), "kind": "oblivion"}, "kind", "invalid_choice"),
        ({**by_email("alice@example.com"), "regulation": "hammurabi"}, "regulation", "invalid_choice"),
        ({"kind": "erasure", "namespace": "alice@example.com", "value": "x"}, "namespace", "invalid_choice"),
        ({**by_email("alice@example.com"), "verified_by": "vouched"}, "verified_by", "invalid_choice"),
        ({**by_email("alice@example.com"), "verified_by": "email_link"}, "verified_by", "invalid_choice"),
        ({"kind": "erasure", "profile": "alice@example.com"}, "profile", "invalid"),
        ({"kind": "erasure", "namespace": "email", "value": ["alice@example.com"]}, "value", "invalid"),
        ([], "", "invalid"),
        ("alice@example.com", "", "invalid"),
        (None, "", "invalid"),
    ],
)
def test_a_bad_request_names_the_field_and_opens_nothing(body: Any, field: str, code: str, service: Caller) -> None:
    response = service.client.post(PATH, body if body is not None else "null", content_type="application/json")
    problem = response.json()
    assert response.status_code == 400
    if not isinstance(body, str) and body is not None:
        assert (field, code) in [(error["field"], error["code"]) for error in problem["errors"]]
    assert b"alice@" not in response.content
    assert SubjectRequest.objects.count() == 0


def test_a_query_that_is_no_filter_is_an_error(service: Caller) -> None:
    assert_problem(service.get(PATH, state="ajar"), 400, "invalid")
    assert_problem(service.get(PATH, profile=NOTHING), 400, "invalid")


def test_an_unknown_request_is_not_found(service: Caller) -> None:
    assert_problem(service.get(f"{PATH}{NOTHING}/"), 404, "not_found")


def test_a_certificate_is_had_once_the_erasure_is_done(service: Caller, alice: UUID) -> None:
    now = timezone.now()
    assert_problem(service.get(f"{PATH}{NOTHING}/certificate/"), 404, "not_found")
    request = requests.open("erasure", profile_id=alice, actor="officer-1", now=now)
    assert_problem(service.get(f"{PATH}{request.pk}/certificate/"), 409, "not_erased")
    requests.approve(request, actor="officer-2", now=now)
    assert_problem(service.get(f"{PATH}{request.pk}/certificate/"), 409, "not_erased")
    erase(request, actor="officer-2", now=now)
    response = service.get(f"{PATH}{request.pk}/certificate/")
    assert response.status_code == 200
    assert certificate.verify(response.content.decode())["request"] == str(request.pk)
