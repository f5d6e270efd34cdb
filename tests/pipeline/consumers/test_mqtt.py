"""The MQTT door: what devices publish is taken in once, by source, device and metric."""

import pytest

from identity.models import DeviceEpisode
from pipeline.models import Heartbeat
from records import sources
from records.models import Intake, QuarantinedRecord, Record, Source
from tests.brokers import Mosquitto, publish
from tests.pipeline.consumers.cast import accounts, as_json, consume_mqtt, subscribe

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
