"""Events queued, in flight or dated ahead when a person is erased are erased with them or refused."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from identity.profiles import look_up
from pipeline import accept
from pipeline.models import Work
from privacy import requests
from privacy.erasure import Outcome, erase
from privacy.models import SubjectRequest
from records import sources
from records.models import QuarantinedRecord, Record, Source, SourceProfile
from tests.pipeline.cast import seed_purposes
from tests.privacy.canary import Canary
from tests.senders import process, send_rows
from tests.statements.sabotage import Sabotage
from vault.models import DataKey

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "privacy/mentions.py",
    '        "records.QuarantinedRecord": quarantine.forget(found.quarantined),\n',
    "",
)


@pytest.fixture(autouse=True)
def purposes(transactional_db: None) -> None:
    seed_purposes()


def at(days: float) -> str:
    return (timezone.now() + timedelta(days=days)).isoformat()


def known(canary: Canary, crm: Source) -> SubjectRequest:
    """The canary as a customer, and an erasure of theirs that is approved."""
    now = timezone.now()
    send_rows(crm, {**canary.row, "updated_at": at(-3)}, now=now)
    process(now)
    profile = look_up("email", canary.email, now=now)
    request = requests.open("erasure", profile_id=profile, actor="officer-1", now=now)
    return requests.approve(request, actor="officer-2", now=now)


def carry_out(request: SubjectRequest) -> Outcome:
    return erase(request, actor="officer-2", now=timezone.now())


def left() -> tuple[int, int, int, int]:
    """Source profiles, records, work and quarantined records that there are."""
    return tuple(model.objects.count() for model in (SourceProfile, Record, Work, QuarantinedRecord))  # type: ignore[return-value]


def test_p03_what_is_queued_or_dated_ahead_goes(crm: Source) -> None:
    canary, now = Canary(), timezone.now()
    till = send_till(canary, dated=at(0.0005))
    assert till.stored == 1
    request = known(canary, crm)
    send_till(canary, dated=at(-1))
    assert Work.objects.count() > 0
    carry_out(request)
    process(now)
    assert left() == (0, 0, 0, 0)


def send_till(canary: Canary, *, dated: str) -> Any:
    till = Source.objects.filter(name="till").first() or sources.add("till", kind="offline", purposes=["service"])[0]
    row = {"loyalty_number": f"L-{canary.token}", "event_time": dated, "amount": "5", "order_id": dated}
    return send_rows(till, row, now=timezone.now())


def test_p03_what_is_in_quarantine_goes_and_what_is_others_stays(crm: Source) -> None:
    canary, other, now = Canary(), Canary(), timezone.now()
    request = known(canary, crm)
    broken = [
        {**canary.row, "email": canary.email.upper(), "updated_at": "3024-01-01"},
        {"updated_at": "never", "note": f"call {canary.phone[:3]} ({canary.phone[3:7]}) {canary.phone[7:]}"},
        {"updated_at": "never", "a": {"b": f"Zoë{canary.token} ZYX{canary.token}, 7 {canary.token} lane"}},
        {**other.row, "updated_at": "3024-01-01"},
    ]
    assert send_rows(crm, *broken, now=now).quarantined == 4
    held = set(QuarantinedRecord.objects.values_list("id", flat=True))
    outcome = carry_out(request)
    assert outcome.mentions == {"records.QuarantinedRecord": 3}
    stays = set(QuarantinedRecord.objects.values_list("id", flat=True))
    assert len(stays) == 1
    assert set(DataKey.objects.filter(id__in=held).values_list("id", flat=True)) == stays


@pytest.mark.parametrize("sound", [True, False], ids=["a record", "a broken record"])
def test_p03_a_batch_that_is_being_taken_in_is_waited_for(
    crm: Source, monkeypatch: pytest.MonkeyPatch, sound: bool
) -> None:
    canary = Canary()
    request = known(canary, crm)
    row = {**canary.row, "updated_at": at(-1) if sound else "3024-01-01", "street": "8 New Street"}
    taken_in, may_commit = Event(), Event()
    account = accept._account

    def wait_before_the_end(*args: Any) -> None:
        account(*args)
        taken_in.set()
        may_commit.wait(timeout=20)

    monkeypatch.setattr(accept, "_account", wait_before_the_end)
    with ThreadPoolExecutor(2) as threads:
        batch = threads.submit(closing(lambda: send_rows(crm, row, now=timezone.now())))
        assert taken_in.wait(timeout=20)
        erasure = threads.submit(closing(lambda: carry_out(request)))
        with pytest.raises(TimeoutError):
            erasure.result(timeout=0.5)
        may_commit.set()
        assert batch.result(timeout=20).acknowledged == 1
        erasure.result(timeout=30)
    assert left() == (0, 0, 0, 0)


def closing(act: Callable[[], Any]) -> Callable[[], Any]:
    """The act, with its thread's connections closed after it."""

    def run() -> Any:
        try:
            return act()
        finally:
            connections.close_all()

    return run


def test_p03_what_comes_after_is_refused(crm: Source) -> None:
    canary = Canary()
    carry_out(known(canary, crm))
    again = send_rows(crm, {**canary.row, "updated_at": at(-0.5)}, now=timezone.now())
    assert (again.stored, again.refused) == (0, 1)
    assert left() == (0, 0, 0, 0)
