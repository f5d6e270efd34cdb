"""manage.py consume_mqtt: take in what devices publish, until stopped."""

import threading

from django.conf import settings

from pipeline.consumers import mqtt_settings
from pipeline.consumers.command import ConsumerCommand
from pipeline.consumers.mqtt import DOOR, MqttConsumer
from pipeline.consumers.progress import Progress


class Command(ConsumerCommand):
    """Consume an MQTT broker's messages; each is acknowledged once it is durable."""

    help = "Take in what is published below the prefix of an MQTT broker, until stopped. See docs/streams.md."
    door = DOOR

    def consume(self, *, stopping: threading.Event, progress: Progress) -> None:
        MqttConsumer(mqtt_settings.read(settings.STREAMS), stopping=stopping, progress=progress).run()
