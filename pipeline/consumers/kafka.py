"""The Kafka consumer: fetches in batches, and commits a partition's offset once the database has committed before it.

One thread. A batch is made durable before the next is fetched, so no rebalance finds work half done: what another
consumer gets again was not committed here, and the dedupe table knows it.
"""

import logging
import threading
from collections.abc import Iterable, Mapping, Sequence

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as Fetch

from pipeline.consumers.kafka_settings import KafkaSettings
from pipeline.consumers.patience import Stopped, beat_if_possible, take_patiently
from pipeline.consumers.progress import Progress
from pipeline.consumers.taking import Fetched
from records.envelopes.kafka import Message

log = structlog.get_logger()

DOOR = "kafka"
BATCH = 500
WAITS = 0.5
LINGERS = 0.01
HARMLESS = (KafkaError._PARTITION_EOF, KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT)
# Ours, and no setting's: each is a promise that the tests hold.
PROMISES: Mapping[str, str | int | bool] = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "earliest",
    "isolation.level": "read_committed",
    "topic.metadata.refresh.interval.ms": 30_000,
    "queued.max.messages.kbytes": 16_384,
    "session.timeout.ms": 15_000,  # after which a dead consumer's partitions go to the others
    "client.id": "onym",
}


class KafkaConsumer:
    """Takes in what its group is assigned, until told to stop."""

    def __init__(self, settings: KafkaSettings, *, stopping: threading.Event, progress: Progress) -> None:
        self._settings = settings
        self._stopping = stopping
        self._progress = progress
        self._early: list[Fetch] = []  # came while a batch was waiting for the database
        self._paused = False

    def run(self) -> None:
        """Consume until told to stop. Raises `KafkaException` on what no retry can mend."""
        self._consumer = Consumer(
            {
                **PROMISES,
                "bootstrap.servers": self._settings.servers,
                "group.id": self._settings.group,
                "error_cb": self._note_error,
                **self._settings.security,
            },
            logger=logging.getLogger(__name__),
        )
        self._consumer.subscribe(self._settings.subscription, on_assign=self._assigned, on_revoke=self._revoked)
        try:
            while not self._stopping.is_set():
                beat_if_possible(self._progress)
                if fetches := self._fetch():
                    self._take(fetches)
        finally:
            self._consumer.close()

    def _fetch(self) -> list[Fetch]:
        if self._early:
            early, self._early = self._early, []
            return early
        first = self._consumer.poll(WAITS)
        if first is None:  # a message without a value is false
            return []
        return self._messages([first, *self._consumer.consume(BATCH - 1, LINGERS)])

    def _take(self, fetches: Sequence[Fetch]) -> None:
        try:
            taken = take_patiently(
                [self._fetched(fetch) for fetch in fetches],
                door=DOOR,
                progress=self._progress,
                stopping=self._stopping,
                meanwhile=self._wait,
            )
        except Stopped:
            return
        self._commit(fetches)
        if self._paused:
            self._consumer.resume(self._consumer.assignment())
            self._paused = False
        self._progress.note(taken, lag=self._lag())

    def _fetched(self, fetch: Fetch) -> Fetched:
        topic, timestamp = fetch.topic() or "", fetch.timestamp()[1]
        message = Message(
            topic=topic,
            partition=fetch.partition() or 0,
            offset=fetch.offset() or 0,
            timestamp=timestamp if timestamp > 0 else None,
            key=fetch.key(),
            value=fetch.value(),
        )
        return Fetched(self._settings.source_of(topic), message)

    def _commit(self, fetches: Iterable[Fetch]) -> None:
        """Commit the offsets behind these messages, of partitions that are ours. A failure costs a repetition alone."""
        ours = {(one.topic, one.partition) for one in self._consumer.assignment()}
        offsets: dict[tuple[str, int], int] = {}
        for fetch in fetches:
            place = (fetch.topic() or "", fetch.partition() or 0)
            if place in ours:
                offsets[place] = max(offsets.get(place, 0), (fetch.offset() or 0) + 1)
        if offsets:
            try:
                self._consumer.commit(
                    offsets=[TopicPartition(*place, offset) for place, offset in offsets.items()], asynchronous=False
                )
            except KafkaException as error:
                log.warning("offsets could not be committed and will be with the next", error=_name(error))

    def _wait(self, seconds: float) -> None:
        """Stay in the group while the database is away: fetch nothing new, and keep what comes all the same."""
        if ours := self._consumer.assignment():
            self._consumer.pause(ours)
        self._paused = True
        if (fetch := self._consumer.poll(seconds)) is not None:
            self._early += self._messages([fetch])

    def _messages(self, fetches: Iterable[Fetch]) -> list[Fetch]:
        """Those that are messages; of the others it is said what is wrong."""
        messages = []
        for fetch in fetches:
            error = fetch.error()
            if error is None:
                messages.append(fetch)
            elif error.code() not in HARMLESS:
                log.warning("Kafka says that something is wrong", error=error.name())
        return messages

    def _lag(self) -> int:
        """How many messages wait in the partitions that are ours, as far as the last fetch told."""
        lag = 0
        for one in self._consumer.position(self._consumer.assignment()):
            _, end = self._consumer.get_watermark_offsets(one, cached=True)
            lag += max(0, end - one.offset) if one.offset >= 0 and end >= 0 else 0
        return lag

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._progress.event("partitions assigned", count=len(partitions))

    def _revoked(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._progress.event("partitions given back", count=len(partitions))

    def _note_error(self, error: KafkaError) -> None:
        log.warning("Kafka cannot be reached or refuses", error=error.name())
        if error.fatal():
            raise KafkaException(error)


def _name(error: KafkaException) -> str:
    cause = error.args[0] if error.args else None
    return cause.name() if isinstance(cause, KafkaError) else type(error).__name__
