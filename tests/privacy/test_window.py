"""An approved erasure waits, can be called back, and is carried out when its time has come."""

from datetime import timedelta

import pytest

from consent.decide import Refusal, decide
from consent.restrictions import restricted
from privacy import erasure, requests, window
from privacy.erasure import erase
from privacy.models import ErasureCase, SubjectRequest
from privacy.requests import NotOpen
from tests.privacy.cast import NOW, OFFICER, READER, SECOND_OFFICER, Person, known_source_profiles
from vault.models import DataKey

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def approved(person: Person) -> SubjectRequest:
    request = requests.open("erasure", profile_id=person.profile, actor=OFFICER, now=NOW)
    return requests.approve(request, actor=SECOND_OFFICER, now=NOW)


def test_it_waits_for_three_days_and_nothing_of_the_person_is_used(alice: Person) -> None:
    case = ErasureCase.objects.get(pk=approved(alice).pk)
    assert case.execute_after == NOW + timedelta(days=3)
    answer = decide(alice.source_profiles[:2], purpose="service", at=NOW, actor=READER, reason="a call")
    assert isinstance(answer, Refusal)
    assert answer.reason == "restricted"


def test_called_back_nothing_happens_and_the_data_may_be_used_again(
    alice: Person, django_capture_on_commit_callbacks: object
) -> None:
    request = approved(alice)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        request = requests.call_back(request, actor=OFFICER, now=NOW + timedelta(hours=1))
    assert request.state == "called_back"
    assert restricted(alice.source_profiles, at=NOW + timedelta(hours=1)) == {}
    assert not ErasureCase.objects.exists()
    assert not DataKey.objects.filter(pk=request.pk).exists()
    assert window.execute_due() == 0
    with pytest.raises(NotOpen):
        erase(request, actor=SECOND_OFFICER, now=NOW)
    assert set(alice.source_profiles) == known_source_profiles()


def test_what_has_begun_cannot_be_called_back(alice: Person) -> None:
    request = approved(alice)
    erase(request, actor=SECOND_OFFICER, now=NOW)
    with pytest.raises(NotOpen):
        requests.call_back(request, actor=OFFICER, now=NOW)


def test_what_is_due_is_carried_out_and_what_is_not_waits(alice: Person, bob: Person) -> None:
    due, waiting = approved(alice), approved(bob)
    ErasureCase.objects.filter(pk=waiting.pk).update(execute_after=NOW + timedelta(days=36_500))
    assert window.execute_due() == 1
    assert known_source_profiles() == set(bob.source_profiles)
    states = dict(SubjectRequest.objects.values_list("pk", "state"))
    assert states == {due.pk: "completed", waiting.pk: "approved"}
    assert window.execute_due() == 0


def test_one_that_fails_keeps_no_other_from_being_carried_out(
    alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = approved(alice), approved(bob)
    delete = erasure._delete_rows

    def fail_for_the_first(request: SubjectRequest, **how: object) -> SubjectRequest:
        if request.pk == broken.pk:
            raise OSError("no space left")
        return delete(request, **how)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(erasure, "_delete_rows", fail_for_the_first)
        with pytest.raises(ExceptionGroup, match="1 of 2 erasures"):
            window.execute_due()
    assert dict(SubjectRequest.objects.values_list("pk", "state")) == {broken.pk: "in_progress", sound.pk: "completed"}
    assert window.execute_due() == 1
