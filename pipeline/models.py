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
