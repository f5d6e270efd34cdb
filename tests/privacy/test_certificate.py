"""The certificate states what was done, and shows when a letter of it was changed."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from privacy import certificate, requests
from privacy.certificate import Forged, NotCertifiable
from privacy.erasure import erase
from privacy.models import SubjectRequest
from tests.privacy.cast import NOW, OFFICER, SECOND_OFFICER, Person

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


@pytest.fixture
def erased(alice: Person) -> SubjectRequest:
    request = requests.open("erasure", profile_id=alice.profile, actor=OFFICER, now=NOW)
    request = requests.approve(request, actor=SECOND_OFFICER, now=NOW)
    erase(request, actor=SECOND_OFFICER, now=NOW)
    return request


def test_it_states_what_was_erased(alice: Person, erased: SubjectRequest) -> None:
    text = certificate.issue(erased, now=NOW)
    stated = certificate.verify(text)
    assert stated["request"] == str(erased.pk)
    assert stated["erased"]["keys_destroyed"] == 3
    assert stated["erased"]["rows"]["records.Record"] == 3
    assert stated["recipients"] == {"confirmed": [], "unconfirmed": []}
    assert stated["proof_state"] == "not searched yet"
    assert stated["values_of_the_person"] == "sealed until the search has passed"
    assert [value for value in (*alice.canaries, str(alice.profile)) if value in text] == []


def test_a_changed_letter_shows(erased: SubjectRequest) -> None:
    parts = json.loads(certificate.issue(erased, now=NOW))
    parts["certificate"]["erased"]["keys_destroyed"] = 4
    with pytest.raises(Forged):
        certificate.verify(json.dumps(parts))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"certificate": {}, "signature": "?"}'])
def test_what_is_no_certificate_is_refused(text: str) -> None:
    with pytest.raises(Forged):
        certificate.verify(text)


def test_before_it_is_done_there_is_none(alice: Person) -> None:
    request = requests.open("erasure", profile_id=alice.profile, actor=OFFICER, now=NOW)
    requests.approve(request, actor=SECOND_OFFICER, now=NOW)
    with pytest.raises(NotCertifiable):
        certificate.issue(request, now=NOW)


def test_the_command_verifies_it(erased: SubjectRequest, tmp_path: Path) -> None:
    file, said = tmp_path / "certificate.json", StringIO()
    file.write_text(certificate.issue(erased, now=NOW))
    call_command("privacy", "verify-certificate", str(file), stdout=said)
    assert said.getvalue().startswith("The signature holds.")
    file.write_text(file.read_text().replace('"keys_destroyed": 3', '"keys_destroyed": 2'))
    with pytest.raises(CommandError):
        call_command("privacy", "verify-certificate", str(file), stdout=StringIO())
