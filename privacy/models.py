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
        indexes = [models.Index(fields=["state", "due_date"])]


class RequestStep(models.Model):
    """Something was done about a subject request. Append-only."""

    id = models.BigAutoField(primary_key=True)
    request = models.ForeignKey(SubjectRequest, on_delete=models.CASCADE, related_name="steps")
    what = models.CharField(max_length=40)
    detail = models.JSONField(default=dict)
    actor = models.CharField(max_length=80)
    at = models.DateTimeField()


class Suppression(models.Model):
    """A keyed hash of an erased person's identifier: what bears it is refused at the door."""

    id = models.BigAutoField(primary_key=True)
    version = models.PositiveSmallIntegerField(default=0)
    namespace = models.CharField(max_length=40)
    index = models.BinaryField()
    request = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="suppressions")
    created_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "namespace", "index", "request"], name="suppressed_once")
        ]
