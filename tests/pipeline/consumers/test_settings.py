"""The settings of both consumers: what they make, and what they refuse with a reason that a person can act on."""

import re
from pathlib import Path

import pytest
from confluent_kafka import Consumer
from django.core.management import CommandError, call_command

from pipeline.consumers import kafka_settings, mqtt_settings
from pipeline.consumers.environment import BadSettings
from tests.certificates import Authority

ROOT = Path(__file__).resolve().parents[3]
URL = {"ONYM_MQTT_URL": "mqtts://broker.example"}
SERVERS = {"ONYM_KAFKA_SERVERS": "kafka.example:9093"}


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    authority = Authority(tmp_path, "authority")
    certificate, key = authority.sign("onym")
    (tmp_path / "password").write_text("from a file\n")
    return {
        "ca": str(authority.certificate),
        "certificate": str(certificate),
        "key": str(key),
        "password": str(tmp_path / "password"),
        "missing": str(tmp_path / "missing"),
    }


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({}, "Set ONYM_MQTT_URL"),
        ({"URL": "broker.example"}, "ONYM_MQTT_URL must be"),
        ({"URL": "http://broker.example"}, "ONYM_MQTT_URL must be"),
        ({"URL": "mqtt://broker.example:many"}, "ONYM_MQTT_URL must be"),
        ({"URL": "mqtt://user:secret@broker.example"}, "ONYM_MQTT_URL must hold no password"),
        ({"URL": "mqtt://broker.example/topic"}, "ONYM_MQTT_URL must end after the port"),
        ({"URL": "mqtt://broker.example", "CA_FILE": "{ca}"}, "ONYM_MQTT_CA_FILE is for TLS"),
        ({"URL": "mqtt://broker.example", "KEY_FILE": "{key}"}, "ONYM_MQTT_KEY_FILE is for TLS"),
        ({**URL, "CERTIFICATE_FILE": "{certificate}"}, "ONYM_MQTT_CERTIFICATE_FILE needs ONYM_MQTT_KEY_FILE"),
        ({**URL, "KEY_FILE": "{key}"}, "ONYM_MQTT_KEY_FILE needs ONYM_MQTT_CERTIFICATE_FILE"),
        ({**URL, "CA_FILE": "{missing}"}, "ONYM_MQTT_CA_FILE names a file that cannot be read"),
        ({**URL, "CERTIFICATE_FILE": "{key}", "KEY_FILE": "{certificate}"}, "does not go together"),
        ({**URL, "PASSWORD": "x"}, "ONYM_MQTT_PASSWORD needs ONYM_MQTT_USER"),
        ({**URL, "USER": "u", "PASSWORD": "x", "PASSWORD_FILE": "{password}"}, "not both"),
        ({**URL, "VERSION": "4"}, "ONYM_MQTT_VERSION must be one of 5, 3.1.1"),
        ({**URL, "VERSION": "3.1.1", "SESSION_HOURS": "5"}, "ONYM_MQTT_SESSION_HOURS is for MQTT 5"),
        ({**URL, "SESSION_HOURS": "0"}, "ONYM_MQTT_SESSION_HOURS must be a number from 1"),
        ({**URL, "PREFIX": "a/+/b"}, "ONYM_MQTT_PREFIX must be levels"),
        ({**URL, "CLIENT_ID": "x" * 81}, "ONYM_MQTT_CLIENT_ID has at most"),
        ({**URL, "USERNAME": "u"}, "ONYM_MQTT_USERNAME is not known"),
    ],
)
def test_mqtt_settings_that_do_not_fit_are_refused(
    variables: dict[str, str], reason: str, files: dict[str, str]
) -> None:
    with pytest.raises(BadSettings, match=re.escape(reason)) as refused:
        mqtt_settings.read(_full("ONYM_MQTT_", variables, files))
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({}, "Set ONYM_KAFKA_SERVERS"),
        ({**SERVERS, "TOPICS": "shopdb.customers"}, "ONYM_KAFKA_TOPICS must be TOPIC=SOURCE"),
        ({**SERVERS, "TOPICS": "a=crm,a=shop"}, "ONYM_KAFKA_TOPICS gives one topic to two sources"),
        ({**SERVERS, "PREFIX": "a b"}, "ONYM_KAFKA_PREFIX must be"),
        ({**SERVERS, "TLS": "yes"}, "ONYM_KAFKA_TLS must be one of 0, 1"),
        ({**SERVERS, "CA_FILE": "{ca}"}, "ONYM_KAFKA_CA_FILE is for TLS"),
        ({**SERVERS, "TLS": "1", "KEY_FILE": "{key}"}, "ONYM_KAFKA_KEY_FILE needs ONYM_KAFKA_CERTIFICATE_FILE"),
        ({**SERVERS, "USER": "u", "PASSWORD": "secret"}, "ONYM_KAFKA_USER needs ONYM_KAFKA_SASL"),
        ({**SERVERS, "SASL": "SCRAM-SHA-512"}, "ONYM_KAFKA_SASL needs ONYM_KAFKA_USER"),
        ({**SERVERS, "SASL": "SCRAM-SHA-512", "USER": "u"}, "ONYM_KAFKA_SASL needs ONYM_KAFKA_PASSWORD"),
        ({**SERVERS, "SASL": "PLAIN", "USER": "u", "PASSWORD": "secret"}, "sends the password readable"),
        ({**SERVERS, "SASL": "GSSAPI", "USER": "u", "PASSWORD": "secret"}, "ONYM_KAFKA_SASL must be one of"),
        ({**SERVERS, "TOPIC": "a=b"}, "ONYM_KAFKA_TOPIC is not known"),
    ],
)
def test_kafka_settings_that_do_not_fit_are_refused(
    variables: dict[str, str], reason: str, files: dict[str, str]
) -> None:
    with pytest.raises(BadSettings, match=re.escape(reason)) as refused:
        kafka_settings.read(_full("ONYM_KAFKA_", variables, files))
    assert "secret" not in str(refused.value)


