"""Several at once: the same file, the same new customer, the same new device are each taken in once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Barrier
from typing import Any

import orjson
import pytest
from django.db import connections

from identity.models import DeviceEpisode, Profile
from pipeline.files import ingest
from pipeline.process import process_batch
from records.models import Identifier, Intake, Record, Source, SourceProfile
from tests.pipeline.cast import NOW, bearers, looked, ordered, outcome, saying, send
from vault.models import DataKey

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keystore"])

AT_ONCE = 4


def all_at_once(act: Callable[[int], Any]) -> list[Any]:
    """The answers of several threads that start together."""
    start = Barrier(AT_ONCE)

    def run(number: int) -> Any:
        try:
            start.wait(timeout=10)
            return act(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(run, range(AT_ONCE)))


def test_a_file_that_several_take_in_is_taken_in_once(shop: Source, tmp_path: Path) -> None:
    people = [f"person{number}" for number in range(40)]
    path = tmp_path / "orders.ndjson"
    messages = [ordered(name, n, anonymousId=f"d-{name}", **saying(analytics=True)) for name in people for n in (1, 2)]
    path.write_bytes(b"\n".join(orjson.dumps(message) for message in messages))
    taken = all_at_once(lambda _: ingest(shop, path))
    assert sorted(map(outcome, taken)) == [(0, 80, 0, 0)] * 3 + [(80, 0, 0, 0)]
    assert Record.objects.count() == 80
    assert SourceProfile.objects.count() == DataKey.objects.count() == DeviceEpisode.objects.count() == 40
    assert sum(Intake.objects.values_list("acknowledged", flat=True)) == 4 * 80


def test_a_new_customer_who_comes_through_several_doors_is_one(shop: Source) -> None:
    for day in range(5):
        name = f"alice{day}"
        all_at_once(partial(lambda name, number: send(shop, ordered(name, number)), name))
    assert Record.objects.count() == 5 * AT_ONCE
    assert SourceProfile.objects.count() == DataKey.objects.count() == Identifier.objects.count() == 5


def test_a_new_device_that_comes_through_several_doors_is_one_visitor(browser: Source) -> None:
    consenting = saying(analytics=True)
    for day in range(5):
        device = f"d-{day}"
        all_at_once(partial(lambda device, number: send(browser, looked(device, number, **consenting)), device))
    assert Record.objects.count() == 5 * AT_ONCE
    assert DeviceEpisode.objects.count() == SourceProfile.objects.count() == 5


def test_batches_of_the_same_people_in_any_order_do_not_block_each_other(shop: Source) -> None:
    people = [f"person{number}" for number in range(60)]

    def take(number: int) -> tuple[int, int, int, int]:
        order = people[::-1] if number % 2 else people
        return outcome(send(shop, *(ordered(name, number, anonymousId=f"d-{name}") for name in order)))

    assert all_at_once(take) == [(60, 0, 0, 0)] * AT_ONCE
    assert SourceProfile.objects.count() == DeviceEpisode.objects.count() == 60


def test_taking_in_and_processing_at_once_loses_nobody(shop: Source) -> None:
    def act(number: int) -> None:
        for turn in range(5):
            if number % 2:
                process_batch(now=NOW, limit=10)
            else:
                send(shop, *(ordered(f"person{n}", 10 * turn + number) for n in range(8)))

    all_at_once(act)
    while process_batch(now=NOW):
        pass
    assert Profile.objects.count() == SourceProfile.objects.count() == 8
    assert Record.objects.count() == 2 * 5 * 8
    assert len(bearers("account_id", "u-person3")) == 1
