"""What people ask for, what was done about it, and who must not come back."""

from django.db import models
from django.db.models import F, Q

ACCESS, PORTABILITY, RECTIFICATION, ERASURE, RESTRICTION, OBJECTION, OPT_OUT = (
    "access",
    "portability",
    "rectification",
    "erasure",
    "restriction",
    "objection",
    "opt_out",
)
NOT_PROVEN, PASSED, FOUND = "", "passed", "found"
OPEN, APPROVED, IN_PROGRESS, COMPLETED, REJECTED = "open", "approved", "in_progress", "completed", "rejected"


class SubjectRequest(models.Model):
    """A person asks for this, under this regulation, and it is due then."""

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(
        max_length=14,
        choices=[
            (kind, kind.replace("_", " "))
            for kind in (ACCESS, PORTABILITY, RECTIFICATION, ERASURE, RESTRICTION, OBJECTION, OPT_OUT)
        ],
    )
    regulation = models.CharField(max_length=8, default="gdpr")
    state = models.CharField(
        max_length=11,
        choices=[(state, state.replace("_", " ")) for state in (OPEN, APPROVED, IN_PROGRESS, COMPLETED, REJECTED)],
        default=OPEN,
    )
    profile_id = models.UUIDField(null=True)
    opened_at = models.DateTimeField()
    due_date = models.DateField()
    opened_by = models.CharField(max_length=80)
    approved_at = models.DateTimeField(null=True)
    approved_by = models.CharField(max_length=80, blank=True)
    completed_at = models.DateTimeField(null=True)
    outcome = models.JSONField(default=dict)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by="") | ~Q(kind=ERASURE) | ~Q(approved_by=F("opened_by")),
                name="erasure_needs_a_second_person",
                violation_error_message="Whoever opened an erasure request cannot approve it.",
            ),
            models.CheckConstraint(
                condition=~Q(kind=ERASURE) | Q(state__in=[OPEN, REJECTED]) | ~Q(approved_by=""),
                name="erasure_is_approved_before_it_begins",
            ),
            models.CheckConstraint(
                condition=~Q(state=COMPLETED) | Q(completed_at__isnull=False), name="completed_request_says_when"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "due_date"]),
            models.Index(fields=["profile_id"], name="requests_by_profile"),
        ]


class RequestStep(models.Model):
    """Something was done about a subject request. Append-only."""

    id = models.BigAutoField(primary_key=True)
    request = models.ForeignKey(SubjectRequest, on_delete=models.CASCADE, related_name="steps")
    what = models.CharField(max_length=40)
    detail = models.JSONField(default=dict)
    actor = models.CharField(max_length=80)
    at = models.DateTimeField()


class ErasureCase(models.Model):
    """This approved erasure waits, is carried out or is done: its window, what is searched for, its proof, its paper.

    The sealed values stand under a data key of the request. They go as soon as the proof has passed and the recipients
    have answered or timed out; from then on only counts and keyed hashes are left.
    """

    request = models.OneToOneField(
        SubjectRequest, primary_key=True, on_delete=models.CASCADE, related_name="erasure_case"
    )
    execute_after = models.DateTimeField()
    sealed = models.BinaryField(null=True)
    rows_gone_at = models.DateTimeField(null=True)
    keys_gone_at = models.DateTimeField(null=True)
    mentions_erased_at = models.DateTimeField(null=True)
    proof = models.JSONField(default=dict)
    proof_state = models.CharField(
        max_length=8,
        choices=[(state, state) for state in (NOT_PROVEN, PASSED, FOUND)],
        default=NOT_PROVEN,
    )
    proved_at = models.DateTimeField(null=True)
    certificate = models.TextField(blank=True)
    certified_at = models.DateTimeField(null=True)
    values_destroyed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(values_destroyed_at=None) | Q(sealed=None), name="destroyed_values_are_gone"
            ),
            models.CheckConstraint(
                condition=Q(proof_state=NOT_PROVEN) | Q(proved_at__isnull=False, keys_gone_at__isnull=False),
                name="proof_comes_after_the_keys_are_gone",
            ),
            models.CheckConstraint(
                condition=Q(keys_gone_at=None) | Q(rows_gone_at__isnull=False), name="keys_go_after_the_rows"
            ),
        ]
        indexes = [models.Index(fields=["execute_after"], name="erasures_by_time")]


class Tombstone(models.Model):
    """This profile was erased then, by this request. It holds no value: it says that the id will not come back."""

    profile_id = models.UUIDField(primary_key=True)
    erased_at = models.DateTimeField()
    request = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="tombstones")


class Suppression(models.Model):
    """A keyed hash of an erased person's identifier: what bears it is refused at the door."""

    id = models.BigAutoField(primary_key=True)
    version = models.PositiveSmallIntegerField(default=0)
    namespace = models.CharField(max_length=40)
    index = models.BinaryField()
    request = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="suppressions")
    created_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.CharField(max_length=80, blank=True)
    lifted_on = models.CharField(max_length=80, blank=True, help_text="The verified act that lifted it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "namespace", "index", "request"], name="suppressed_once")
        ]


class ErasureEpoch(models.Model):
    """This database knows of the erasures up to this entry of the erasure ledger. One row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    sequence = models.PositiveBigIntegerField()
    hash = models.BinaryField()
    reached_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_erasure_epoch")]


class RetentionRun(models.Model):
    """Retention removed so much of what one source had sent before the cutoff. The proof that limits are kept."""

    id = models.UUIDField(primary_key=True)
    source_id = models.UUIDField(null=True)
    what = models.CharField(max_length=60)
    cutoff_at = models.DateTimeField(null=True)
    rows = models.PositiveBigIntegerField()
    held = models.PositiveBigIntegerField()
    ran_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["source_id", "what", "-cutoff_at"], name="retention_by_source"),
            models.Index(fields=["-ran_at"], name="retention_by_time"),
        ]
