"""Matching views: sealed copies for matching alone, which never outlive what they were made of."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from consent.acts import NewAct, record
from consent.decide import decide_each
from identity import blocked, blocking_values, rules
from identity import matching_views as views
from identity.blocked import Blocked
from identity.matching import Person
from identity.models import LINKING, GoldenValue, MatchingView
from identity.persons import latest_values, open_persons
from identity.persons import views as viewed
from identity.scene import look_around
from pipeline import queue
from records.models import Attribute, Identifier, Source
from tests.senders import process, send_rows
from vault.annotations import SEALED, tables
from vault.grants import Actor
from vault.ids import new_id
from vault.questions import answer
from vault.sealing import NotGranted

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

ANN = {
    "customer_number": "C1",
    "given_name": "Ann",
    "family_name": "Berg",
    "birth_date": "1980-03-04",
    "email": "ann@berg.example",
    "phone": "+4930123456",
    "updated_at": "2026-11-01T10:00:00Z",
}
SAID = Person(**{field: value for field, value in ANN.items() if field in views.FIELDS})


@pytest.fixture
def ann(crm: Source, now: datetime) -> UUID:
    send_rows(crm, ANN, now=now)
    process(now)
    return MatchingView.objects.get().source_profile_id


def opened(id: UUID, now: datetime) -> Person:
    """As matching opens it."""
    asking = Actor.machine("tests")
    decisions = decide_each({id: (id,)}, purpose=LINKING, at=now, actor=asking, reason="look at a view")
    return open_persons([id], decisions.grant)[id]


def test_processing_seals_what_was_said_as_one(ann: UUID, now: datetime) -> None:
    (kept,) = MatchingView.objects.values_list("sealed", flat=True)
    assert not any(value.encode() in bytes(kept) for value in ANN.values())
    assert [table for table, *_ in answer(viewed([ann]))] == [views.TABLE]
    assert opened(ann, now) == SAID


def test_it_opens_with_a_grant_alone(ann: UUID, now: datetime) -> None:
    decisions = decide_each({}, purpose=LINKING, at=now, actor=Actor.machine("tests"), reason="look at a view")
    with pytest.raises(NotGranted):
        open_persons([ann], decisions.grant)


def change(statement: str, id: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [id])
        assert cursor.rowcount == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE records_attribute SET last_seen_at = now() WHERE field = 'family_name' AND source_profile_id = %s",
        "DELETE FROM records_attribute WHERE field = 'birth_date' AND source_profile_id = %s",
        "UPDATE records_identifier SET last_seen_at = now() WHERE namespace = 'phone' AND source_profile_id = %s",
        "DELETE FROM records_identifier WHERE namespace = 'email' AND source_profile_id = %s",
    ],
)
def test_whatever_changes_a_value_drops_it(ann: UUID, statement: str) -> None:
    GoldenValue.objects.all().delete()
    change(statement, ann)
    assert not MatchingView.objects.exists()


def test_what_is_not_compared_leaves_it(ann: UUID) -> None:
    statement = "UPDATE records_identifier SET last_seen_at = now() WHERE namespace = 'customer_number'"
    change(f"{statement} AND source_profile_id = %s", ann)
    assert MatchingView.objects.exists()


@pytest.mark.parametrize("field", sorted(set(views.FIELDS) - {"email", "phone"}))
def test_each_field_that_is_compared_drops_it(ann: UUID, field: str, now: datetime) -> None:
    row = {"field": field, "digest": b"1" * 16, "sealed": b"2", "record_id": new_id()}
    Attribute.objects.create(id=new_id(), source_profile_id=ann, first_seen_at=now, last_seen_at=now, **row)
    assert not MatchingView.objects.exists()


@pytest.mark.parametrize("namespace", ["email", "phone"])
def test_each_identifier_that_is_compared_drops_it(ann: UUID, namespace: str, now: datetime) -> None:
    row: dict[str, Any] = {"namespace": namespace, "index": b"1" * 16, "sealed": b"2", "verified": True}
    Identifier.objects.create(id=new_id(), source_profile_id=ann, first_seen_at=now, last_seen_at=now, **row)
    assert not MatchingView.objects.exists()


def test_news_is_in_the_next_one(crm: Source, ann: UUID, now: datetime) -> None:
    send_rows(crm, ANN | {"family_name": "Thal", "updated_at": "2026-11-02T10:00:00Z"}, now=now)
    assert not MatchingView.objects.exists()
    assert opened(ann, now).family_name == "Thal"
    process(now)
    assert MatchingView.objects.exists()
    assert opened(ann, now).family_name == "Thal"


def test_whoever_is_met_without_one_gets_one(crm: Source, ann: UUID, now: datetime) -> None:
    """Somebody of before there were any."""
    MatchingView.objects.all().delete()
    send_rows(crm, ANN | {"customer_number": "C2"}, now=now)
    process(now)
    assert MatchingView.objects.filter(source_profile=ann).exists()


def test_a_blocked_value_is_in_none(crm: Source, ann: UUID, now: datetime) -> None:
    bearers = blocking_values.set_blocked("phone", ANN["phone"], is_blocked=True, by="u-1", now=now)
    assert not MatchingView.objects.exists()
    queue.enqueue(bearers, now=now)
    process(now)
    assert (opened(ann, now).phone, opened(ann, now).email) == (None, ANN["email"])
    queue.enqueue(blocking_values.set_blocked("phone", ANN["phone"], is_blocked=False, by="u-1", now=now), now=now)
    process(now)
    assert opened(ann, now).phone == ANN["phone"]


def test_on_trial_other_values_may_be_blocked(crm: Source, ann: UUID, now: datetime) -> None:
    """Views hold what was not blocked when they were made."""
    told = {name: ANN[name] for name in ("given_name", "family_name", "phone", "updated_at")}
    send_rows(crm, told | {"customer_number": "C2"}, now=now)
    process(now)
    (other,) = MatchingView.objects.exclude(source_profile=ann).values_list("source_profile_id", flat=True)
    phone = ("phone", bytes(Identifier.objects.get(source_profile=ann, namespace="phone").index))

    def compared(nobodys: Blocked) -> set[str]:
        scene = look_around([other], now=now, nobodys=nobodys, trial=rules.in_force())
        return {field for edge in scene.edges.values() for field, _, _ in edge.levels}

    standing = blocked.standing()
    assert "phone" in compared(standing)
    assert "phone" not in compared(Blocked(standing.pairs | {phone}))


def test_whoever_objects_has_none(ann: UUID, now: datetime) -> None:
    record([NewAct(ann, LINKING, "", "withdrawn", now, "phone", True, "clerk-3")], now=now)
    queue.enqueue([ann], now=now)
    process(now)
    assert not MatchingView.objects.exists()


def test_a_damaged_one_says_nothing(ann: UUID, now: datetime) -> None:
    MatchingView.objects.update(sealed=b"\x01damaged" * 9)
    assert opened(ann, now) == Person()


def test_its_fields_are_those_of_the_values(ann: UUID, now: datetime) -> None:
    """The audit log names what was opened by the same fields either way."""
    shelves = answer(latest_values([ann], blocked.standing()))
    from_values = {field for _, _, _, fields, _ in shelves for field in fields}
    ((_, _, _, fields, _),) = answer(viewed([ann]))
    assert from_values <= set(fields) == set(views.FIELDS)
    assert next(table for table in tables() if table.model == "identity.MatchingView").fields["sealed"] == SEALED
