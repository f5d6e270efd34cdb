"""The container files: what production must not lose when somebody edits them."""

import configparser
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from pipeline.consumers import kafka_settings, mqtt_settings

ROOT = Path(__file__).resolve().parent.parent.parent
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {"migrate", "web", "processor", "worker", "scheduler", "mqtt-consumer", "kafka-consumer"}


def test_production_has_all_its_parts() -> None:
    assert set(SERVICES) == OURS | {"database", "keystore", "broker", "mosquitto", "kafka"}


def test_database_and_key_store_are_two_clusters() -> None:
    assert SERVICES["database"]["image"] == SERVICES["keystore"]["image"] == "postgres:18"
    assert SERVICES["database"]["volumes"] != SERVICES["keystore"]["volumes"]
    environment = SERVICES["web"]["environment"]
    assert "@database:" in environment["DATABASE_URL"]
    assert "@keystore:" in environment["KEYSTORE_URL"]


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate"}))
def test_every_service_has_a_health_check(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_is_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("read_only") is True or name == "kafka"
    assert "privileged" not in service


def test_only_the_web_is_published_and_only_to_this_machine() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"web": ["127.0.0.1:8000:8000"]}
    outside = {name for name, service in SERVICES.items() if "outside" in service["networks"]}
    assert outside == {"web"}


def test_no_secret_has_a_default() -> None:
    secret = re.compile(r"\$\{(\w*(?:PASSWORD|SECRET|KEK)\w*)([^}]*)\}")
    found = secret.findall(TEXT)
    assert {name for name, _ in found} >= {"SECRET_KEY", "POSTGRES_PASSWORD", "KEYSTORE_PASSWORD", "VALKEY_PASSWORD"}
    assert {how for _, how in found} == {":?set it in .env"}


def test_the_example_names_every_variable_and_gives_none() -> None:
    example = dict(
        line.split("=", 1)
        for line in (ROOT / "deploy/.env.example").read_text().splitlines()
        if line and not line.startswith("#")
    )
    asked = set(re.findall(r"(?<!\$)\$\{(\w+)", TEXT))
    assert set(example) == asked
    assert set(example.values()) == {""}


def test_every_command_exists() -> None:
    run = {command for service in SERVICES.values() for command in re.findall(r"manage\.py'?,? '?(\w+)", str(service))}
    assert run == {"migrate", "process", "consume_mqtt", "consume_kafka"}
    assert run <= set(get_commands())


@pytest.mark.parametrize(("name", "broker"), [("mqtt", "mosquitto"), ("kafka", "kafka")])
def test_a_consumer_comes_with_its_broker_and_reaches_it(name: str, broker: str) -> None:
    consumer = SERVICES[f"{name}-consumer"]
    assert consumer["profiles"] == SERVICES[broker]["profiles"] == [name]
    assert set(consumer["networks"]) & set(SERVICES[broker]["networks"])
    ours = {key: value for key, value in consumer["environment"].items() if key.startswith("ONYM_")}
    assert set(SERVICES["web"]["environment"]) <= set(consumer["environment"])
    read = {"mqtt": mqtt_settings.read, "kafka": kafka_settings.read}[name]
    assert broker in str(read(ours))


def test_the_servers_log_no_values() -> None:
    for name in ("database", "keystore"):
        assert "-clog_min_messages=log" in SERVICES[name]["command"]
        assert "-clog_min_error_statement=panic" in SERVICES[name]["command"]


def test_the_image_is_pinned_and_not_root() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert any("--require-hashes" in line for line in lines)
    assert [line for line in lines if line.startswith("USER ")] == ["USER 10001:10001"]
    assert any(line.startswith("HEALTHCHECK") for line in lines)


def test_the_image_holds_every_room() -> None:
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter")
    rooms = set(contracts["importlinter"]["root_packages"].split())
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert rooms <= kept
