"""manage.py consume_mqtt: take in what devices publish, until stopped."""

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from pipeline.consumers import mqtt_settings
from pipeline.consumers.environment import BadSettings
from pipeline.consumers.mqtt import DOOR, MqttConsumer
from pipeline.consumers.progress import Progress


class Command(BaseCommand):
    """Consume an MQTT broker's messages; each is acknowledged once it is durable."""

    help = "Take in what is published below the prefix of an MQTT broker, until stopped. See docs/streams.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="say what happens as one JSON object a line")

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopping.set())
        progress = Progress(DOOR, self._say, as_json=options["json"])
        try:
            MqttConsumer(mqtt_settings.read(settings.STREAMS), stopping=stopping, progress=progress).run()
        except BadSettings as error:
            raise CommandError(str(error)) from None
        progress.end()

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