def test_what_fits_is_understood(files: dict[str, str]) -> None:
    given = {
        "URL": URL["ONYM_MQTT_URL"],
        "USER": "onym",
        "PASSWORD_FILE": "{password}",
        "CA_FILE": "{ca}",
        "VERSION": "",
    }
    settings = mqtt_settings.read(_full("ONYM_MQTT_", given, files))
    assert (settings.host, settings.port, settings.tls, settings.version) == ("broker.example", 8883, True, "5")
    assert (settings.user, settings.password) == ("onym", "from a file")
    assert (settings.prefix, settings.client_id, settings.session_seconds) == ("onym", "onym", 7 * 86_400)


def test_kafkas_client_takes_what_the_settings_make(files: dict[str, str]) -> None:
    names = {"TLS": "1", "CA_FILE": "{ca}", "CERTIFICATE_FILE": "{certificate}", "KEY_FILE": "{key}"}
    given = {**SERVERS, **names, "SASL": "SCRAM-SHA-256", "USER": "onym", "PASSWORD": "x"}
    settings = kafka_settings.read(_full("ONYM_KAFKA_", given, files))
    assert settings.security == {
        "security.protocol": "SASL_SSL",
        "sasl.mechanisms": "SCRAM-SHA-256",
        "sasl.username": "onym",
        "sasl.password": "x",
        "ssl.ca.location": files["ca"],
        "ssl.certificate.location": files["certificate"],
        "ssl.key.location": files["key"],
    }
    Consumer({"bootstrap.servers": settings.servers, "group.id": "onym", "log_level": 0, **settings.security}).close()


@pytest.mark.parametrize(
    ("variables", "topic", "source"),
    [
        ({}, "onym.crm", "crm"),
        ({}, "onym.crm.public.customers", "crm"),
        ({"PREFIX": "in-"}, "in-crm", "crm"),
        ({"TOPICS": "shopdb.public.customers=crm, shopdb.public.orders=shop"}, "shopdb.public.orders", "shop"),
        ({"TOPICS": "onym.odd=shop", "PREFIX": "onym."}, "onym.odd", "shop"),
    ],
)
def test_a_topic_belongs_to_one_source(variables: dict[str, str], topic: str, source: str) -> None:
    settings = kafka_settings.read(_full("ONYM_KAFKA_", {**SERVERS, **variables}, {}))
    assert settings.source_of(topic) == source
    if "TOPICS" in variables and "PREFIX" not in variables:
        assert settings.subscription == ["shopdb.public.customers", "shopdb.public.orders"]


@pytest.mark.parametrize("command", ["consume_mqtt", "consume_kafka"])
def test_the_command_says_what_is_wrong(command: str, settings: object) -> None:
    settings.STREAMS = {}  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="Set ONYM_"):
        call_command(command)


def test_every_variable_is_documented() -> None:
    text = (ROOT / "docs/streams.md").read_text()
    named = {f"ONYM_MQTT_{name}" for name in mqtt_settings.KNOWN} | {
        f"ONYM_KAFKA_{name}" for name in kafka_settings.KNOWN
    }
    assert {name for name in named if f"`{name}`" not in text} == set()


def _full(prefix: str, variables: dict[str, str], files: dict[str, str]) -> dict[str, str]:
    return {
        name if name.startswith("ONYM_") else prefix + name: value.format(**files) if files else value
        for name, value in variables.items()
    }
