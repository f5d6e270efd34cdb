"""The MQTT consumer: takes in what arrives together, and acknowledges it once the database has committed it.

One thread, which also drives the client: what is being made durable cannot be acknowledged by anybody else. The session
outlives the connection and the process: what the broker has no acknowledgement of it hands over again.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from pipeline.consumers.deliveries import Deliveries
from pipeline.consumers.mqtt_settings import MqttSettings
from pipeline.consumers.patience import Stopped, beat_if_possible, patiently, take_patiently
from pipeline.consumers.progress import Progress
from pipeline.consumers.taking import Fetched
from records.envelopes.mqtt import Message, place

log = structlog.get_logger()

DOOR = "mqtt"
BATCH = 500
LINGERS, LINGERS_AT_MOST = 0.005, 0.1  # seconds without a further message; seconds in all
WAITS = 0.5
CONNECTS_WITHIN, KEEPS_ALIVE = 10, 60
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
LONGEST_WHY = 200
ONLY_IF_NEW = 1  # what a topic retains is sent for a new subscription alone
QOS_AT_LEAST_ONCE = 1


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message as it arrived, and over which connection: only over that one may it be acknowledged."""

    topic: str
    payload: bytes
    packet_id: int
    repeated: bool
    retained: bool
    connection: int


class MqttConsumer:
    """Takes in what is published below the prefix, until told to stop."""

    def __init__(self, settings: MqttSettings, *, stopping: threading.Event, progress: Progress) -> None:
        self._settings = settings
        self._stopping = stopping
        self._progress = progress
        self._deliveries = Deliveries(settings.client_id, settings.in_flight)
        self._arrived: list[Arrival] = []
        self._connection = 0
        self._lost = True
        self._pause = 0.0
        self._client = self._new_client()

    def run(self) -> None:
        """Consume until told to stop; a broker or a database that is away is waited for."""
        try:
            patiently(self._deliveries.load, door=DOOR, stopping=self._stopping, meanwhile=self._stopping.wait)
            while not self._stopping.is_set():
                beat_if_possible(self._progress)
                if self._arrived:
                    self._take()
                elif self._lost:
                    self._connect()
                else:
                    self._gather()
        except Stopped:
            pass
        self._client.disconnect()

    def _take(self) -> None:
        """Make a batch durable, then acknowledge it. Raises `Stopped`."""
        arrived, self._arrived = self._arrived[:BATCH], self._arrived[BATCH:]
        taken = take_patiently(
            [self._fetched(one) for one in arrived],
            door=DOOR,
            progress=self._progress,
            stopping=self._stopping,
            meanwhile=self._wait,
            before=self._deliveries.write,
        )
        for one in arrived:
            if one.packet_id and one.connection == self._connection and not self._lost:
                self._client.ack(one.packet_id, QOS_AT_LEAST_ONCE)
        self._progress.note(taken)

    def _fetched(self, arrival: Arrival) -> Fetched:
        where = place(arrival.topic, self._settings.prefix)
        return Fetched(where.source, Message(arrival.topic, where, arrival.payload, self._delivery(arrival)))

    def _delivery(self, arrival: Arrival) -> Callable[[], bytes]:
        """What tells this message apart from one that says the same, asked once at most.

        What a topic retains may be sent for every subscription: it is known by what it says.
        """
        content = arrival.topic.encode() + b"\0" + arrival.payload

        @cache
        def delivery() -> bytes:
            if arrival.retained:
                return b"retained"
            return self._deliveries.of(arrival.packet_id, content, repeated=arrival.repeated)

        return delivery

    def _gather(self) -> None:
        """Wait for a message, and for those that come with it."""
        self._drive(WAITS)
        until = time.monotonic() + LINGERS_AT_MOST
        before = 0
        while before < len(self._arrived) < BATCH and time.monotonic() < until and not self._lost:
            before = len(self._arrived)
            self._drive(LINGERS)

    def _wait(self, seconds: float) -> None:
        """Stay connected while the database is away. What arrives is kept, and not acknowledged."""
        if self._lost:
            self._stopping.wait(seconds)
        else:
            self._drive(seconds)

    def _drive(self, seconds: float) -> None:
        if self._client.loop(seconds) != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._lose()

    def _connect(self) -> None:
        """Ask for a connection, later after each time in vain. The broker's answer comes to `_on_connect`."""
        self._stopping.wait(self._pause)
        self._pause = min(max(FIRST_PAUSE, self._pause * 2), LONGEST_PAUSE)
        settings = self._settings
        asked: dict[str, Any] = {}
        if settings.version == "5":
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = settings.session_seconds
            properties.ReceiveMaximum = settings.in_flight
            asked = {"clean_start": False, "properties": properties}
        self._connection += 1
        try:
            self._client.connect(settings.host, settings.port, KEEPS_ALIVE, **asked)
        except OSError as error:
            log.warning("consumer waits for the MQTT broker", error=type(error).__name__, why=str(error)[:LONGEST_WHY])
        else:
            self._lost = False

    def _new_client(self) -> Client:
        settings, version_5 = self._settings, self._settings.version == "5"
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=settings.client_id,
            clean_session=None if version_5 else False,
            protocol=MQTTProtocolVersion.MQTTv5 if version_5 else MQTTProtocolVersion.MQTTv311,
            manual_ack=True,
        )
        client.connect_timeout = CONNECTS_WITHIN
        if settings.user:
            client.username_pw_set(settings.user, settings.password or None)
        if context := settings.tls_context():
            client.tls_set_context(context)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _on_connect(
        self, client: Client, userdata: object, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            log.error("the MQTT broker refuses the connection", why=str(reason))
            return
        self._progress.event("connected", session="kept" if flags.session_present else "new")
        # A subscription that the session has already is asked for again: the prefix may have changed.
        topics = f"{self._settings.prefix}/+/#"
        if self._settings.version == "5":
            options = SubscribeOptions(qos=QOS_AT_LEAST_ONCE, retainHandling=ONLY_IF_NEW)
            client.subscribe([(topics, options)])
        else:
            client.subscribe([(topics, QOS_AT_LEAST_ONCE)])

    def _on_subscribe(
        self,
        client: Client,
        userdata: object,
        packet_id: int,
        reasons: list[ReasonCode],
        properties: Properties | None,
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            log.error("the MQTT broker refuses the subscription", why=", ".join(map(str, reasons)))
            client.disconnect()
        else:
            self._pause = FIRST_PAUSE

    def _on_message(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        packet_id = message.mid if message.qos else 0
        self._arrived.append(
            Arrival(topic, bytes(message.payload), packet_id, message.dup, message.retain, self._connection)
        )

    def _on_disconnect(
        self,
        client: Client,
        userdata: object,
        flags: DisconnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if not self._stopping.is_set():
            log.warning("the connection to the MQTT broker is lost", why=str(reason))
        self._lose()

    def _lose(self) -> None:
        self._lost = True
