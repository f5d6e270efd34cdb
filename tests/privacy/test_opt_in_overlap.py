"""Two workers that ask for second yeses at the same time: everybody is written to once."""

from collections.abc import Callable, Sequence
from threading import Event, Thread
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.mail.message import EmailMessage
from django.db import connections
from django.utils import timezone

from privacy import sign_ups
from privacy.models import SignUp
from privacy.public import opt_in
from records import sources
from tests.api.conftest import Shop
from tests.pipeline.cast import seed_purposes
from tests.privacy.test_opt_in import MAPPING, sign_up
from vault import kept_keys, keys
from vault.ids import new_id
from vault.sealing import Place, Sealer

pytestmark = pytest.mark.django_db(databases=["default", "keystore"], transaction=True)
SENDING, GO_ON = Event(), Event()


class SlowBackend(EmailBackend):
    """Sends the first message when it is told to."""

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        if not SENDING.is_set():
            SENDING.set()
            assert GO_ON.wait(60)
        return super().send_messages(messages)


@pytest.fixture
def site() -> Shop:
    seed_purposes()
    kept_keys.make_for_installation()
    purposes = ["service", "marketing"]
    return Shop(*sources.add("site", kind="online", client_side=True, purposes=purposes, mapping=MAPPING))


def new_yes(site: Shop) -> None:
    sign_up(site)


def anew(site: Shop) -> None:
    """Somebody who was erased has signed up."""
    id, now = new_id(), timezone.now()
    sealed = Sealer(keys.make([id])).seal(id, Place("privacy_signup", "sealed", id), b"alice@example.com")
    SignUp.objects.create(
        id=id,
        source=site.source,
        purpose="marketing",
        channel="email",
        index=b"index",
        sealed=sealed,
        bars=[],
        said_at=now,
        kept_at=now,
        expires_at=now + sign_ups.KEPT,
    )


@pytest.mark.parametrize("waits", [new_yes, anew])
def test_whoever_waits_is_written_to_once(site: Shop, settings: Any, waits: Callable[[Shop], None]) -> None:
    waits(site)
    settings.EMAIL_BACKEND = f"{__name__}.SlowBackend"
    for event in (SENDING, GO_ON):
        event.clear()
    first = Thread(target=ask)
    first.start()
    assert SENDING.wait(60)
    assert opt_in.ask_waiting(now=timezone.now()) == 0
    GO_ON.set()
    first.join()
    assert opt_in.ask_waiting(now=timezone.now()) == 0
    assert [message.to for message in mail.outbox] == [["alice@example.com"]]


def ask() -> None:
    try:
        assert opt_in.ask_waiting(now=timezone.now()) == 1
    finally:
        connections.close_all()
