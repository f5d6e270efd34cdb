"""Who is who: profiles, the ledger of assignments, and the matches behind them."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.fields.json import KeyTextTransform

from identity.review_order import DISTANCE, KIND
from vault.ids import new_id

LINKED, IN_REVIEW, REJECTED = "linked", "in_review", "rejected"
SIGNED_IN = "signed in on this device"
# The purpose for which people are linked: whoever may not be used for it is linked with nobody.
LINKING = "identity_linking"
MUST_LINK, CANNOT_LINK = "must_link", "cannot_link"
RUNNING, DONE = "running", "done"
MERGE, SPLIT = "merge", "split"


class Profile(models.Model):
    """The unified person: a stable id and, by the ledger, a changing set of source profiles."""

    id = models.UUIDField(primary_key=True)
    created_at = models.DateTimeField()


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    """Assignments by instant."""

    def current(self) -> "AssignmentQuerySet":
        """Those that hold now."""
        return self.filter(ended_at=None)

    def held_at(self, instant: datetime) -> "AssignmentQuerySet":
        """Those that held at that instant."""
        return self.filter(assigned_at__lte=instant).filter(Q(ended_at=None) | Q(ended_at__gt=instant))


class Assignment(models.Model):
    """This source profile belongs to this profile, on this evidence.

    Who was once taken for somebody since erased keeps the entry; it names that profile no more.
    """

    id = models.UUIDField(primary_key=True)
    source_profile = models.ForeignKey(
        "records.SourceProfile", on_delete=models.CASCADE, related_name="assignments", db_index=False
    )
    profile = models.ForeignKey(Profile, null=True, on_delete=models.SET_NULL, related_name="assignments")
    assigned_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=40)
    evidence = models.JSONField(default=dict)
    rule_version = models.CharField(max_length=40)
    actor = models.CharField(max_length=80)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source_profile"],
                condition=Q(ended_at=None),
                include=["profile"],
                name="one_current_assignment_per_source_profile",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("assigned_at")), name="assignment_ends_after_it_began"
            ),
            models.CheckConstraint(
                condition=Q(profile__isnull=False) | Q(ended_at__isnull=False), name="current_assignment_has_a_profile"
            ),
        ]
        indexes = [
            models.Index(fields=["profile"], condition=Q(ended_at=None), name="current_assignments_by_profile"),
            models.Index(fields=["source_profile", "assigned_at"]),
            models.Index(
                KeyTextTransform("kept_from", "evidence"),
                condition=Q(evidence__has_key="kept_from"),
                name="assignments_kept_from",
            ),
        ]


class Match(models.Model):
    """A scored pair of source profiles, with evidence field by field: levels and weights, never values.

    It carries the purpose that justified comparing them, and goes once that is no longer allowed for either.
    """

    id = models.UUIDField(primary_key=True)
    left = models.ForeignKey("records.SourceProfile", on_delete=models.CASCADE, related_name="+", db_index=False)
    right = models.ForeignKey("records.SourceProfile", on_delete=models.CASCADE, related_name="+", db_index=False)
    reason = models.CharField(max_length=40)
    probability = models.FloatField()
    evidence = models.JSONField()
    state = models.CharField(
        max_length=9, choices=[(state, state.replace("_", " ")) for state in (LINKED, IN_REVIEW, REJECTED)]
    )
    model_version = models.CharField(max_length=40)
    purpose = models.CharField(max_length=40, db_default=LINKING)
    found_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["left", "right"], name="one_match_per_pair"),
            models.CheckConstraint(condition=Q(left__lt=F("right")), name="match_pair_is_ordered"),
        ]
        indexes = [
            models.Index(fields=["state", "-probability"]),
            models.Index(fields=["right"]),
            models.Index(KIND, DISTANCE, "id", condition=Q(state=IN_REVIEW), name="match_review_order"),
        ]
        verbose_name_plural = "matches"


class Verdict(models.Model):
    """A person decided that these two source profiles are one, or are not."""

    id = models.UUIDField(primary_key=True)
    left = models.ForeignKey("records.SourceProfile", on_delete=models.CASCADE, related_name="+")
    right = models.ForeignKey("records.SourceProfile", on_delete=models.CASCADE, related_name="+", db_index=False)
    verdict = models.CharField(
        max_length=11, choices=[(verdict, verdict.replace("_", " ")) for verdict in (MUST_LINK, CANNOT_LINK)]
    )
    reason = models.CharField(max_length=200)
    actor = models.CharField(max_length=80)
    decided_at = models.DateTimeField()
    # The pairs that one decision ruled on share it: the id of the first of them, which the ledger's evidence names.
    decision = models.UUIDField(default=new_id, db_index=True)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=80, blank=True, default="")
    undone_reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["left", "right"], condition=Q(undone_at=None), name="one_standing_verdict_per_pair"
            ),
            models.CheckConstraint(
                condition=Q(undone_at=None, undone_by="", undone_reason="") | Q(undone_at__isnull=False),
                name="only_an_undone_verdict_says_by_whom",
            ),
            models.CheckConstraint(condition=Q(left__lt=F("right")), name="verdict_pair_is_ordered"),
        ]
        indexes = [models.Index(fields=["right"])]


class BlockingToken(models.Model):
    """A keyed hash of two fields or more: source profiles that share one are worth comparing."""

    pk = models.CompositePrimaryKey("token", "source_profile_id")
    token = models.BinaryField()
    source_profile = models.ForeignKey("records.SourceProfile", on_delete=models.CASCADE, related_name="+")


class MatchingView(models.Model):
    """What a source profile last said of the person, for matching alone: its latest values sealed as one.

    Whatever changes a value that it was made of drops it, by a trigger; it is made anew when next opened for matching.
    """

    source_profile = models.OneToOneField(
        "records.SourceProfile", primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    sealed = models.BinaryField()


class Turn(models.Model):
    """What one batch has changed of who is who, for those who looked around meanwhile: whom it gave a profile, and the
    profiles that it changed.

    Whoever changes who is who alone leaves none behind.
    """

    number = models.BigIntegerField(primary_key=True)
    source_profiles = ArrayField(models.UUIDField())
    profiles = ArrayField(models.UUIDField())


class DeviceEpisode(models.Model):
    """One stretch of use of a device: its own source profile, and at most one signed-in owner.

    Nobody can own a contested one. One that stands aside holds a source profile that was used in two episodes, and is
    no stretch of the device's time.
    """

    id = models.UUIDField(primary_key=True)
    source = models.ForeignKey("records.Source", on_delete=models.CASCADE, related_name="+", db_index=False)
    device_index = models.BinaryField()
    source_profile = models.OneToOneField(
        "records.SourceProfile", null=True, on_delete=models.CASCADE, related_name="episode"
    )
    owner = models.ForeignKey(
        "records.SourceProfile", null=True, on_delete=models.SET_NULL, related_name="owned_episodes"
    )
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    signed_in_at = models.DateTimeField(null=True)
    last_signed_in_at = models.DateTimeField(null=True)
    used_from = models.DateTimeField(null=True)
    used_until = models.DateTimeField(null=True)
    opened = models.BooleanField(default=False)
    contested = models.BooleanField(default=False)
    aside = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(contested=False) | Q(owner=None), name="nobody_owns_a_contested_episode"
            ),
        ]
        indexes = [models.Index(fields=["source", "device_index", "started_at"]), models.Index(fields=["device_index"])]


class Home(models.Model):
    """In this house the profile lives, and in this household: keyed hashes of what its golden record says.

    No house: it gives a street that tells of none. The hashes of what people who live together share are made of the
    house too. A household is those who have its id.
    """

    profile = models.OneToOneField(Profile, primary_key=True, on_delete=models.CASCADE, related_name="+")
    house = models.BinaryField(null=True)
    family_name = models.BinaryField(null=True)
    flat = models.BinaryField(null=True)
    email = models.BinaryField(null=True)
    phone = models.BinaryField(null=True)
    # A digest of the sealed values that it was read off: whether they are still the same.
    made_of = models.BinaryField()
    household = models.UUIDField(null=True)
    joined_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(household=None, joined_at=None) | Q(household__isnull=False, joined_at__isnull=False),
                name="a_member_of_a_household_has_joined_it",
            ),
        ]
        indexes = [
            models.Index(fields=["house"], name="homes_by_house"),
            models.Index(fields=["household"], condition=Q(household__isnull=False), name="homes_by_household"),
        ]


class MatchModel(models.Model):
    """The weights that matching learned: agreement levels and frequencies, no personal value."""

    id = models.UUIDField(primary_key=True)
    version = models.CharField(max_length=40, unique=True)
    parameters = models.JSONField()
    learned_on = models.PositiveIntegerField()
    learned_at = models.DateTimeField()
    active = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["active"], condition=Q(active=True), name="one_active_match_model")
        ]


class RuleVersion(models.Model):
    """By these rules it was decided who is who from then on. Append-only; the last is in force."""

    id = models.UUIDField(primary_key=True)
    number = models.PositiveIntegerField(unique=True)
    # Empty: the one that Onym comes with.
    model = models.ForeignKey(MatchModel, null=True, on_delete=models.PROTECT, related_name="+")
    link = models.FloatField()
    review = models.FloatField()
    same_email = models.BooleanField()
    same_device = models.BooleanField()
    learns = models.BooleanField()
    reason = models.CharField(max_length=200)
    saved_by = models.CharField(max_length=80)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(link__gte=0.85, link__lte=0.9999), name="rules_join_nobody_at_random"),
            models.CheckConstraint(condition=Q(review__gte=0.05, review__lt=F("link")), name="review_before_linking"),
        ]


class DryRun(models.Model):
    """Rules on trial were run against everybody: how far that is, and who would merge and split."""

    id = models.UUIDField(primary_key=True)
    model = models.ForeignKey(MatchModel, null=True, on_delete=models.PROTECT, related_name="+")
    link = models.FloatField()
    review = models.FloatField()
    same_email = models.BooleanField()
    same_device = models.BooleanField()
    learns = models.BooleanField()
    state = models.CharField(max_length=8, choices=[(state, state) for state in (RUNNING, DONE)])
    found = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    # Counts of what came of it, by name.
    counts = models.JSONField(default=dict)
    fault = models.CharField(max_length=300, blank=True)
    started_by = models.CharField(max_length=80)
    started_at = models.DateTimeField()
    noted_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(state__in=[RUNNING, DONE]), name="dry_run_state_is_known")]

    @property
    def link_percent(self) -> str:
        """From which probability on these rules join, in percent."""
        return f"{100 * self.link:g}"


class Settling(models.Model):
    """What matching has joined is decided anew for everybody: how far that is, and what it has changed so far."""

    id = models.UUIDField(primary_key=True)
    state = models.CharField(max_length=8, choices=[(state, state) for state in (RUNNING, DONE)])
    found = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    # The source profile up to which everybody has been asked, while it is under way; and an id later than all of them.
    after = models.UUIDField(null=True)
    until = models.UUIDField()
    merges = models.PositiveIntegerField(default=0)
    splits = models.PositiveIntegerField(default=0)
    moved = models.PositiveIntegerField(default=0)
    # Pairs that came to wait for review, and those that wait no more.
    reviews_added = models.PositiveIntegerField(default=0)
    reviews_taken = models.PositiveIntegerField(default=0)
    # The rules by which it began; where others hold at the end, who came first was decided by these. Without a version:
    # those that Onym comes with.
    rule_version = models.CharField(max_length=40)
    version = models.ForeignKey(RuleVersion, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    # The kind of what went wrong last, where nothing has gone right since; and who ended it before its time.
    fault = models.CharField(max_length=80, blank=True, default="")
    failed_at = models.DateTimeField(null=True)
    stopped_by = models.CharField(max_length=80, blank=True, default="")
    # Why somebody asked for it; empty: before anybody was asked why.
    reason = models.CharField(max_length=200, blank=True, default="")
    started_by = models.CharField(max_length=80)
    started_at = models.DateTimeField()
    noted_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=[RUNNING, DONE]), name="settling_state_is_known"),
            models.UniqueConstraint(fields=["state"], condition=Q(state=RUNNING), name="one_settling_at_a_time"),
        ]


class DryRunChange(models.Model):
    """By the rules on trial these two would be one person and are two now, or would be two and are one.

    They are the strongest pair between the two people; the evidence holds levels, never values.
    """

    id = models.UUIDField(primary_key=True)
    run = models.ForeignKey(DryRun, on_delete=models.CASCADE, related_name="changes", db_index=False)
    kind = models.CharField(max_length=5, choices=[(kind, kind) for kind in (MERGE, SPLIT)])
    left = models.ForeignKey("records.SourceProfile", on_delete=models.CASCADE, related_name="+")
    right = models.ForeignKey("records.SourceProfile", on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=40)
    bits = models.FloatField(null=True)
    evidence = models.JSONField()
    # How many source profiles would go.
    moving = models.PositiveIntegerField()
    # What would keep the two apart, and which field, limit or kind of identifier that is: see `identity.causes`. Of two
    # who would be one it says where others bring them together.
    cause = models.CharField(max_length=20, blank=True, default="")
    detail = models.CharField(max_length=120, blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["run", "kind", "-bits"])]

    @property
    def probability(self) -> float | None:
        """That the two of the pair are one person, by the rules on trial; None where nothing could be compared."""
        return None if self.bits is None else float(1 / (1 + 2 ** min(-self.bits, 1_000.0)))


class GoldenOverride(models.Model):
    """A person set this value in this field, for this reason: it wins until somebody takes it back.

    It hangs on a source profile, so that it goes wherever that goes. Once it has ended its value is gone.
    """

    id = models.UUIDField(primary_key=True)
    source_profile = models.ForeignKey("records.SourceProfile", on_delete=models.CASCADE, related_name="+")
    field = models.CharField(max_length=40)
    sealed = models.BinaryField(null=True)
    # A source has this value too; else somebody typed it.
    chosen = models.BooleanField()
    # Of an identifier its blind index, by which it is known to be blocked.
    index = models.BinaryField(null=True)
    birth_year = models.SmallIntegerField(null=True)
    country = models.CharField(max_length=2, blank=True)
    reason = models.CharField(max_length=200)
    actor = models.CharField(max_length=80)
    set_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source_profile", "field"],
                condition=Q(ended_at=None),
                name="one_standing_override_per_field",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, sealed__isnull=False) | Q(ended_at__isnull=False, sealed=None),
                name="only_a_standing_override_has_a_value",
            ),
        ]


class GoldenValue(models.Model):
    """For this profile and field, the value of this source profile won, for this reason."""

    id = models.UUIDField(primary_key=True)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="golden", db_index=False)
    field = models.CharField(max_length=40)
    attribute = models.ForeignKey("records.Attribute", null=True, on_delete=models.CASCADE, related_name="+")
    identifier = models.ForeignKey("records.Identifier", null=True, on_delete=models.CASCADE, related_name="+")
    override = models.ForeignKey(GoldenOverride, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    source_profile = models.ForeignKey("records.SourceProfile", on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=60)
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["profile", "field"], name="one_golden_value_per_field"),
            models.CheckConstraint(
                condition=Q(attribute__isnull=False, identifier=None, override=None)
                | Q(attribute=None, identifier__isnull=False, override=None)
                | Q(attribute=None, identifier=None, override__isnull=False),
                name="golden_value_has_one_origin",
            ),
        ]
        indexes = [
            models.Index(fields=["override"], condition=Q(override__isnull=False), name="golden_values_set_by_hand")
        ]


class IdentifierLimit(models.Model):
    """From then on a person bears at most so many values of this namespace. Append-only; the last version stands."""

    id = models.UUIDField(primary_key=True)
    namespace = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    priority = models.PositiveSmallIntegerField(help_text="The lowest number is believed first.")
    most = models.PositiveIntegerField(null=True, help_text="Different values of one person. Empty: any number.")
    most_in_window = models.PositiveIntegerField(null=True, help_text="The same within so many days.")
    window_days = models.PositiveIntegerField(null=True)
    saved_by = models.CharField(max_length=60, blank=True, help_text="An opaque id; empty: not known.")
    saved_at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["namespace", "version"], name="identifier_limit_version_once"),
            models.CheckConstraint(
                condition=Q(most_in_window=None, window_days=None) | Q(most_in_window__gte=1, window_days__gte=1),
                name="a_window_has_its_days",
            ),
            models.CheckConstraint(condition=Q(most=None) | Q(most__gte=1), name="one_value_at_least"),
        ]

    def __str__(self) -> str:
        return f"{self.namespace}, version {self.version}"


class BlockedValue(models.Model):
    """From then on this value of a namespace tells nothing of anybody, or tells again. Append-only; the last stands.

    The value is kept as its blind index alone: somebody may have given a person's address.
    """

    id = models.UUIDField(primary_key=True)
    namespace = models.CharField(max_length=40)
    index = models.BinaryField()
    hint = models.CharField(max_length=40, help_text="How it begins and how long it is.")
    blocked = models.BooleanField()
    saved_by = models.CharField(max_length=60, blank=True)
    saved_at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["namespace", "index", "-saved_at"], name="blocked_value_latest")]

    def __str__(self) -> str:
        # The admin's log keeps it for good, so nothing of the value is in it.
        return f"a value of {self.namespace.replace('_', ' ')}"
