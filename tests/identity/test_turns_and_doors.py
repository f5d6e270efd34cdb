"""Turns and doors: who waits for whom, and what goes round."""

from datetime import datetime

import pytest
from django.db import OperationalError, connection, transaction

from identity import rules
from identity.profiles import profile_of
from identity.rules import Thresholds
from pipeline import process, queue
from pipeline.models import Work
from records.models import Source, SourceProfile
from tests.identity.test_looks_that_cross import OTHERS, crossed
from tests.identity.test_turns import ANN, AT, BOB, elsewhere
from tests.senders import process as process_all
from tests.senders import send_rows

pytestmark = pytest.mark.django_db(databases=["default", "keystore"], transaction=True)


@pytest.fixture(autouse=True)
def side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "MICRO_BATCH", 0)


def test_whoever_has_no_profile_yet_still_waits(crm: Source, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    rules.put_in_force(None, Thresholds(link=0.9999, review=0.998), by="u-1", reason="strict", now=now)
    card = {"loyalty_number": "L1"}
    rows = [{"customer_number": f"D{n}"} | one for n, one in enumerate([*OTHERS, BOB, ANN | card, AT | card])]
    send_rows(crm, *rows, now=now)
    seven = list(SourceProfile.objects.order_by("id").values_list("id", flat=True))

    def meanwhile() -> None:
        send_rows(crm, {"customer_number": "E"} | ANN, now=now)
        process.resolve_batch(now=now, limit=1)

    crossed(monkeypatch, meanwhile, now, limit=7)
    waiting = set(Work.objects.values_list("source_profile_id", flat=True))
    assert set(seven) - profile_of(seven).keys() - waiting == set()


def test_a_turn_does_not_wait_for_who_takes_in(crm: Source, now: datetime) -> None:
    """While one waits in its turn, nobody else has theirs."""
    send_rows(crm, {"customer_number": "Z"} | ANN, now=now)
    process_all(now)
    queue.enqueue([SourceProfile.objects.get().id], now=now)
    got: list[object] = []

    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '1s'")
        try:
            got.append(process.resolve_batch(now=now, limit=1))
        except OperationalError as error:
            got.append(str(error).splitlines()[0])

    with transaction.atomic():
        news = ANN | {"customer_number": "Z", "family_name": "Thal", "updated_at": "2026-11-05T10:00:00Z"}
        send_rows(crm, news, now=now)
        elsewhere(work)
    assert got == [1]
