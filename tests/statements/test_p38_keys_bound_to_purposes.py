"""API keys are kept hashed, end by themselves, are rotated with an overlap, and see only what their purposes need."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from access import api_keys
from access.models import ApiKey
from records.dictionary import FIELDS, PLAIN
from segments import catalog
from tests.api.conftest import YES, Caller, Shop, alice, assert_problem, call, shop
from tests.statements.sabotage import Sabotage
from vault.models import AuditEntry

__all__ = ["alice", "call", "shop"]
pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "api/purposes.py",
    "    return sees_clear(purpose) or (field in FIELDS and FIELDS[field].sensitivity == PLAIN)",
    "    return True",
)
Call = Callable[..., Caller]
FULL = {
    "phone": "+442079460111",
    "lastName": "Archer",
    "street": "7 Rosewood Lane",
    "birthday": "1984-05-06",
    "city": "London",
    "gender": "f",
    "language": "en",
}


@pytest.fixture
def alice_in_full(shop: Shop) -> UUID:
    """Alice with every sort of field."""
    return shop.meet("alice", consent=YES, **FULL)


def test_p38_of_a_key_only_a_digest_is_kept() -> None:
    key, first = api_keys.add("till", purposes=["service"])
    second = api_keys.rotate(key, now=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("SELECT row::text FROM access_apikey AS row")
        (row,) = cursor.fetchone()
    for text in (first, second):
        assert text not in row
        assert text.removeprefix("onym_") not in row


def test_p38_every_key_ends_and_says_so_in_time(alice: UUID) -> None:
    key, text = api_keys.add("till", purposes=["service"])
    assert timedelta(days=364) < key.expires_at - timezone.now() <= timedelta(days=365)
    client = Client(headers={"Authorization": f"Bearer {text}"})
    assert "X-Onym-Key-Expires" not in client.get("/api/sources/")
    soon = timezone.now() + timedelta(days=13)
    ApiKey.objects.update(expires_at=soon)
    assert client.get("/api/sources/")["X-Onym-Key-Expires"] == soon.isoformat()
    ApiKey.objects.update(expires_at=timezone.now())
    assert_problem(client.get("/api/sources/"), 401, "invalid_api_key")
    with pytest.raises(IntegrityError), transaction.atomic():
        ApiKey.objects.update(expires_at=None)


def test_p38_a_rotated_key_opens_with_both_secrets_until_the_overlap_ends(capsys: pytest.CaptureFixture[str]) -> None:
    _, old = api_keys.add("till", purposes=["service"])
    call_command("rotate_api_key", "till", "--overlap", "1")
    new = capsys.readouterr().out.split()[-1]
    assert [_status(text) for text in (old, new)] == [200, 200]
    ApiKey.objects.update(former_until=timezone.now())
    assert [_status(text) for text in (old, new)] == [401, 200]


def test_p38_fields_that_the_purpose_does_not_need_are_absent_and_stay_shut(alice_in_full: UUID, call: Call) -> None:
    for_service = call("service").get(f"/api/profiles/{alice_in_full}/").json()["attributes"]
    assert set(for_service) >= {"email", "phone", "given_name", "family_name", "street", "birth_date", "country"}
    AuditEntry.objects.all()
    before = AuditEntry.objects.count()
    answer = call("analytics").get(f"/api/profiles/{alice_in_full}/")
    assert set(answer.json()["attributes"]) == {"country", "language"}
    for value in ("alice", "Archer", "archer", "9460111", "Rosewood", "1984", "London", "•"):
        assert value not in answer.content.decode()
    opened = {field for entry in AuditEntry.objects.order_by("id")[before:] for field in entry.fields}
    assert opened <= {name for name, field in FIELDS.items() if field.sensitivity == PLAIN} | {"sources"}


def test_p38_identifiers_are_absent_for_a_purpose_that_reaches_nobody(alice: UUID, call: Call) -> None:
    assert len(call("service").get(f"/api/profiles/{alice}/identifiers/").json()["results"]) == 2
    assert call("analytics").get(f"/api/profiles/{alice}/identifiers/").json()["results"] == []


@pytest.mark.parametrize("route", ["", "events/", "identifiers/"])
def test_p38_a_key_reads_under_its_own_purposes_alone(alice: UUID, call: Call, route: str) -> None:
    refused = call("analytics").get(f"/api/profiles/{alice}/{route}", purpose="service")
    assert assert_problem(refused, 403, "purpose_not_held")["purposes"] == ["analytics"]


def test_p38_members_of_a_segment_are_read_under_the_segments_purpose(alice: UUID, call: Call) -> None:
    rule = {"all": [{"feature": "recency_days", "op": "<=", "value": 900}]}
    catalog.create("buyers", name="Buyers", purpose="analytics", definition={"rule": rule})
    path = "/api/segments/buyers/members/"
    both = call("analytics", "service")
    assert both.get(path).status_code == both.get(path, purpose="analytics").status_code == 200
    problem = assert_problem(both.get(path, purpose="service"), 400, "purpose_mismatch")
    assert "name that purpose in the header X-Onym-Purpose, or leave the header out" in problem["detail"]
    assert problem["purposes"] == ["analytics"]
    assert_problem(call("service").get(path), 403, "purpose_not_held")
    assert_problem(call("service").get(path, purpose="analytics"), 403, "purpose_not_held")
    held = call("analytics", "service").get(f"/api/profiles/{alice}/segments/", purpose="service")
    assert held.json()["results"] == []


def _status(text: str) -> int:
    return Client(headers={"Authorization": f"Bearer {text}"}).get("/api/sources/").status_code
