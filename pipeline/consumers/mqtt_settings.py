"""How the MQTT broker is reached: `ONYM_MQTT_…`. docs/streams.md lists every variable."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from pipeline.consumers.environment import BadSettings, Environment

KNOWN = (
    *("URL", "VERSION", "CLIENT_ID", "PREFIX", "USER", "PASSWORD", "PASSWORD_FILE"),
    *("CA_FILE", "CERTIFICATE_FILE", "KEY_FILE", "SESSION_HOURS", "IN_FLIGHT"),
)
PORTS = {"mqtt": 1883, "mqtts": 8883}
OF_TLS = ("CA_FILE", "CERTIFICATE_FILE", "KEY_FILE")
OF_VERSION_5 = ("SESSION_HOURS",)
LONGEST_CLIENT_ID = 80


@dataclass(frozen=True)
class MqttSettings:
    """Where the broker is, who we are, and what it may send us."""

    host: str
    port: int
    version: str
    client_id: str
    prefix: str
    user: str
    password: str
    tls: bool
    ca_file: str
    certificate_file: str
    key_file: str
    session_seconds: int
    in_flight: int

    def tls_context(self) -> ssl.SSLContext | None:
        """The context that checks the broker's name and certificate; None without TLS. Raises `BadSettings`."""
        if not self.tls:
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca_file or None)
            if self.certificate_file:
                context.load_cert_chain(self.certificate_file, self.key_file)
        except ssl.SSLError as error:
            raise BadSettings(
                "What ONYM_MQTT_CA_FILE, ONYM_MQTT_CERTIFICATE_FILE and ONYM_MQTT_KEY_FILE name does not go together: "
                f"{error.reason or 'not in PEM'}."
            ) from None
        return context


def read(variables: Mapping[str, str]) -> MqttSettings:
    """The settings that these variables make. Raises `BadSettings`."""
    given = Environment(variables, "ONYM_MQTT_", KNOWN)
    host, port, tls = _address(given)
    version = given.choice("VERSION", ("5", "3.1.1"), "5")
    if not tls and (vain := next((name for name in OF_TLS if given.has(name)), "")):
        raise BadSettings(f"{given.name(vain)} is for TLS, and {given.name('URL')} begins with mqtt:, not mqtts:.")
    if version != "5" and (vain := next((name for name in OF_VERSION_5 if given.has(name)), "")):
        raise BadSettings(f"{given.name(vain)} is for MQTT 5; in 3.1.1 the broker alone says how long a session lasts.")
    given.needs("CERTIFICATE_FILE", "KEY_FILE")
    given.needs("KEY_FILE", "CERTIFICATE_FILE")
    given.needs("PASSWORD", "USER")
    given.needs("PASSWORD_FILE", "USER")
    prefix = given.text("PREFIX", "onym").strip("/")
    if not prefix or any(sign in prefix for sign in "+#$"):
        raise BadSettings(f"{given.name('PREFIX')} must be levels of a topic, without +, # and $.")
    client_id = given.text("CLIENT_ID", "onym")
    if len(client_id) > LONGEST_CLIENT_ID:
        raise BadSettings(f"{given.name('CLIENT_ID')} has at most {LONGEST_CLIENT_ID} characters.")
    settings = MqttSettings(
        host=host,
        port=port,
        version=version,
        client_id=client_id,
        prefix=prefix,
        user=given.text("USER"),
        password=given.secret("PASSWORD"),
        tls=tls,
        ca_file=given.file("CA_FILE"),
        certificate_file=given.file("CERTIFICATE_FILE"),
        key_file=given.file("KEY_FILE"),
        session_seconds=given.number("SESSION_HOURS", 168, least=1, most=8_760) * 3_600,
        in_flight=given.number("IN_FLIGHT", 1_000, least=1, most=65_535),
    )
    settings.tls_context()
    return settings


def _address(given: Environment) -> tuple[str, int, bool]:
    if not given.has("URL"):
        raise BadSettings(f"Set {given.name('URL')}, such as mqtts://broker.example:8883.")
    address = urlsplit(given.text("URL"))
    try:
        port = address.port
    except ValueError:
        port = 0
    if address.scheme not in PORTS or not address.hostname or port == 0:
        raise BadSettings(f"{given.name('URL')} must be mqtt://HOST:PORT or mqtts://HOST:PORT.")
    if address.username is not None or address.password is not None:
        raise BadSettings(
            f"{given.name('URL')} must hold no password: set {given.name('USER')} and {given.name('PASSWORD_FILE')}."
        )
    if address.path.strip("/") or address.query or address.fragment:
        raise BadSettings(f"{given.name('URL')} must end after the port; topics are set by {given.name('PREFIX')}.")
    return address.hostname, port or PORTS[address.scheme], address.scheme == "mqtts"
