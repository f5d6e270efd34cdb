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
# "pending": said, and not yet confirmed by whoever the address belongs to (double opt-in). It allows nothing.
GRANTED, WITHDRAWN, PENDING = STATES = ("granted", "withdrawn", "pending")
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
    expiry_by_jurisdiction = models.JSONField(
        default=dict, blank=True, help_text='Days by jurisdiction where they differ, such as {"FR": 180, "US-CA": 365}.'
    )
    sensitive = models.BooleanField(default=False, help_text="Uses sensitive data: people may limit it (California).")
    sale_or_sharing = models.BooleanField(default=False, help_text="Sells or shares data: people may opt out of it.")
    high_risk = models.BooleanField(default=False)
    dpia_reference = models.CharField(max_length=120, blank=True)
    active = models.BooleanField(default=True)
    rule_since = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the rule above began to hold; empty: from the beginning."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(active=False) | Q(high_risk=False) | Q(dpia_reference__regex=r"\S"),
                name="high_risk_purpose_needs_a_dpia",
                violation_error_message="A high-risk purpose needs a DPIA reference before it can be active.",
            ),
            models.CheckConstraint(condition=Q(legal_basis__in=LEGAL_BASES), name="legal_basis_is_known"),
        ]

    def __str__(self) -> str:
        return self.name


class PurposeVersion(models.Model):
    """The rule of a purpose from then on, as it became known then. The database writes one at every change."""

    purpose = models.ForeignKey(Purpose, on_delete=models.PROTECT, related_name="versions")
    valid_from = models.DateTimeField()
    recorded_at = models.DateTimeField()
    legal_basis = models.CharField(max_length=24)
    channels = ArrayField(models.CharField(max_length=20), default=list)
    expires_after_days = models.PositiveIntegerField(null=True)
    expiry_by_jurisdiction = models.JSONField(default=dict)
    sensitive = models.BooleanField(default=False)
    sale_or_sharing = models.BooleanField(default=False)
    high_risk = models.BooleanField(default=False)
    dpia_reference = models.CharField(max_length=120, blank=True)
    active = models.BooleanField(default=True)

    class Meta:
        indexes = [models.Index(fields=["purpose", "-valid_from", "-id"])]


class Notice(models.Model):
    """What people are told about a purpose, in one version and language; known by its hash. Append-only."""

    id = models.UUIDField(primary_key=True)
    purpose = models.ForeignKey(Purpose, on_delete=models.PROTECT, related_name="notices")
    version = models.PositiveIntegerField()
    locale = models.CharField(max_length=16)
    text = models.TextField()
    hash = models.CharField(max_length=64, unique=True)
    material = models.BooleanField(help_text="It changes what people agreed to: whoever agreed before is asked again.")
    published_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["purpose", "version", "locale"], name="one_notice_per_version_and_locale")
        ]


class Act(models.Model):
    """A person said this about one purpose, on one channel, then. Append-only."""

    id = models.UUIDField(primary_key=True)
    source_profile = models.ForeignKey(
        "records.SourceProfile", on_delete=models.CASCADE, related_name="acts", db_index=False
    )
    purpose = models.ForeignKey(Purpose, on_delete=models.PROTECT, related_name="acts")
    channel = models.CharField(max_length=20, blank=True)
    state = models.CharField(max_length=9, choices=[(state, state) for state in STATES])
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    how = models.CharField(max_length=40)
    verified = models.BooleanField()
    actor = models.CharField(max_length=80, blank=True)
    notice = models.CharField(max_length=64, blank=True)
    locale = models.CharField(max_length=16, blank=True)
    jurisdiction = models.CharField(max_length=8, blank=True)
    basis = models.CharField(max_length=24, blank=True)
    source = models.CharField(max_length=80, blank=True)
    # The profile or source profile that was spoken to: an act is written for every source profile of the person.
    addressed = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=STATES), name="act_says_yes_or_no"),
        ]
        indexes = [models.Index(fields=["source_profile", "purpose", "channel", "-occurred_at", "-recorded_at"])]


class Annulment(models.Model):
    """This act was never this person's: it was written here because two people were taken for one. Append-only."""

    id = models.UUIDField(primary_key=True)
    act = models.OneToOneField(Act, on_delete=models.CASCADE, related_name="annulment")
    recorded_at = models.DateTimeField()
    reason = models.CharField(max_length=40)
    actor = models.CharField(max_length=80)


class LastWord(models.Model):
    """The last word of a source profile on a purpose and channel. The database keeps it beside the ledger of acts."""

    pk = models.CompositePrimaryKey("purpose_id", "channel", "source_profile_id")
    purpose = models.ForeignKey(Purpose, on_delete=models.PROTECT, related_name="+", db_index=False)
    channel = models.CharField(max_length=20, blank=True)
    source_profile = models.ForeignKey("records.SourceProfile", on_delete=models.CASCADE, related_name="+")
    is_no = models.BooleanField()
    verified = models.BooleanField()
    occurred_at = models.DateTimeField()
    jurisdiction = models.CharField(max_length=8, blank=True)
    notice = models.CharField(max_length=64, blank=True)


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
