"""What people ask for, what was done about it, and who must not come back."""

from datetime import datetime, timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from vault.ids import new_id

ACCESS, PORTABILITY, RECTIFICATION, ERASURE, RESTRICTION, OBJECTION, OPT_OUT, HUMAN_REVIEW = KINDS = (
    "access",
    "portability",
    "rectification",
    "erasure",
    "restriction",
    "objection",
    "opt_out",
    "human_review",
)
NOT_PROVEN, PASSED, FOUND = "", "passed", "found"
OPEN, APPROVED, IN_PROGRESS, COMPLETED, REJECTED, CALLED_BACK = STATES = (
    "open",
    "approved",
    "in_progress",
    "completed",
    "rejected",
    "called_back",
)
UNFINISHED = (OPEN, APPROVED, IN_PROGRESS)
# To stop something a person need not prove who they are (GDPR 21, CCPA 7060(b)); to learn or change something, yes.
NEEDS_IDENTITY = (ACCESS, PORTABILITY, RECTIFICATION, ERASURE, HUMAN_REVIEW)
CONSOLE, API, OPENDSR, FORM = CHANNELS = ("console", "api", "opendsr", "form")
VOUCHED, EMAIL_LINK, SIGNED_IN, DOCUMENTS, DATA_POINTS, BY_CONTROLLER = METHODS = (
    "vouched",
    "email_link",
    "signed_in",
    "documents",
    "data_points",
    "controller",
)
LOW, SUBSTANTIAL, HIGH = LEVELS = ("low", "substantial", "high")
COMPLEXITY, NUMBER = GROUNDS = ("complexity", "number")
JUSTIFIED, NOT_JUSTIFIED = VERDICTS = ("justified", "not_justified")


class SubjectRequest(models.Model):
    """A person asks for this, under this regulation, and it is due then."""

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(
        max_length=14,
        choices=[(kind, kind.replace("_", " ")) for kind in KINDS],
    )
    regulation = models.CharField(max_length=8, default="gdpr")
    state = models.CharField(
        max_length=11,
        choices=[(state, state.replace("_", " ")) for state in STATES],
        default=OPEN,
    )
    profile_id = models.UUIDField(null=True)
    channel = models.CharField(max_length=8, choices=[(one, one) for one in CHANNELS], default=CONSOLE)
    received_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    acknowledge_by = models.DateField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    first_due_date = models.DateField()
    due_date = models.DateField()
    extended_at = models.DateTimeField(null=True)
    extended_for = models.CharField(max_length=10, choices=[(one, one) for one in GROUNDS], blank=True)
    verified_at = models.DateTimeField(null=True)
    verified_by = models.CharField(max_length=80, blank=True)
    verification = models.CharField(max_length=11, choices=[(one, one) for one in METHODS], blank=True)
    assurance = models.CharField(max_length=11, choices=[(one, one) for one in LEVELS], blank=True)
    assignee = models.CharField(max_length=80, blank=True)
    opened_by = models.CharField(max_length=80)
    approved_at = models.DateTimeField(null=True)
    approved_by = models.CharField(max_length=80, blank=True)
    completed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    papers_key = models.UUIDField(null=True, unique=True)
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
                condition=~Q(kind=ERASURE) | Q(state__in=[OPEN, REJECTED, CALLED_BACK]) | ~Q(approved_by=""),
                name="erasure_is_approved_before_it_begins",
            ),
            models.CheckConstraint(
                condition=~Q(state=COMPLETED) | Q(completed_at__isnull=False), name="completed_request_says_when"
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=NEEDS_IDENTITY)
                | Q(state__in=[OPEN, REJECTED, CALLED_BACK])
                | Q(verified_at__isnull=False),
                name="identity_is_verified_before_it_goes_on",
            ),
            models.CheckConstraint(
                condition=Q(verified_at=None, verification="", assurance="")
                | Q(verified_at__isnull=False, verification__in=METHODS, assurance__in=LEVELS) & ~Q(verified_by=""),
                name="verification_says_who_how_and_when",
            ),
            models.CheckConstraint(
                condition=Q(extended_at=None, extended_for="", due_date=F("first_due_date"))
                | Q(extended_at__isnull=False, extended_for__in=GROUNDS, due_date__gt=F("first_due_date")),
                name="due_date_moves_by_an_extension_alone",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "due_date"]),
            models.Index(fields=["profile_id"], name="requests_by_profile"),
            models.Index(fields=["ended_at"], name="request_by_end"),
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
    request = models.ForeignKey(SubjectRequest, null=True, on_delete=models.SET_NULL, related_name="tombstones")


