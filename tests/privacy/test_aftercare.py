"""After an erasure: it is proved and certified by itself, and the values go once recipients have answered."""

from datetime import timedelta

import pytest
from django.utils import timezone

from outbox import deliveries, recipients
from outbox.deliveries import HandOver
from outbox.models import Delivery
from privacy import aftercare, certificate, proof, requests
from privacy.erasure import erase
from privacy.models import ErasureCase, SubjectRequest
from privacy.proof import NotErased
from privacy.wanted import ValuesGone, read_lines
from tests.privacy.cast import NOW, OFFICER, SECOND_OFFICER, Person
from vault.models import DataKey

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


@pytest.fixture(autouse=True)
def nothing_but_databases(settings, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests are about what follows, not about files: none are searched."""
    monkeypatch.setattr(proof, "_folders", lambda unscanned: [tmp_path])


def erased(person: Person) -> SubjectRequest:
    request = requests.open("erasure", profile_id=person.profile, actor=OFFICER, now=NOW)
    request = requests.approve(request, actor=SECOND_OFFICER, now=NOW)
    erase(request, actor=SECOND_OFFICER, now=timezone.now())
    return SubjectRequest.objects.get(pk=request.pk)


def told(person: Person) -> None:
    """A recipient has learned of the person."""
    agency, _ = recipients.add("agency", purposes=["marketing"], now=NOW)
    deliveries.note([HandOver(agency.pk, "segment.entered", "marketing", person.profile, "ps-1")], now=NOW)


def test_it_is_proved_certified_and_the_values_go(alice: Person, bob: Person) -> None:
    request = erased(alice)
    assert aftercare.attend() == 2
    case = ErasureCase.objects.get(pk=request.pk)
    assert (case.proof_state, case.sealed) == ("passed", None)
    assert case.values_destroyed_at is not None
    assert not DataKey.objects.filter(pk=request.pk).exists()
    assert certificate.verify(case.certificate)["values_of_the_person"] == "destroyed"
    assert [step.what for step in requests.steps(request)][-3:] == ["search begun", "proved", "values destroyed"]
    assert aftercare.attend() == 0
    with pytest.raises(ValuesGone):
        proof.prove(request, now=NOW)


def test_values_wait_for_a_recipient_who_has_not_confirmed_and_it_is_named(alice: Person) -> None:
    told(alice)
    request = erased(alice)
    aftercare.attend()
    case = ErasureCase.objects.get(pk=request.pk)
    assert case.sealed is not None
    stated = certificate.verify(case.certificate)
    assert [one["recipient"] for one in stated["recipients"]["unconfirmed"]] == ["agency"]
    assert stated["values_of_the_person"] == "sealed until recipients have answered"
    deliveries.acknowledge(Delivery.objects.get(request_id=request.pk).pk, by="agency", now=NOW)
    assert aftercare.attend() == 1
    stated = certificate.verify(ErasureCase.objects.get(pk=request.pk).certificate)
    assert stated["recipients"] == {"confirmed": ["agency"], "unconfirmed": []}


def test_where_nobody_was_told_the_certificate_promises_the_end_of_the_values(alice: Person) -> None:
    request = erased(alice)
    aftercare.prove_and_certify(request, actor=OFFICER, now=NOW)
    stated = certificate.verify(ErasureCase.objects.get(pk=request.pk).certificate)
    assert stated["values_of_the_person"] == "sealed, to be destroyed within minutes"
    assert aftercare.let_go(request, now=NOW)


def test_a_recipient_who_stays_silent_is_waited_for_thirty_days(alice: Person) -> None:
    told(alice)
    request = erased(alice)
    aftercare.prove_and_certify(request, actor=OFFICER, now=NOW)
    completed_at = SubjectRequest.objects.get(pk=request.pk).completed_at
    assert completed_at is not None
    assert not aftercare.let_go(request, now=completed_at + timedelta(days=29))
    assert aftercare.let_go(request, now=completed_at + timedelta(days=30))


def test_later_scans_take_the_values_from_elsewhere(alice: Person, bob: Person) -> None:
    request = erased(alice)
    aftercare.attend()
    mine = read_lines([f"email {alice.email}\n", "\n", f"family_name {alice.family_name}"])
    assert proof.prove(request, values=mine, now=NOW).hits == 0
    his = proof.prove(request, values=read_lines([f"email {bob.email}"]), now=NOW)
    assert "records_identifier.sealed" in {place.name for place in his.places if place.values}
    assert ErasureCase.objects.get(pk=request.pk).proof_state == "passed"


@pytest.mark.parametrize("line", ["alice@example.com", "mood good", "email"])
def test_a_line_that_names_no_field_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="line 1"):
        read_lines([line])


def test_there_is_nothing_to_prove_before_it_is_done(alice: Person) -> None:
    request = requests.open("erasure", profile_id=alice.profile, actor=OFFICER, now=NOW)
    with pytest.raises(NotErased):
        proof.prove(requests.approve(request, actor=SECOND_OFFICER, now=NOW), now=NOW)
