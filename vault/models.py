"""What the vault keeps: wrapped keys (in the key store), and the audit log."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class DataKey(models.Model):
    """This key seals all that belongs to one source profile (or one quarantined record, or one request)."""

    id = models.UUIDField(primary_key=True)
    wrapped = models.BinaryField()
    kek_version = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)


class IndexKey(models.Model):
    """This key makes the blind indexes of one field, or the tokens of one kind."""

    name = models.CharField(max_length=64)
    version = models.PositiveSmallIntegerField(default=1)
    wrapped = models.BinaryField()
    kek_version = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "version"], name="one_index_key_per_version")]


class KeptKey(models.Model):
    """This version of a key is kept as long as the installation: for signatures, suppression, shared secrets."""

    name = models.CharField(max_length=64)
    version = models.PositiveSmallIntegerField(default=1)
    wrapped = models.BinaryField()
    kek_version = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "version"], name="one_kept_key_per_version")]


class AuditEntry(models.Model):
    """Somebody read personal data, or a machine stage did, for this purpose and reason. It holds no value."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    actor_kind = models.CharField(max_length=8, choices=[(kind, kind) for kind in ("person", "api", "machine")])
    action = models.CharField(max_length=40)
    purpose = models.CharField(max_length=40)
    reason = models.CharField(max_length=200)
    run = models.UUIDField(null=True)
    subjects = ArrayField(models.BinaryField())
    count = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["at"]), models.Index(fields=["actor", "at"])]
        verbose_name_plural = "audit entries"
