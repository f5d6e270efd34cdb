"""What is computed of profiles: daily activity, features, and who is in which segment."""

import uuid

from django.db import models
from django.db.models import Q

from segments.imputation.methods import CONSTANT, LEAST, METHODS

ENTER, LEAVE = DIRECTIONS = ("enter", "leave")
WAITING, RELEASED, REFUSED, LAPSED = DECISIONS = ("", "released", "refused", "lapsed")


class DailyActivity(models.Model):
    """What one source profile did on one day: how often, and worth how much, by event."""

    pk = models.CompositePrimaryKey("source_profile_id", "day", "event")
    source_profile = models.ForeignKey(
        "records.SourceProfile", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    day = models.DateField()
    event = models.CharField(max_length=120)
    count = models.PositiveIntegerField()
    amount = models.DecimalField(max_digits=16, decimal_places=2)
    last_at = models.DateTimeField()


class ProfileFeatures(models.Model):
    """The feature values of one profile, as of an instant; beside them what the missing ones were taken to be."""

    profile = models.OneToOneField(
        "identity.Profile", primary_key=True, on_delete=models.CASCADE, related_name="features"
    )
    values = models.JSONField()
    estimated = models.JSONField(
        default=dict, db_default={}, help_text="Slug to value, method and version of the policy: no fact of anybody."
    )
    computed_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "profile features"


class ImputationPolicy(models.Model):
    """From then on, a feature is taken to be this where it is not known. Append-only; the last version stands."""

    id = models.UUIDField(primary_key=True)
    feature = models.SlugField(max_length=60)
    version = models.PositiveIntegerField()
    method = models.CharField(max_length=13, choices=[(method, method.replace("_", " ")) for method in METHODS])
    constant = models.JSONField(null=True)
    saved_by = models.CharField(max_length=60, blank=True, help_text="An opaque id; empty: not known.")
    saved_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "imputation policies"
        constraints = [
            models.UniqueConstraint(fields=["feature", "version"], name="imputation_policy_version_once"),
            models.CheckConstraint(
                condition=Q(method=CONSTANT, constant__isnull=False) | ~Q(method=CONSTANT) & Q(constant__isnull=True),
                name="a_constant_policy_has_its_constant",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.feature}, version {self.version}"


class FeatureStatistic(models.Model):
    """By its policy a feature was this on that day, of so many profiles that have it; empty: of too few to be told."""

    id = models.UUIDField(primary_key=True)
    policy = models.ForeignKey(ImputationPolicy, on_delete=models.CASCADE, related_name="statistics", db_index=False)
    value = models.JSONField(null=True)
    profiles = models.PositiveIntegerField()
    measured_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(value__isnull=True) | Q(profiles__gte=LEAST), name="no_statistic_of_fewer_than_twenty"
            )
        ]
        indexes = [models.Index(fields=["policy", "-measured_at"], name="statistic_latest")]


class Segment(models.Model):
    """A rule over features and a weighted score, kept live for one purpose."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=80)
    description = models.TextField(blank=True)
    purpose = models.ForeignKey("consent.Purpose", on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=20, blank=True)
    definition = models.JSONField(help_text="A rule and, optionally, a weighted score with a threshold.")
    active = models.BooleanField(default=True)
    significant_effect = models.BooleanField(
        default=False,
        help_text="Who is in it is treated differently in a way that matters: a person releases each change.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """This profile is in this segment, from and to, and why."""

    id = models.UUIDField(primary_key=True)
    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="memberships")
    profile = models.ForeignKey(
        "identity.Profile", on_delete=models.CASCADE, related_name="memberships", db_index=False
    )
    entered_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)
    score = models.FloatField(null=True)
    why = models.JSONField()
    left_because = models.CharField(max_length=60, blank=True)
    released_by = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["segment", "profile"], condition=Q(left_at=None), name="in_a_segment_once")
        ]
        indexes = [models.Index(fields=["profile", "entered_at"])]


class HeldChange(models.Model):
    """By the rule this profile enters or leaves a segment with a significant effect; a person has to release that."""

    id = models.UUIDField(primary_key=True)
    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="held_changes")
    profile = models.ForeignKey("identity.Profile", on_delete=models.CASCADE, related_name="+")
    direction = models.CharField(max_length=5, choices=[(one, one) for one in DIRECTIONS])
    score = models.FloatField(null=True)
    why = models.JSONField()
    proposed_at = models.DateTimeField()
    decision = models.CharField(max_length=8, choices=[(one, one) for one in DECISIONS], blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=80, blank=True)
    reason = models.CharField(max_length=180, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["segment", "profile", "direction"],
                condition=Q(decision__in=[WAITING, REFUSED]),
                name="held_once",
            ),
            models.CheckConstraint(
                condition=~Q(decision__in=[RELEASED, REFUSED]) | ~Q(decided_by=""), name="a_person_decides_what_is_held"
            ),
        ]
        indexes = [models.Index(fields=["segment", "proposed_at"], condition=Q(decision=WAITING), name="held_waiting")]
