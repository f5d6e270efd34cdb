"""Request endpoints reveal nothing about whether someone exists."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core import mail
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pipeline.process import process_batch
from privacy import links, requests
from privacy.erasure import erase
from privacy.models import Inquiry
from privacy.public import inquiries
from privacy.public.wording import CHOICES
from privacy.tasks import answer_inquiries
from records import sources
from tests.api.conftest import Caller, Shop, alice, call, service, shop
from tests.privacy.public_cast import preference_link, source_profile_of
from tests.statements.sabotage import Sabotage

__all__ = ["Shop", "alice", "call", "service", "shop"]
pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "privacy/public/inquiries.py",
    "    with transaction.atomic():\n        if Inquiry.objects.filter(client=who",
    "    if bearer_of(index) is None:\n        raise NoAddress\n"
    "    with transaction.atomic():\n        if Inquiry.objects.filter(client=who",
)
FURTHER = [Sabotage("api/views/messages.py", "    if not source.client_side:\n", "    if True:\n")]
SIGN_UP = {"consents": {"newsletter": {"purpose": "marketing", "channel": "email", "double_opt_in": True}}}
PAGE = re.compile(r"https?://[^\s/]+(/\S+)")
KNOWN, UNKNOWN = "alice@example.com", "nobody@example.com"


def send(asked: str, address: str) -> tuple[Any, list[str]]:
    """The whole answer to the form, and the statements that it took, without their values."""
    with CaptureQueriesContext(connections["default"]) as taken, CaptureQueriesContext(connections["keystore"]) as keys:
        response = Client().post("/privacy/", {"asked": asked, "address": address})
    statements = [query["sql"].split(" WHERE ")[0].split(" VALUES ")[0] for query in (*taken, *keys)]
    # A savepoint has a name of its own, and index keys are read again after some seconds, whoever asks.
    statements = [one for one in statements if "SAVEPOINT" not in one and "vault_indexkey" not in one]
    return (response.status_code, response.content, sorted(response.headers.items())), statements


@pytest.mark.parametrize("asked", sorted(CHOICES))
def test_p32_the_form_answers_everybody_alike_and_does_the_same_work(alice: UUID, asked: str) -> None:
    send(asked, UNKNOWN)  # keys are made and read once
    known, unknown = send(asked, KNOWN), send(asked, UNKNOWN)
    assert known == unknown
    assert known[0][0] == 303
    assert not mail.outbox, "a worker looks people up, later"


def test_p32_only_the_address_itself_hears_more(alice: UUID) -> None:
    for address in (KNOWN, UNKNOWN):
        send("access", address)
    assert inquiries.answer_waiting(now=timezone.now()) == 1
    assert [message.to for message in mail.outbox] == [[KNOWN]]
    assert not Inquiry.objects.filter(answered_at=None).exists(), "both are answered"


def test_p32_limits_count_who_asks_and_not_whom_they_ask_for(alice: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inquiries, "MOST_BY_CLIENT", 2)
    answers = [send("preferences", address)[0][0] for address in (KNOWN, UNKNOWN, KNOWN, UNKNOWN)]
    assert answers == [303, 303, 429, 429]


def test_p32_a_wrong_address_is_wrong_for_everybody(alice: UUID) -> None:
    for address in ("alice@", "alice", "", "alice@example.com, nobody@example.com"):
        assert send("access", address)[0][0] == 400


def test_p32_every_link_that_does_not_work_fails_alike(alice: UUID) -> None:
    now = timezone.now()
    expired = preference_link(alice, now=now - timedelta(days=30))
    revoked = preference_link(alice)
    links.revoke(source_profile_of(alice), now=now)
    sound = preference_link(alice)
    forged = sound[:-5] + ("AAAA/" if not sound.endswith("AAAA/") else "BBBB/")
    other_use = sound.replace("choices", "request")
    answers = {
        (response.status_code, response.content, tuple(sorted(response.headers.items())))
        for address in (expired, revoked, forged, other_use, "/privacy/choices/x/", f"/privacy/choices/{'x' * 5000}/")
        for response in [Client().get(address)]
    }
    assert len(answers) == 1
    assert next(iter(answers))[0] == 404
    assert Client().get(sound).status_code == 200


def test_p32_a_subject_request_by_api_is_taken_for_anybody(alice: UUID, service: Caller) -> None:
    answers = []
    for address in (KNOWN, UNKNOWN):
        asked = {"kind": "access", "regulation": "gdpr", "namespace": "email", "value": address}
        response = service.post("/api/subject-requests/", asked)
        told = {name: text for name, text in response.json().items() if name not in ("id", "opened_at", "received_at")}
        answers.append((response.status_code, told, sorted(set(response.headers) - {"Location"})))
    assert answers[0] == answers[1]
    assert answers[0][0] == 202


@pytest.mark.parametrize("purposes", [["service", "marketing"], ["marketing"]])
def test_p32_a_public_key_learns_neither_who_was_erased_nor_who_agreed(alice: UUID, purposes: list[str]) -> None:
    site = Shop(*sources.add("site", kind="online", client_side=True, purposes=purposes, mapping=SIGN_UP))
    erase_now(alice)
    answers = [sign_up(site, address, yes=yes) for yes in (True, False) for address in (KNOWN, UNKNOWN)]
    assert answers == [answers[0]] * 4
    assert answers[0]["accepted"] == 1


def test_p32_who_was_erased_is_asked_and_answered_as_anybody(alice: UUID) -> None:
    site = Shop(*sources.add("site", kind="online", client_side=True, purposes=["service"], mapping=SIGN_UP))
    erase_now(alice)
    told = []
    for address in (KNOWN, UNKNOWN):
        sign_up(site, address)
        process_batch(now=timezone.now())
        answer_inquiries()
        (message,) = mail.outbox
        mail.outbox.clear()
        found = PAGE.search(message.body)
        assert found is not None
        link, client = found[1], Client()
        pages = [client.get(link), client.post(link), client.post(link), client.get(link)]
        told.append(
            [
                message.subject,
                message.body.replace(link, "LINK"),
                *((page.status_code, page.content, sorted(page.headers.items())) for page in pages),
            ]
        )
    assert told[0] == told[1]
    assert b"Thank you" in told[0][3][1]


def sign_up(site: Shop, address: str, *, yes: bool = True) -> dict[str, Any]:
    """What the form of the site is told."""
    consent = {"consent": {"categoryPreferences": {"newsletter": yes}}}
    message = {"type": "identify", "anonymousId": f"d-{uuid4()}", "traits": {"email": address}, "context": consent}
    answer: dict[str, Any] = site.send({"batch": [message]}).json()
    return answer


def erase_now(profile: UUID) -> None:
    now = timezone.now()
    request = requests.open("erasure", profile_id=profile, actor="officer-1", now=now)
    erase(requests.approve(request, actor="officer-2", now=now), actor="officer-2", now=now)