class RequestComment(models.Model):
    """Somebody of the team wrote this about a request. Sealed under the request's key for papers."""

    id = models.UUIDField(primary_key=True)
    request = models.ForeignKey(SubjectRequest, on_delete=models.CASCADE, related_name="comments")
    author = models.CharField(max_length=80)
    sealed = models.BinaryField()
    written_at = models.DateTimeField()


class Letter(models.Model):
    """The person was told this about their request. Sealed under the request's key for papers."""

    id = models.UUIDField(primary_key=True)
    request = models.ForeignKey(SubjectRequest, on_delete=models.CASCADE, related_name="letters")
    kind = models.CharField(max_length=12)
    sealed = models.BinaryField()
    sent_by = models.CharField(max_length=80)
    sent_how = models.CharField(max_length=8, choices=[("email", "email"), ("by_hand", "by hand")])
    sent_at = models.DateTimeField()


class Reminder(models.Model):
    """The team was reminded of this deadline, once for each stage."""

    id = models.BigAutoField(primary_key=True)
    request = models.ForeignKey(SubjectRequest, on_delete=models.CASCADE, related_name="reminders")
    duty = models.CharField(max_length=11, choices=[(one, one) for one in ("acknowledge", "answer")])
    stage = models.CharField(max_length=8, choices=[(one, one) for one in ("soon", "tomorrow", "late")])
    due_date = models.DateField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request", "duty", "stage", "due_date"], name="reminded_once_a_stage")
        ]


class OpenDsrRequest(models.Model):
    """A controller sent this request by OpenDSR, under an id of its own, and is to be told there."""

    request = models.OneToOneField(
        SubjectRequest, primary_key=True, on_delete=models.CASCADE, related_name="opendsr_request"
    )
    controller = models.CharField(max_length=80)
    subject_request_id = models.UUIDField()
    dialect = models.CharField(max_length=8)
    callback_urls = ArrayField(models.CharField(max_length=500), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["controller", "subject_request_id"], name="opendsr_request_once")
        ]


class Callback(models.Model):
    """A controller is to be told at this address that a request has this status."""

    id = models.BigAutoField(primary_key=True)
    request = models.ForeignKey(SubjectRequest, on_delete=models.CASCADE, related_name="callbacks")
    url = models.CharField(max_length=500)
    status = models.CharField(max_length=11)
    queued_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    answer_code = models.PositiveSmallIntegerField(null=True)
    problem = models.CharField(max_length=80, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(delivered_at=None), name="callback_due"),
        ]


class Suppression(models.Model):
    """A keyed hash of an erased person's identifier: what bears it is refused at the door."""

    id = models.BigAutoField(primary_key=True)
    version = models.PositiveSmallIntegerField(default=0)
    namespace = models.CharField(max_length=40)
    index = models.BinaryField()
    request = models.ForeignKey(SubjectRequest, null=True, on_delete=models.SET_NULL, related_name="suppressions")
    listed_with = models.UUIDField(default=new_id, help_text="What one erasure listed has this in common.")
    created_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.CharField(max_length=80, blank=True)
    lifted_on = models.CharField(max_length=80, blank=True, help_text="The verified act that lifted it.")
    brings_back = models.BooleanField(
        default=False, help_text="Whoever bears it is the person, and may bear what else the erasure listed."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "namespace", "index", "request"], name="suppressed_once")
        ]
        indexes = [models.Index(fields=["index"], name="suppressions_by_hash")]


