"""How Kafka is reached, and which topic is which source's: `ONYM_KAFKA_…`. docs/streams.md lists every variable."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.consumers.environment import BadSettings, Environment

KNOWN = (
    *("SERVERS", "GROUP", "PREFIX", "TOPICS", "TLS", "CA_FILE", "CERTIFICATE_FILE", "KEY_FILE"),
    *("SASL", "USER", "PASSWORD", "PASSWORD_FILE"),
)
MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")
OF_TLS = ("CA_FILE", "CERTIFICATE_FILE", "KEY_FILE")
TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")


@dataclass(frozen=True)
class KafkaSettings:
    """Where the brokers are, who we are, and which topic is which source's."""

    servers: str
    group: str
    prefix: str
    topics: Mapping[str, str]
    security: Mapping[str, str] = field(default_factory=dict)

    @property
    def subscription(self) -> list[str]:
        """The topics to subscribe to: those named, and a pattern for those below the prefix."""
        pattern = ["^" + self.prefix.replace(".", "[.]") + ".+"] if self.prefix else []
        return [*self.topics, *pattern]

    def source_of(self, topic: str) -> str:
        """The name of the source that this topic belongs to: as set, else the word after the prefix."""
        if topic in self.topics:
            return self.topics[topic]
        return topic[len(self.prefix) :].partition(".")[0]


def read(variables: Mapping[str, str]) -> KafkaSettings:
    """The settings that these variables make. Raises `BadSettings`."""
    given = Environment(variables, "ONYM_KAFKA_", KNOWN)
    if not given.has("SERVERS"):
        raise BadSettings(f"Set {given.name('SERVERS')}, such as kafka-1.example:9093,kafka-2.example:9093.")
    prefix = given.text("PREFIX", "" if given.has("TOPICS") else "onym.")
    if prefix and not TOPIC.fullmatch(prefix):
        raise BadSettings(f"{given.name('PREFIX')} must be the beginning of a topic's name, such as onym.")
    return KafkaSettings(
        servers=given.text("SERVERS"),
        group=given.text("GROUP", "onym"),
        prefix=prefix,
        topics=_topics(given),
        security=_security(given),
    )


def _topics(given: Environment) -> dict[str, str]:
    """`topic=source` pairs, separated by commas."""
    topics: dict[str, str] = {}
    for pair in filter(None, (one.strip() for one in given.text("TOPICS").split(","))):
        topic, _, source = (part.strip() for part in pair.partition("="))
        if not TOPIC.fullmatch(topic) or not source:
            raise BadSettings(f"{given.name('TOPICS')} must be TOPIC=SOURCE, separated by commas.")
        if topics.setdefault(topic, source) != source:
            raise BadSettings(f"{given.name('TOPICS')} gives one topic to two sources.")
    return topics


def _security(given: Environment) -> dict[str, str]:
    tls = given.choice("TLS", ("0", "1"), "0") == "1"
    if not tls and (vain := next((name for name in OF_TLS if given.has(name)), "")):
        raise BadSettings(f"{given.name(vain)} is for TLS: set {given.name('TLS')}=1 as well.")
    given.needs("CERTIFICATE_FILE", "KEY_FILE")
    given.needs("KEY_FILE", "CERTIFICATE_FILE")
    for name in ("USER", "PASSWORD", "PASSWORD_FILE"):
        given.needs(name, "SASL")
    given.needs("SASL", "USER")
    security = {"security.protocol": ("SASL_" if given.has("SASL") else "") + ("SSL" if tls else "PLAINTEXT")}
    if given.has("SASL"):
        security |= _sasl(given, tls)
    files = {
        "ssl.ca.location": given.file("CA_FILE"),
        "ssl.certificate.location": given.file("CERTIFICATE_FILE"),
        "ssl.key.location": given.file("KEY_FILE"),
    }
    return security | {name: path for name, path in files.items() if path}


def _sasl(given: Environment, tls: bool) -> dict[str, str]:
    mechanism = given.choice("SASL", MECHANISMS, MECHANISMS[0])
    password = given.secret("PASSWORD")
    if not password:
        raise BadSettings(f"{given.name('SASL')} needs {given.name('PASSWORD')} or {given.name('PASSWORD_FILE')}.")
    if mechanism == "PLAIN" and not tls:
        raise BadSettings(f"{given.name('SASL')}=PLAIN sends the password readable: set {given.name('TLS')}=1 as well.")
    return {"sasl.mechanisms": mechanism, "sasl.username": given.text("USER"), "sasl.password": password}
