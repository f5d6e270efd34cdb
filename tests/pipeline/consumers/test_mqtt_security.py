"""TLS and passwords: the consumer speaks to the broker that it was told to trust, as whom it was told to be."""

import subprocess
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from pipeline.consumers import mqtt_settings
from pipeline.consumers.mqtt import MqttConsumer
from records.models import Record, Source
from tests.brokers import Mosquitto
from tests.certificates import Authority
from tests.pipeline.consumers.cast import Until, Watched, consume_mqtt

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "certificates", "authority")


@pytest.fixture
def broker(tmp_path: Path, authority: Authority) -> object:
    """A broker that wants TLS and a certificate of its clients."""
    certificate, key = authority.sign("broker")
    lines = [
        f"cafile {authority.certificate}",
        f"certfile {certificate}",
        f"keyfile {key}",
        "require_certificate true",
        "use_identity_as_username true",
    ]
    broker = Mosquitto(tmp_path / "mosquitto", lines=lines)
    yield broker
    broker.stop()


def test_certificates_on_both_sides_are_honored(broker: Mosquitto, authority: Authority, fridges: Source) -> None:
    certificate, key = authority.sign("onym")
    given = {
        "ONYM_MQTT_URL": f"mqtts://127.0.0.1:{broker.port}",
        "ONYM_MQTT_CA_FILE": str(authority.certificate),
        "ONYM_MQTT_CERTIFICATE_FILE": str(certificate),
        "ONYM_MQTT_KEY_FILE": str(key),
    }
    consume_mqtt(broker, event="connected", **given)
    client = _device(broker, authority)
    client.publish("onym/fridges/f-1/temperature", "4.5", qos=1).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()
    assert consume_mqtt(broker, 1, **given).acceptance.stored == 1
    assert Record.objects.count() == 1


@pytest.mark.parametrize("wrong", ["another authority", "another name", "no certificate", "no TLS"])
def test_a_broker_that_is_not_the_one_gets_nothing(
    wrong: str, broker: Mosquitto, authority: Authority, tmp_path: Path, db: None, capsys: pytest.CaptureFixture[str]
) -> None:
    certificate, key = authority.sign("onym")
    given = {
        "ONYM_MQTT_URL": f"mqtts://127.0.0.1:{broker.port}",
        "ONYM_MQTT_CA_FILE": str(authority.certificate),
        "ONYM_MQTT_CERTIFICATE_FILE": str(certificate),
        "ONYM_MQTT_KEY_FILE": str(key),
    }
    if wrong == "another authority":
        given["ONYM_MQTT_CA_FILE"] = str(Authority(tmp_path / "others", "stranger").certificate)
    elif wrong == "another name":
        given["ONYM_MQTT_URL"] = f"mqtts://localhost:{broker.port}"
    elif wrong == "no certificate":
        del given["ONYM_MQTT_CERTIFICATE_FILE"], given["ONYM_MQTT_KEY_FILE"]
    else:
        given = {"ONYM_MQTT_URL": f"mqtt://127.0.0.1:{broker.port}"}
    assert not _connects(given)
    said = capsys.readouterr().out
    assert "MQTT broker" in said


def test_a_password_is_honored(tmp_path: Path, fridges: Source, capsys: pytest.CaptureFixture[str]) -> None:
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "onym", "right"], check=True)
    broker = Mosquitto(tmp_path / "mosquitto", lines=["allow_anonymous false", f"password_file {passwords}"])
    given = {"ONYM_MQTT_URL": f"mqtt://127.0.0.1:{broker.port}", "ONYM_MQTT_USER": "onym"}
    try:
        assert _connects({**given, "ONYM_MQTT_PASSWORD": "right"})
        assert not _connects({**given, "ONYM_MQTT_PASSWORD": "wrongword"})
        said = capsys.readouterr().out
        assert "refuses the connection" in said
        assert "wrongword" not in said
    finally:
        broker.stop()


def _connects(given: dict[str, str]) -> bool:
    """Whether the consumer gets a session within three attempts."""
    until = Until(event="connected")
    consumer = MqttConsumer(mqtt_settings.read(given), stopping=until, progress=Watched("mqtt", until))
    attempt, attempts = consumer._connect, [0]

    def counted() -> None:
        attempts[0] += 1
        if attempts[0] > 2:
            until.set()
        else:
            attempt()

    consumer._connect = counted  # type: ignore[method-assign]
    consumer.run()
    return any("connected" in line for line in until.lines)


def _device(broker: Mosquitto, authority: Authority) -> Client:
    certificate, key = authority.sign("device")
    client = Client(CallbackAPIVersion.VERSION2)
    client.tls_set(str(authority.certificate), str(certificate), str(key))
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    return client
