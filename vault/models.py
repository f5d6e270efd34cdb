"""What the vault keeps: wrapped keys (in the key store), and the audit log."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models


class DataKey(models.Model):
    """This key seals all that belongs to one source profile (or one quarantined record, or one request)."""

    id = models.UUIDField(primary_key=True)
    wrapped = models.BinaryField()
    kek_version = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    previous = models.BinaryField(null=True)
    renewed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=models.Q(previous__isnull=False), name="data_keys_with_a_previous")
        ]


class IndexKey(models.Model):
    """This key makes the blind indexes of one field, or the tokens of one kind: version n hashes what n - 1 made."""

    name = models.CharField(max_length=64)
    version = models.PositiveSmallIntegerField(default=1)
    wrapped = models.BinaryField()
    kek_version = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "version"], name="one_index_key_per_version")]


class KeptKey(models.Model):
    """This version of a key is kept as long as the installation: for signatures, suppression, pseudonyms, secrets."""

    name = models.CharField(max_length=200)
    version = models.PositiveSmallIntegerField(default=1)
    wrapped = models.BinaryField()
    kek_version = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "version"], name="one_kept_key_per_version")]


class WrappingKey(models.Model):
    """This version of the key-encryption key, wrapped by a key service: without the service it opens nothing."""

    version = models.PositiveSmallIntegerField(primary_key=True)
    service = models.CharField(max_length=20)
    service_key = models.CharField(max_length=300)
    wrapped = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)


class Rotation(models.Model):
    """Keys of this kind are being renewed, or were: what is unfinished goes on where it stopped."""

    kind = models.CharField(max_length=24)
    name = models.CharField(max_length=64, blank=True)
    version = models.PositiveSmallIntegerField(null=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    done = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "name"], condition=models.Q(ended_at=None), name="one_rotation_of_a_kind_at_a_time"
            )
        ]


class AuditEntry(models.Model):
    """Somebody, or a machine stage, read these fields of these people for this purpose and reason. It holds no value.

    People and programs: the keyed hash of every subject. Machine stages: their count, and the beginnings of those
    hashes end to end, so that a person can be told in which runs they were.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    actor_kind = models.CharField(max_length=8, choices=[(kind, kind) for kind in ("person", "api", "machine")])
    action = models.CharField(max_length=40)
    purpose = models.CharField(max_length=40)
    reason = models.CharField(max_length=200)
    run = models.UUIDField(null=True)
    subjects = ArrayField(models.BinaryField())
    cohort = models.BinaryField(default=b"")
    count = models.PositiveIntegerField()
    fields = ArrayField(models.CharField(max_length=80), default=list)

    class Meta:
        indexes = [
            models.Index(fields=["at"]),
            models.Index(fields=["actor", "at"]),
            GinIndex(fields=["subjects"], name="who_looked", condition=~models.Q(actor_kind="machine")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(actor="") & ~models.Q(purpose="") & ~models.Q(reason=""),
                name="a_read_says_who_what_for_and_why",
            )
        ]
        verbose_name_plural = "audit entries"


class AuditSeal(models.Model):
    """This signed link of a chain covers the audit entries after one id, up to another; none can change unnoticed.

    `content` is the digest of the entries in order, `head` that of the link before and all that this one says.
    """

    number = models.PositiveIntegerField(primary_key=True)
    after_id = models.BigIntegerField()
    upto_id = models.BigIntegerField()
    count = models.PositiveIntegerField()
    content = models.BinaryField()
    head = models.BinaryField()
    sealed_at = models.DateTimeField()
    key_version = models.PositiveSmallIntegerField()
    signature = models.BinaryField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(after_id__lt=models.F("upto_id")), name="a_seal_covers_ids"),
            models.UniqueConstraint(fields=["after_id"], name="one_seal_goes_on_from_each"),
        ]


class AuditAging(models.Model):
    """The entries under these seals, one after the other, had been kept for long enough and were removed then. Signed.

    The seals themselves stay, with their counts and digests.
    """

    first = models.PositiveIntegerField(primary_key=True)
    last = models.PositiveIntegerField()
    count = models.PositiveBigIntegerField()
    aged_at = models.DateTimeField()
    key_version = models.PositiveSmallIntegerField()
    signature = models.BinaryField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(last__gte=models.F("first")), name="aging_goes_forward"),
        ]
        verbose_name_plural = "audit agings"
