"""The queue of truth, and the signs of life of those who work it."""

from django.db import models


class Work(models.Model):
    """This source profile has something new and waits to be processed."""

    id = models.BigAutoField(primary_key=True)
    source_profile_id = models.UUIDField()
    since_date = models.DateField(null=True)
    enqueued_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "work"
        indexes = [models.Index(fields=["source_profile_id"])]


class Heartbeat(models.Model):
    """This process was alive then."""

    process = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()


class MqttDelivery(models.Model):
    """This is how the message was told apart that the broker last handed over under this packet id.

    Should it do so again, for want of our acknowledgement, the message is known again; see docs/streams.md.
    """

    pk = models.CompositePrimaryKey("client_id", "packet_id")
    client_id = models.CharField(max_length=80)
    packet_id = models.PositiveIntegerField()
    number = models.PositiveBigIntegerField()
    content_hash = models.BinaryField()
    delivery = models.UUIDField()

    class Meta:
        verbose_name_plural = "MQTT deliveries"
        constraints = [
            models.CheckConstraint(condition=models.Q(packet_id__gte=1, packet_id__lte=65_535), name="packet_id_is_one")
        ]
        indexes = [models.Index(fields=["client_id", "number"])]
