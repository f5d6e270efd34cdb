"""manage.py consume_kafka: take in what Kafka holds, until stopped."""

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from confluent_kafka import KafkaException
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from pipeline.consumers import kafka_settings
from pipeline.consumers.environment import BadSettings
from pipeline.consumers.kafka import DOOR, KafkaConsumer
from pipeline.consumers.progress import Progress


class Command(BaseCommand):
    """Consume Kafka's topics; each offset is committed once what it stands for is durable."""

    help = "Take in the messages of Kafka's topics, plain JSON or Debezium's, until stopped. See docs/streams.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="say what happens as one JSON object a line")

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopping.set())
        progress = Progress(DOOR, self._say, as_json=options["json"])
        try:
            KafkaConsumer(kafka_settings.read(settings.STREAMS), stopping=stopping, progress=progress).run()
        except BadSettings as error:
            raise CommandError(str(error)) from None
        except KafkaException as error:
            raise CommandError(f"Kafka: {error.args[0]}") from None
        progress.end()

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
