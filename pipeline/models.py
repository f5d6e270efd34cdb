"""The queue of truth, and the signs of life of those who work it."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

RUNNING, DONE = "running", "done"
NOBODY = uuid.UUID(int=0)


class Work(models.Model):
    """This source profile has something new and waits to be processed."""

    id = models.BigAutoField(primary_key=True)
    source_profile_id = models.UUIDField()
    since_date = models.DateField(null=True)
    seen_at = models.DateTimeField(null=True)
    enqueued_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "work"
        indexes = [models.Index(fields=["source_profile_id"])]


class Following(models.Model):
    """It is settled who this source profile is, or who this profile is made of: what is computed of it is to follow.

    Where that failed it has its next turn then.
    """

    id = models.BigAutoField(primary_key=True)
    source_profile_id = models.UUIDField(null=True)
    profile_id = models.UUIDField(null=True)
    since_date = models.DateField(null=True)
    turn_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "following"
        indexes = [models.Index(fields=["source_profile_id"]), models.Index(fields=["profile_id"])]


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


class Replay(models.Model):
    """What this source had in quarantine for this reason is replayed: how far that is, and what became of it."""

    id = models.UUIDField(primary_key=True)
    source = models.ForeignKey("records.Source", on_delete=models.CASCADE, related_name="+", db_index=False)
    reason = models.CharField(max_length=40, blank=True)
    field = models.CharField(max_length=80, blank=True)
    # Only what came in this file; empty: whichever way it came.
    load = models.ForeignKey("records.FileLoad", null=True, on_delete=models.CASCADE, related_name="+")
    leave_out = ArrayField(models.CharField(max_length=80), default=list)
    state = models.CharField(max_length=8, choices=[(state, state) for state in (RUNNING, DONE)])
    until = models.DateTimeField()
    found = models.PositiveIntegerField(default=0)
    stored = models.PositiveIntegerField(default=0)
    duplicate = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    still = models.PositiveIntegerField(default=0)
    # For how many of them which reason holds now.
    still_for = models.JSONField(default=dict)
    last = models.UUIDField(default=NOBODY)
    fault = models.CharField(max_length=300, blank=True)
    started_by_kind = models.CharField(max_length=10)
    started_by = models.CharField(max_length=60)
    started_at = models.DateTimeField()
    noted_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["source", "-started_at"])]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=[RUNNING, DONE]), name="replay_state_is_known")
        ]

    @property
    def done(self) -> int:
        """How many of those found have been read again."""
        return self.stored + self.duplicate + self.refused + self.still

    @property
    def reasons(self) -> dict[str, int]:
        """Why those that are still in quarantine are, and how many of them; the most first."""
        return dict(sorted(self.still_for.items(), key=lambda one: (-one[1], one[0])))