class LegalHold(models.Model):
    """This person's data are kept for a claim or by order, under this reference, and used for nothing else."""

    id = models.UUIDField(primary_key=True)
    profile_id = models.UUIDField()
    reference = models.CharField(max_length=80)
    reason = models.CharField(max_length=300, blank=True)
    put_by = models.CharField(max_length=80)
    put_at = models.DateTimeField()
    until = models.DateTimeField(null=True)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.CharField(max_length=80, blank=True)
    lift_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reference=""), name="hold_has_a_reference"),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gt=F("put_at")), name="hold_ends_after_it_begins"
            ),
            models.CheckConstraint(condition=Q(lifted_at=None) | ~Q(lifted_by=""), name="lifted_hold_says_by_whom"),
        ]
        indexes = [models.Index(fields=["profile_id"], name="holds_by_profile")]

    def stands(self, at: datetime) -> bool:
        """Whether it keeps the person at that instant."""
        return self.lifted_at is None and self.put_at <= at and (self.until is None or at < self.until)


class EmergencyReveal(models.Model):
    """Somebody without the role for it opened the masked values of this profile, for this reason, until then."""

    id = models.UUIDField(primary_key=True)
    profile_id = models.UUIDField()
    actor = models.CharField(max_length=80)
    reason = models.CharField(max_length=180)
    opened_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    verdict = models.CharField(max_length=13, choices=[(one, one.replace("_", " ")) for one in VERDICTS], blank=True)
    reviewed_by = models.CharField(max_length=80, blank=True)
    reviewed_at = models.DateTimeField(null=True)
    comment = models.CharField(max_length=180, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(actor="") & ~Q(reason=""), name="emergency_reveal_says_who_and_why"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("opened_at"), ends_at__lte=F("opened_at") + timedelta(minutes=15)),
                name="emergency_reveal_ends_within_15_minutes",
            ),
            models.CheckConstraint(
                condition=Q(verdict="", reviewed_by="", reviewed_at=None, comment="")
                | Q(verdict__in=VERDICTS, reviewed_at__isnull=False) & ~Q(reviewed_by="") & ~Q(comment=""),
                name="review_says_who_when_and_why",
            ),
            models.CheckConstraint(condition=~Q(reviewed_by=F("actor")), name="emergency_reveal_has_another_reviewer"),
        ]
        indexes = [
            models.Index(fields=["profile_id", "actor", "ends_at"], name="emergency_reveals_standing"),
            models.Index(fields=["opened_at"], condition=Q(verdict=""), name="emergency_reveals_to_review"),
        ]


class HeldSourceProfile(models.Model):
    """This source profile was the person's when the hold was put on them; while it stands the row stays."""

    id = models.BigAutoField(primary_key=True)
    hold = models.ForeignKey(LegalHold, on_delete=models.PROTECT, related_name="held")
    source_profile = models.ForeignKey("records.SourceProfile", on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hold", "source_profile"], name="held_once_per_hold")]


class ErasureEpoch(models.Model):
    """This database knows of the erasures up to this entry of the erasure ledger. One row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    sequence = models.PositiveBigIntegerField()
    hash = models.BinaryField()
    reached_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_erasure_epoch")]


class ExportedFile(models.Model):
    """This file was made for this recipient and purpose: pseudonyms and bands, k-anonymous. Our copy ends in a day."""

    id = models.UUIDField(primary_key=True)
    recipient = models.ForeignKey("outbox.Recipient", on_delete=models.PROTECT, related_name="files")
    purpose = models.CharField(max_length=40)
    segment = models.CharField(max_length=60, blank=True)
    columns = ArrayField(models.CharField(max_length=60))
    k = models.PositiveSmallIntegerField()
    rows = models.PositiveIntegerField()
    suppressed = models.PositiveIntegerField()
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(k__gte=5), name="export_is_at_least_5_anonymous")]
        indexes = [models.Index(fields=["expires_at"], condition=Q(deleted_at=None), name="exports_to_end")]


class PublishedFigure(models.Model):
    """This noisy count was published in this period, at this cost of the privacy budget. No value: it was too small."""

    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=80)
    period = models.CharField(max_length=7)
    value = models.BigIntegerField(null=True)
    epsilon = models.FloatField()
    published_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "period"], name="figure_once_a_period"),
            models.CheckConstraint(condition=Q(epsilon__gt=0), name="a_figure_costs_something"),
            models.CheckConstraint(condition=Q(value=None) | Q(value__gte=10), name="small_cells_are_left_out"),
        ]


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


class SignUp(models.Model):
    """Somebody gave an erased person's address with a yes to this. Until it is confirmed nothing else is kept of it."""

    id = models.UUIDField(primary_key=True)
    source = models.ForeignKey("records.Source", on_delete=models.CASCADE, related_name="sign_ups")
    purpose = models.CharField(max_length=40)
    channel = models.CharField(max_length=20)
    index = models.BinaryField()
    sealed = models.BinaryField()
    bars = ArrayField(models.BigIntegerField(), help_text="The rows of the suppression list that it met.")
    said_at = models.DateTimeField()
    kept_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["index", "purpose", "channel"], name="sign_up_waits_once"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("kept_at")), name="sign_up_ends_after_it_began"),
        ]
        indexes = [models.Index(fields=["expires_at"], name="sign_ups_by_end")]


