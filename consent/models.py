"""Why data may be used, and what people have said about it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

CONSENT, CONTRACT, LEGITIMATE_INTEREST, LEGAL_OBLIGATION = LEGAL_BASES = (
    "consent",
    "contract",
    "legitimate_interest",
    "legal_obligation",
)
GRANTED, WITHDRAWN = "granted", "withdrawn"
# Kinds of restriction that touch some purposes only: what is sold or shared, and what uses sensitive data.
OPT_OUT, LIMIT_USE, UNDER_16 = PARTIAL = ("opt_out", "limit_use", "under_16")


class Purpose(models.Model):
    """Data may be used for this, on this legal basis."""

    slug = models.SlugField(primary_key=True, max_length=40)
    name = models.CharField(max_length=80)
    description = models.TextField()
    legal_basis = models.CharField(
        max_length=24,
        choices=[(basis, basis.replace("_", " ")) for basis in LEGAL_BASES],
    )
    channels = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    expires_after_days = models.PositiveIntegerField(null=True, blank=True)
    high_risk = models.BooleanField(default=False)
    dpia_reference = models.CharField(max_length=120, blank=True)
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(active=False) | Q(high_risk=False) | ~Q(dpia_reference=""),
                name="high_risk_purpose_needs_a_dpia",
                violation_error_message="A high-risk purpose needs a DPIA reference before it can be active.",
            ),
            models.CheckConstraint(condition=Q(legal_basis__in=LEGAL_BASES), name="legal_basis_is_known"),
        ]

    def __str__(self) -> str:
        return self.name


class Act(models.Model):
    """A person said this about one purpose, on one channel, then. Append-only."""

    id = models.UUIDField(primary_key=True)
    source_profile = models.ForeignKey("records.SourceProfile", on_delete=models.CASCADE, related_name="acts")
    purpose = models.ForeignKey(Purpose, on_delete=models.PROTECT, related_name="acts")
    channel = models.CharField(max_length=20, blank=True)
    state = models.CharField(max_length=9, choices=[(GRANTED, GRANTED), (WITHDRAWN, WITHDRAWN)])
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    how = models.CharField(max_length=40)
    verified = models.BooleanField()
    actor = models.CharField(max_length=80, blank=True)
    notice = models.CharField(max_length=64, blank=True)
    locale = models.CharField(max_length=16, blank=True)
    jurisdiction = models.CharField(max_length=8, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=[GRANTED, WITHDRAWN]), name="act_says_yes_or_no"),
        ]
        indexes = [models.Index(fields=["source_profile", "purpose", "channel", "-occurred_at", "-recorded_at"])]


class Restriction(models.Model):
    """From then on these data stand still (or, where it lifts, no longer do), for this reason. Append-only."""

    id = models.UUIDField(primary_key=True)
    source_profile = models.ForeignKey("records.SourceProfile", on_delete=models.CASCADE, related_name="restrictions")
    kind = models.CharField(max_length=24)
    lifts = models.BooleanField()
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    until = models.DateTimeField(null=True)
    actor = models.CharField(max_length=80)
    request = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(kind=""), name="restriction_has_a_kind"),
            models.CheckConstraint(condition=Q(lifts=False) | Q(until=None), name="only_a_restriction_ends_by_itself"),
        ]
        indexes = [models.Index(fields=["source_profile", "kind", "occurred_at"])]
