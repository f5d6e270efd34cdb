"""The MQTT door: what devices publish is taken in once, by source, device and metric."""

import pytest

from identity.models import DeviceEpisode
from pipeline.consumers import mqtt_settings
from pipeline.consumers.mqtt import MqttConsumer
from pipeline.consumers.taking import Taken
from pipeline.models import Heartbeat, MqttDelivery
from records import sources
from records.models import Intake, QuarantinedRecord, Record, Source
from tests.brokers import Mosquitto, publish
from tests.pipeline.cast import bearers, counts
from tests.pipeline.consumers.cast import Until, Watched, accounts, as_json, consume_mqtt, subscribe

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_objects_lists_and_single_metrics_are_taken_in(mosquitto: Mosquitto, fridges: Source, version: str) -> None:
    subscribe(mosquitto, ONYM_MQTT_VERSION=version)
    publish(
        mosquitto.port,
        ("onym/fridges/f-1", as_json(id="a", temperature=4.5, timestamp="2026-11-20T10:00:00Z")),
        ("onym/fridges/f-1", f"[{as_json(id='b', door='open')}, {as_json(id='c', door='shut')}]"),
        ("onym/fridges/f-2/temperature", "5.5"),
        ("onym/fridges/f-2/temperature", '{"value": 6.5, "timestamp": "2026-11-20T11:00:00Z"}'),
        ("onym/fridges/f-2/door", "ajar"),
    )
    taken = consume_mqtt(mosquitto, 6, ONYM_MQTT_VERSION=version)
    assert (taken.acceptance.stored, taken.homeless) == (6, 0)
    kept = Record.objects.order_by("occurred_at").values_list("kind", "event", "properties")
    assert sorted((event, str(told)) for _, event, told in kept) == [
        ("", "{'door': 'open'}"),
        ("", "{'door': 'shut'}"),
        ("", "{'temperature': 4.5}"),
        ("door", "{'door': 'ajar'}"),
        ("temperature", "{'temperature': 5.5}"),
        ("temperature", "{'temperature': 6.5}"),
    ]
    assert {kind for kind, _, _ in kept} == {"telemetry"}
    assert [
        moment.isoformat()
        for moment in Record.objects.order_by("occurred_at").values_list("occurred_at", flat=True)[:2]
    ] == [
        "2026-11-20T10:00:00+00:00",
        "2026-11-20T11:00:00+00:00",
    ]
    assert DeviceEpisode.objects.count() == 2
    assert accounts(fridges) == {"acknowledged": 6, "stored": 6, "duplicate": 0, "quarantined": 0, "refused": 0}
    assert set(Intake.objects.values_list("door", flat=True)) == {"mqtt"}
    assert Heartbeat.objects.get().process == "mqtt"


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_what_was_not_acknowledged_comes_again_and_changes_nothing(
    mosquitto: Mosquitto, fridges: Source, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    """Two equal bare readings are two; the same two, handed over again, are still two."""
    subscribe(mosquitto, ONYM_MQTT_VERSION=version)
    readings = [("onym/fridges/f-1/temperature", "4.5")] * 2 + [("onym/fridges/f-1", as_json(id="a", temperature=5))]
    publish(mosquitto.port, *readings)
    with monkeypatch.context() as broken:
        broken.setattr("paho.mqtt.client.Client.ack", lambda *_: None)
        assert consume_mqtt(mosquitto, 3, ONYM_MQTT_VERSION=version).acceptance.stored == 3
    publish(mosquitto.port, ("onym/fridges/f-1/temperature", "4.5"))
    again = consume_mqtt(mosquitto, 4, ONYM_MQTT_VERSION=version).acceptance
    assert (again.stored, again.duplicate) == (1, 3)
    assert Record.objects.count() == 4
    publish(mosquitto.port, ("onym/fridges/f-1", as_json(id="b")))
    assert consume_mqtt(mosquitto, 1, ONYM_MQTT_VERSION=version).acceptance.acknowledged == 1, "all was acknowledged"


def test_what_the_broker_holds_outlives_its_restart(mosquitto: Mosquitto, fridges: Source) -> None:
    subscribe(mosquitto)
    publish(mosquitto.port, *[("onym/fridges/f-1/temperature", f"{number}.5") for number in range(20)])
    mosquitto.stop()
    mosquitto.start()
    assert consume_mqtt(mosquitto, 20).acceptance.stored == 20


def test_the_consumer_outlives_the_broker(mosquitto: Mosquitto, fridges: Source) -> None:
    """The connection is lost under its hands; it comes back by itself and takes what was published meanwhile."""
    subscribe(mosquitto)
    until = Until(2)
    settings = mqtt_settings.read({"ONYM_MQTT_URL": f"mqtt://127.0.0.1:{mosquitto.port}"})

    class Restarting(Watched):
        def note(self, taken: Taken, **more: int) -> None:
            super().note(taken, **more)
            if not until.is_set():
                mosquitto.stop()
                mosquitto.start()
                publish(mosquitto.port, ("onym/fridges/f-1/temperature", "2"))

    publish(mosquitto.port, ("onym/fridges/f-1/temperature", "1"))
    MqttConsumer(settings, stopping=until, progress=Restarting("mqtt", until)).run()
    assert sorted(Record.objects.values_list("properties__temperature", flat=True)) == [1.0, 2.0]


BAD = [
    ("onym/fridges/f-1", b'{"id": "x", ', "malformed_json"),
    ("onym/fridges/f-1", b"\xff\xfe", "invalid_utf8"),
    ("onym/fridges/f-1", b"4.5", "not_an_object"),
    ("onym/fridges/f-1", b'[4, "x"]', "not_an_object"),
    ("onym/fridges", b'{"temperature": 4}', "missing_identifier"),
    ("onym/fridges/f-1/temperature", b"warm", "wrong_type"),
    ("onym/fridges/f-1/temperature", b'{"value": 4', "malformed_json"),
    ("onym/fridges/f-1/temperature", b"\xff", "invalid_utf8"),
    ("onym/fridges/f-1/temperature", b'{"value": 4, "timestamp": "soon"}', "absurd_date"),
    ("onym/fridges/f-1", b'{"door": "' + b"x" * 40_000 + b'"}', "too_large"),
]


def test_a_bad_payload_is_quarantined_with_its_reason_and_stops_nothing(mosquitto: Mosquitto, fridges: Source) -> None:
    subscribe(mosquitto)
    good = ("onym/fridges/f-1/temperature", "4.5")
    publish(mosquitto.port, good, *((topic, payload) for topic, payload, _ in BAD), good)
    taken = consume_mqtt(mosquitto, len(BAD) + 3).acceptance
    assert (taken.stored, taken.quarantined) == (2, len(BAD) + 1)
    reasons = sorted(QuarantinedRecord.objects.values_list("reason", flat=True))
    assert reasons == sorted([reason for _, _, reason in BAD] + ["not_an_object"])
    assert QuarantinedRecord.objects.get(reason="too_large").sealed is None


def test_nobodys_messages_leave_nothing_but_their_number(mosquitto: Mosquitto, fridges: Source) -> None:
    idle = sources.add("idle", kind="iot", purposes=["service"])[0]
    sources.change(idle, enabled=False)
    subscribe(mosquitto)
    before = counts(without=("pipeline.Heartbeat",))
    publish(mosquitto.port, ("onym/nobody/f-1/temperature", "4"), ("onym/idle/f-1/temperature", "4"), ("onym/x", "{"))
    assert (consume_mqtt(mosquitto, 3).homeless, counts(without=("pipeline.Heartbeat",))) == (3, before)
    publish(mosquitto.port, ("onym/fridges/f-1/temperature", "4"))
    assert consume_mqtt(mosquitto, 1).homeless == 0, "they were acknowledged"


def test_an_empty_payload_says_nothing(mosquitto: Mosquitto, fridges: Source) -> None:
    """It takes back what a topic retained."""
    subscribe(mosquitto)
    publish(mosquitto.port, ("onym/fridges/f-1/temperature", b""), ("onym/fridges/f-1/temperature", "4.5"))
    assert consume_mqtt(mosquitto, 1).acceptance.stored == 1
    assert accounts(fridges)["acknowledged"] == 1


def test_what_a_topic_retains_is_taken_once(mosquitto: Mosquitto, fridges: Source) -> None:
    publish(mosquitto.port, ("onym/fridges/f-1/temperature", "4.5"), retain=True)
    for client in ("one", "two"):
        taken = consume_mqtt(mosquitto, 1, ONYM_MQTT_CLIENT_ID=client, ONYM_MQTT_VERSION="3.1.1").acceptance
        assert taken.acknowledged == 1
    assert Record.objects.count() == 1


def test_deliveries_are_forgotten_once_the_broker_can_repeat_them_no_more(
    mosquitto: Mosquitto, fridges: Source
) -> None:
    subscribe(mosquitto, ONYM_MQTT_IN_FLIGHT="10")
    publish(mosquitto.port, *[("onym/fridges/f-1/temperature", "4.5")] * 50)
    assert consume_mqtt(mosquitto, 50, ONYM_MQTT_IN_FLIGHT="10").acceptance.stored == 50
    assert MqttDelivery.objects.count() <= 10


def test_nothing_is_written_of_deliveries_that_tell_their_own_id_or_time(mosquitto: Mosquitto, fridges: Source) -> None:
    subscribe(mosquitto)
    publish(
        mosquitto.port,
        ("onym/fridges/f-1", as_json(id="a")),
        ("onym/fridges/f-1/temperature", '{"value": 1, "timestamp": 1795564800}'),
    )
    assert consume_mqtt(mosquitto, 2).acceptance.stored == 2
    assert MqttDelivery.objects.count() == 0


def test_without_a_mapping_the_topic_names_the_device(mosquitto: Mosquitto, db: None) -> None:
    sources.add("beacons", kind="iot", purposes=["service"])
    subscribe(mosquitto)
    publish(mosquitto.port, ("onym/beacons/b-1/price", "4.5"), ("onym/beacons/b-1/mood", "high"))
    assert consume_mqtt(mosquitto, 2).acceptance.stored == 2
    told = dict(Record.objects.values_list("event", "properties"))
    assert told == {"price": {"price": 4.5}, "mood": {}}
    assert bearers("device_id", "b-1") != []


def test_the_topic_names_no_device_of_a_source_of_people(mosquitto: Mosquitto, db: None) -> None:
    sources.add("tills", kind="offline", stable_key="loyalty_number", purposes=["service"])
    subscribe(mosquitto)
    publish(
        mosquitto.port,
        ("onym/tills/store-1/receipts", as_json(receipt_id="1", loyalty_number="L1", amount=5)),
        ("onym/tills/store-1/open", "1"),
    )
    taken = consume_mqtt(mosquitto, 2).acceptance
    assert (taken.stored, taken.quarantined) == (1, 1)
    assert DeviceEpisode.objects.count() == 0