PREFERENCES, REQUEST, OPT_IN = LINK_USES = ("preferences", "request", "opt_in")


class Link(models.Model):
    """Whoever holds this link reads the mail of the person behind this source profile, or of whoever signed up.

    Only its hash is kept. `index` is the address that it was sent to: what following it proves. One that was sent for a
    sign-up outlives it, for the count of what the address was sent, and leads nowhere then.
    """

    id = models.UUIDField(primary_key=True)
    digest = models.BinaryField(unique=True)
    use = models.CharField(max_length=11, choices=[(use, use.replace("_", " ")) for use in LINK_USES])
    source_profile = models.ForeignKey(
        "records.SourceProfile", null=True, on_delete=models.CASCADE, related_name="links"
    )
    sign_up = models.ForeignKey(SignUp, null=True, on_delete=models.SET_NULL, related_name="links")
    index = models.BinaryField(null=True)
    asked = models.CharField(max_length=14, blank=True)
    request = models.ForeignKey(SubjectRequest, null=True, on_delete=models.CASCADE, related_name="links")
    purpose = models.CharField(max_length=40, blank=True)
    channel = models.CharField(max_length=20, blank=True)
    notice = models.CharField(max_length=64, blank=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(use__in=LINK_USES), name="link_use_is_known"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("made_at")), name="link_ends_after_it_began"),
            models.CheckConstraint(condition=Q(use=OPT_IN) ^ Q(purpose=""), name="opt_in_link_names_its_purpose"),
            models.CheckConstraint(condition=Q(use=REQUEST) ^ Q(asked=""), name="request_link_says_what_is_asked"),
            models.CheckConstraint(
                condition=Q(source_profile__isnull=False, sign_up=None) | Q(source_profile=None, use=OPT_IN),
                name="link_is_a_persons_or_a_sign_ups",
            ),
        ]
        indexes = [
            models.Index(fields=["source_profile", "made_at"], name="links_by_source_profile"),
            models.Index(fields=["index", "made_at"], name="links_by_address"),
        ]


class Inquiry(models.Model):
    """Somebody asked on the public form for a message to an address, of which this is a keyed hash; gone in a day."""

    id = models.UUIDField(primary_key=True)
    asked = models.CharField(max_length=14)
    index = models.BinaryField()
    client = models.BinaryField()
    locale = models.CharField(max_length=16)
    asked_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["asked_at"], condition=Q(answered_at=None), name="inquiries_that_wait"),
            models.Index(fields=["client", "asked_at"], name="inquiries_by_client"),
            models.Index(fields=["index", "asked_at"], name="inquiries_by_address"),
        ]
        verbose_name_plural = "inquiries"
