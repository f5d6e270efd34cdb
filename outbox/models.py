"""What happened to profiles, for those who may be told."""

from django.db import models


class Change(models.Model):
    """Something happened to a profile; written in the transaction in which it happened."""

    id = models.BigAutoField(primary_key=True)
    profile_id = models.UUIDField()
    kind = models.CharField(max_length=40)
    detail = models.JSONField(default=dict)
    happened_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["profile_id", "id"])]
