"""manage.py consume_kafka: take in what Kafka holds, until stopped."""

import threading

from confluent_kafka import KafkaException
from django.conf import settings
from django.core.management.base import CommandError

from pipeline.consumers import kafka_settings
from pipeline.consumers.command import ConsumerCommand
from pipeline.consumers.kafka import DOOR, KafkaConsumer
from pipeline.consumers.progress import Progress


class Command(ConsumerCommand):
    """Consume Kafka's topics; each offset is committed once what it stands for is durable."""

    help = "Take in the messages of Kafka's topics, plain JSON or Debezium's, until stopped. See docs/streams.md."
    door = DOOR

    def consume(self, *, stopping: threading.Event, progress: Progress) -> None:
        try:
            KafkaConsumer(kafka_settings.read(settings.STREAMS), stopping=stopping, progress=progress).run()
        except KafkaException as error:
            raise CommandError(f"Kafka: {error.args[0]}") from None
