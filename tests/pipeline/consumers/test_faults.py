"""kill -9, a database that goes away, an orderly stop: every message once, none twice, none missing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections

from records.models import Record, SeenMessage, Source
from tests.brokers import MockKafka, Mosquitto
from tests.own_server import OwnServer, working_on
from tests.pipeline.consumers.cast import accounts
from tests.pipeline.consumers.processes import Door, KafkaDoor, MqttDoor, make_fridges, running, wait_for
from tests.pipeline.test_worker import url_of

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True, databases=["default", "keystore"])]
MANY = 5_000


@pytest.fixture(params=["mqtt", "kafka"])
def door(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Door]:
    if request.param == "kafka":
        yield KafkaDoor(MockKafka())
    else:
        broker = Mosquitto(tmp_path / "mosquitto")
        yield MqttDoor(broker)
        broker.stop()


@pytest.fixture
def urls() -> dict[str, str]:
    return {"default": url_of("default"), "keystore": url_of("keystore")}


def stored() -> int:
    return Record.objects.count()


def once_each(source: Source, count: int) -> None:
    """Every reading is there once, and the books agree."""
    assert stored() == count
    assert Record.objects.values("message_hash").distinct().count() == count
    told = Record.objects.filter(properties__temperature=4.5).count()
    assert told == count // 2
    books = accounts(source)
    assert (books["stored"], books["quarantined"], books["refused"]) == (count, 0, 0)
    assert SeenMessage.objects.filter(source=source).count() == count


def test_kill_9_in_the_middle_of_a_load(door: Door, urls: dict[str, str], tmp_path: Path) -> None:
    fridges, home = make_fridges(), tmp_path / "home"
    with running(door, urls, home) as consumer:
        wait_for(lambda: consumer.said(door.ready_when), consumer)
        door.send(0, MANY)
        wait_for(lambda: stored() > 500, consumer)
    for more in (1_500, 2_500):
        assert stored() < MANY
        with running(door, urls, home) as consumer:
            wait_for(lambda least=more: stored() > least, consumer)
    with running(door, urls, home) as consumer:
        wait_for(lambda: stored() >= MANY, consumer)
        door.send(MANY, 100)
        wait_for(lambda: stored() >= MANY + 100, consumer)
        assert consumer.stop() == 0, consumer.log.read_text()
        assert consumer.said('"what": "stopped"')
    once_each(fridges, MANY + 100)


def test_two_share_a_topic_and_one_dies(urls: dict[str, str], tmp_path: Path) -> None:
    """Partitions change hands in the middle of a load, once because there are two, once because one is dead."""
    fridges, door = make_fridges(), KafkaDoor(MockKafka())
    door.send(0, 2_000)
    with running(door, urls, tmp_path / "one") as first, running(door, urls, tmp_path / "two") as second:
        wait_for(lambda: first.said("assigned") and second.said("assigned") and stored() > 0, first)
        door.send(2_000, 1_000)
        wait_for(lambda: stored() > 2_200, first)
        first.kill()
        door.send(3_000, 1_000)
        wait_for(lambda: stored() >= 4_000, second)
        assert second.stop() == 0
    once_each(fridges, 4_000)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[OwnServer]:
    server = OwnServer(tmp_path / "server")
    with working_on(server):
        yield server
    server.quit()


@pytest.mark.parametrize("killed", [False, True], ids=["waits", "is killed while it waits"])
def test_the_database_goes_away_and_comes_back(door: Door, server: OwnServer, tmp_path: Path, killed: bool) -> None:
    fridges, home = make_fridges(), tmp_path / "home"
    with running(door, server.urls, home) as consumer:
        wait_for(lambda: consumer.said(door.ready_when), consumer)
        door.send(0, 1_000)
        wait_for(lambda: stored() >= 300, consumer)
        server.quit()
        door.send(1_000, 1_000)
        wait_for(lambda: consumer.said("waits for the database"), consumer)
        if killed:
            consumer.kill()
        server.start()
        connections.close_all()
        if not killed:
            wait_for(lambda: stored() >= 2_000, consumer)
    if killed:
        with running(door, server.urls, home) as consumer:
            wait_for(lambda: stored() >= 2_000, consumer)
    once_each(fridges, 2_000)
