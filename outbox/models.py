"""What happened to profiles, who may be told, and what was handed over to whom."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

WAITING, SENT, ACKNOWLEDGED, REFUSED, FAILED = STATES = ("waiting", "sent", "acknowledged", "refused", "failed")
ERASE, RECTIFIED = "person.erase", "person.rectified"
ALARM_BEGAN, ALARM_ENDED = OF_ALARMS = ("alarm.began", "alarm.ended")
OF_NOTICES = (WAITING, SENT, FAILED)


class Change(models.Model):
    """Something happened to a profile; written in the transaction in which it happened."""

    id = models.BigAutoField(primary_key=True)
    profile_id = models.UUIDField()
    kind = models.CharField(max_length=40)
    detail = models.JSONField(default=dict)
    happened_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["profile_id", "id"])]


class Recipient(models.Model):
    """This organization or system may be told of changes to people, for these purposes, at this address."""

    id = models.UUIDField(primary_key=True)
    name = models.SlugField(max_length=80, unique=True, help_text="Letters, digits, hyphens and underscores.")
    url = models.CharField(max_length=500, blank=True, help_text="Where signed messages are posted; empty: by hand.")
    purposes = ArrayField(models.CharField(max_length=40), help_text="What it is told for; consent is asked each time.")
    enabled = models.BooleanField(default=True)
    secret_version = models.PositiveSmallIntegerField(default=1)
    old_secret_until = models.DateTimeField(null=True)
    last_change = models.BigIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(purposes__len__gt=0), name="recipient_has_a_purpose")]

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """This was handed over, or is to be, to this recipient about one person, whom it knows by that pseudonym."""

    id = models.UUIDField(primary_key=True)
    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, related_name="deliveries")
    kind = models.CharField(max_length=40)
    purpose = models.CharField(max_length=40)
    profile_id = models.UUIDField()
    pseudonym = models.CharField(max_length=80)
    detail = models.JSONField(default=dict)
    change_id = models.BigIntegerField(null=True)
    request_id = models.UUIDField(null=True)
    happened_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=[(state, state) for state in STATES], default=WAITING)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=80, blank=True)
    answer_code = models.PositiveSmallIntegerField(null=True)
    problem = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=STATES), name="delivery_state_is_known"),
            models.CheckConstraint(
                condition=~Q(state=ACKNOWLEDGED) | Q(acknowledged_at__isnull=False), name="acknowledgment_says_when"
            ),
            models.CheckConstraint(
                condition=~Q(kind=ERASE) | Q(request_id__isnull=False), name="erase_request_names_its_request"
            ),
            models.UniqueConstraint(
                fields=["recipient", "change_id", "purpose"],
                condition=Q(change_id__isnull=False),
                name="change_delivered_once_per_purpose",
            ),
            models.UniqueConstraint(
                fields=["recipient", "request_id", "pseudonym"],
                condition=Q(kind=ERASE),
                name="erase_asked_once_per_request",
            ),
        ]
        indexes = [
            models.Index(fields=["profile_id"]),
            models.Index(fields=["request_id"]),
            models.Index(
                fields=["recipient", "next_attempt_at"], condition=Q(state__in=[WAITING, SENT]), name="delivery_due"
            ),
        ]
        verbose_name_plural = "deliveries"


class AlarmListener(models.Model):
    """This mail address, or this system, is told when an alarm begins and when it ends: of one source, or of all."""

    id = models.UUIDField(primary_key=True)
    name = models.SlugField(max_length=80, unique=True, help_text="Letters, digits, hyphens and underscores.")
    email = models.EmailField(max_length=254, blank=True)
    url = models.CharField(max_length=500, blank=True, help_text="Where signed messages are posted.")
    source_id = models.UUIDField(null=True, blank=True, help_text="Empty: it is told of every source.")
    enabled = models.BooleanField(default=True)
    secret_version = models.PositiveSmallIntegerField(default=1)
    old_secret_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(email="") ^ Q(url=""), name="listener_by_mail_or_webhook"),
        ]

    def __str__(self) -> str:
        return self.name


class AlarmNotice(models.Model):
    """That this alarm began, or that it ended, is told to this listener, once. Holds no value of a person."""

    id = models.UUIDField(primary_key=True)
    listener = models.ForeignKey(AlarmListener, on_delete=models.CASCADE, related_name="notices", db_index=False)
    kind = models.CharField(max_length=16, choices=[(kind, kind) for kind in OF_ALARMS])
    alarm_id = models.UUIDField()
    detail = models.JSONField()
    happened_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=[(state, state) for state in OF_NOTICES], default=WAITING)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=OF_NOTICES), name="notice_state_is_known"),
            models.CheckConstraint(condition=Q(kind__in=OF_ALARMS), name="notice_kind_is_known"),
            models.UniqueConstraint(fields=["listener", "alarm_id", "kind"], name="notice_once"),
        ]
        indexes = [models.Index(fields=["next_attempt_at"], condition=Q(state=WAITING), name="notice_due")]
