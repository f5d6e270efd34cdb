"""What is computed of profiles: daily activity, features, and who is in which segment."""

import uuid

from django.db import models
from django.db.models import Q

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
    """The feature values of one profile, as of an instant."""

    profile = models.OneToOneField(
        "identity.Profile", primary_key=True, on_delete=models.CASCADE, related_name="features"
    )
    values = models.JSONField()
    computed_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "profile features"


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
