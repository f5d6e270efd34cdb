"""What came in: sources, the source profiles that they know, and their records."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

ONLINE, OFFLINE, IOT = "online", "offline", "iot"
SEGMENT, ROWS = "segment", "rows"
CUSTOMER, EPISODE, SINGLE = "customer", "episode", "single"
# An upload arrives, is tried, waits for a yes, and is loaded; a file of the command line is loaded from the start.
ARRIVING, TRYING, TRIED, LOADING, LOADED = "arriving", "trying", "tried", "loading", "loaded"
# It could not be read; nobody said yes for a day; it names somebody who was erased meanwhile.
FAILED, EXPIRED, TAKEN_BACK = "failed", "expired", "taken_back"
# The door of what comes out of quarantine.
QUARANTINE = "quarantine"
LOAD_STATES = (ARRIVING, TRYING, TRIED, LOADING, LOADED, FAILED, EXPIRED, TAKEN_BACK)
# What becomes of fields that a source has not declared: dropped; kept sealed and listed; or the record is not taken in.
STRICT, DISCOVER, BLOCK = "strict", "discover", "block"
MODES = (STRICT, DISCOVER, BLOCK)
# What may be wrong with what a source sends: nothing comes, less or more than usual; a field is filled or readable less
# often; fields come that nobody declared; more goes to quarantine.
SILENT, TOO_LITTLE, TOO_MUCH = "silent", "too_little", "too_much"
COMPLETENESS, VALIDITY, UNDECLARED, QUARANTINED = "completeness", "validity", "undeclared", "quarantined"
ALARMS = (SILENT, TOO_LITTLE, TOO_MUCH, COMPLETENESS, VALIDITY, UNDECLARED, QUARANTINED)


class Source(models.Model):
    """This system sends records; what it may send, how it is read, and how far it is believed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.SlugField(max_length=80, unique=True, help_text="Letters, digits, hyphens and underscores.")
    kind = models.CharField(max_length=8, choices=[(kind, kind) for kind in (ONLINE, OFFLINE, IOT)])
    format = models.CharField(
        max_length=8,
        choices=[(SEGMENT, "Segment messages"), (ROWS, "Rows: CSV or JSON objects")],
        default=ROWS,
    )
    client_side = models.BooleanField(
        default=False,
        help_text="The write key is public (browser, mobile app): identifiers count as unverified.",
    )
    stable_key = models.CharField(
        max_length=40,
        blank=True,
        help_text="The identifier by which this source always knows a person: account_id, customer_number, "
        "loyalty_number. Empty: it has none.",
    )
    trust_rank = models.PositiveSmallIntegerField(default=50, help_text="0 to 100; the golden record prefers higher.")
    purposes = ArrayField(models.CharField(max_length=40), help_text="What its records may be kept for.")
    retention_days = models.PositiveIntegerField(default=1095)
    region = models.CharField(max_length=2, default="GB", help_text="Country code for phone numbers without prefix.")
    mapping = models.JSONField(default=dict, blank=True, help_text="Source fields to the data dictionary.")
    mapping_version = models.PositiveIntegerField(default=1)
    contract_mode = models.CharField(max_length=8, choices=[(mode, mode) for mode in MODES], default=STRICT)
    contract_schema = models.TextField(blank=True, help_text="A JSON Schema. Empty: records are not checked by one.")
    contract_version = models.PositiveIntegerField(default=0, help_text="0: as a source begins, without a schema.")
    write_key_digest = models.BinaryField(unique=True, editable=False)
    write_key_hint = models.CharField(max_length=12, editable=False)
    max_body_bytes = models.PositiveIntegerField(default=4_000_000)
    max_record_bytes = models.PositiveIntegerField(default=32_768)
    records_per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="Over HTTP; beyond it senders are told to wait. Empty: no limit."
    )
    webhook_secret_version = models.PositiveIntegerField(default=0, editable=False)
    old_webhook_secret_until = models.DateTimeField(null=True, editable=False)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(trust_rank__lte=100), name="trust_rank_is_at_most_100"),
            models.CheckConstraint(condition=Q(kind__in=[ONLINE, OFFLINE, IOT]), name="source_kind_is_known"),
            models.CheckConstraint(
                condition=Q(retention_days__gte=1, retention_days__lte=36_500),
                name="source_keeps_1_to_36500_days",
                violation_error_message="Keep records for 1 to 36,500 days.",
            ),
            models.CheckConstraint(
                condition=Q(records_per_minute=None) | Q(records_per_minute__gte=1),
                name="source_may_send_something",
                violation_error_message="Allow at least one record a minute, or leave it empty.",
            ),
            models.CheckConstraint(condition=Q(contract_mode__in=MODES), name="source_contract_mode_is_known"),
        ]

    def __str__(self) -> str:
        return self.name


class MappingVersion(models.Model):
    """This is how a source was read from then on. Append-only; the last is what stands with the source."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="mapping_versions")
    version = models.PositiveIntegerField()
    mapping = models.JSONField()
    saved_by = models.CharField(max_length=60, blank=True, help_text="An opaque id; empty: not known.")
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "version"], name="mapping_version_once")]


class ContractVersion(models.Model):
    """This is what a source's records had to be from then on. Append-only; the last is what stands with the source."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="contract_versions")
    version = models.PositiveIntegerField()
    mode = models.CharField(max_length=8, choices=[(mode, mode) for mode in MODES])
    schema = models.TextField(blank=True)
    saved_by = models.CharField(max_length=60, blank=True)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "version"], name="contract_version_once")]


class DiscoveredField(models.Model):
    """A source has sent this field without declaring it: what it is called, of which types, and how often it came."""

    id = models.UUIDField(primary_key=True)
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="discovered_fields")
    name = models.CharField(max_length=200, help_text="Masked where it may name somebody.")
    types = ArrayField(models.CharField(max_length=8))
    count = models.PositiveBigIntegerField()
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    ignored = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "name"], name="discovered_field_once")]


class TallyHour(models.Model):
    """What came from this source in this hour: the tallies of its batches in sum."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="tally_hours", db_index=False)
    hour = models.DateTimeField(help_text="When it began.")
    acknowledged = models.PositiveBigIntegerField()
    quarantined = models.PositiveBigIntegerField(help_text="When they came, whatever became of them since.")
    stored = models.PositiveBigIntegerField(help_text="Those that were tallied.")
    fields = models.JSONField()
    flags = models.JSONField()
    stale = models.BooleanField(default=False, help_text="It has to be summed up again.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "hour"], name="one_tally_each_hour")]


class Baseline(models.Model):
    """Of this source the values of this property usually lie here: made every day from its records."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="baselines")
    property = models.CharField(max_length=40)
    number = models.PositiveBigIntegerField(help_text="How many values it was made from.")
    first_quartile = models.FloatField()
    median = models.FloatField()
    third_quartile = models.FloatField()
    mean = models.FloatField()
    deviation = models.FloatField(help_text="The standard deviation.")
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "property"], name="one_baseline_each")]


class QualityAlarm(models.Model):
    """Something is wrong with what this source sends: since when, and by which figures. It ends by itself."""

    id = models.UUIDField(primary_key=True)
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="alarms")
    kind = models.CharField(max_length=16)
    field = models.CharField(max_length=80, blank=True, help_text="Empty: it is about the source as a whole.")
    cause = models.CharField(max_length=400)
    began_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "kind", "field"], condition=Q(ended_at=None), name="one_open_alarm_each"
            ),
            models.CheckConstraint(condition=Q(kind__in=ALARMS), name="alarm_kind_is_known"),
        ]
        indexes = [models.Index(fields=["source", "-began_at"])]


class RetentionRule(models.Model):
    """What a source sent is kept no longer than this: for one purpose, or one field, or as a whole.

    Without a source the rule is for every one. The shortest limit that fits counts, the source's own among them.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.ForeignKey(Source, null=True, blank=True, on_delete=models.CASCADE, related_name="retention_rules")
    purpose = models.CharField(max_length=40, blank=True, help_text="Empty: for every purpose.")
    field = models.CharField(max_length=40, blank=True, help_text="Empty: for the record as a whole.")
    days = models.PositiveIntegerField(help_text="Counted from receipt.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "purpose", "field"], nulls_distinct=False, name="one_retention_rule_each"
            ),
            models.CheckConstraint(condition=Q(purpose="") | Q(field=""), name="rule_for_purpose_or_field"),
            models.CheckConstraint(condition=Q(days__gte=1, days__lte=36_500), name="retention_is_1_to_36500_days"),
        ]


class SourcePurposes(models.Model):
    """What the records of a source may be kept for, from then on. The database writes one at every change."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+")
    purposes = ArrayField(models.CharField(max_length=40))
    valid_from = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["source", "-valid_from", "-id"])]


class SourceProfile(models.Model):
    """One person as one source knows them. It never splits, and owns one data key."""

    id = models.UUIDField(primary_key=True)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="source_profiles")
    kind = models.CharField(max_length=8, choices=[(kind, kind) for kind in (CUSTOMER, EPISODE, SINGLE)])
    stable_index = models.BinaryField(null=True)
    birth_year = models.SmallIntegerField(null=True)
    postcode_area = models.CharField(max_length=8, blank=True)
    country = models.CharField(max_length=2, blank=True)
    # When the latest of these three was said.
    generalized_at = models.DateTimeField(null=True)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "stable_index"],
                condition=Q(stable_index__isnull=False),
                name="one_source_profile_per_stable_key",
            )
        ]


class Identifier(models.Model):
    """This identifier was seen on this source profile: evidence for linking, and a way to find it."""

    id = models.UUIDField(primary_key=True)
    source_profile = models.ForeignKey(
        SourceProfile, on_delete=models.CASCADE, related_name="identifiers", db_index=False
    )
    namespace = models.CharField(max_length=40)
    index = models.BinaryField()
    sealed = models.BinaryField()
    verified = models.BooleanField()
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source_profile", "namespace", "index"], name="identifier_once_per_profile")
        ]
        indexes = [models.Index(fields=["namespace", "index"])]


class Attribute(models.Model):
    """This source profile had this value in this field of the data dictionary, between these instants."""

    id = models.UUIDField(primary_key=True)
    source_profile = models.ForeignKey(
        SourceProfile, on_delete=models.CASCADE, related_name="attributes", db_index=False
    )
    field = models.CharField(max_length=40)
    digest = models.BinaryField()
    sealed = models.BinaryField()
    record_id = models.UUIDField()
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source_profile", "field", "digest"], name="attribute_once_per_profile")
        ]


class Correction(models.Model):
    """This source profile had this value in this field; the person had it put right, and no source brings it back."""

    id = models.UUIDField(primary_key=True)
    source_profile = models.ForeignKey(SourceProfile, on_delete=models.CASCADE, related_name="corrections")
    field = models.CharField(max_length=40)
    digest = models.BinaryField()
    sealed = models.BinaryField()
    request_id = models.UUIDField()
    corrected_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source_profile", "field", "digest"], name="corrected_once_per_profile")
        ]


class Record(models.Model):
    """One message as received and standardized. Append-only; partitioned by the month of its receipt."""

    pk = models.CompositePrimaryKey("received_at", "id")
    id = models.UUIDField()
    received_at = models.DateTimeField()
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    source_profile = models.ForeignKey(SourceProfile, on_delete=models.CASCADE, related_name="records", db_index=False)
    message_hash = models.BinaryField()
    kind = models.CharField(max_length=16)
    event = models.CharField(max_length=120, blank=True)
    occurred_at = models.DateTimeField()
    properties = models.JSONField()
    sealed = models.BinaryField(null=True)
    flags = ArrayField(models.CharField(max_length=60), default=list)
    cleaned = ArrayField(
        models.CharField(max_length=60),
        null=True,
        help_text="Field, rule and version of each cleaning step that changed a value: email:email/1.",
    )
    mapping_version = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["source_profile", "occurred_at"], name="records_by_profile_and_time")]


class SeenMessage(models.Model):
    """This source has sent this message: a second one with its id is a duplicate.

    That the source exists is not checked for each row: what came of it has just been read.
    """

    pk = models.CompositePrimaryKey("source_id", "message_hash")
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    message_hash = models.BinaryField()
    received_at = models.DateTimeField()


class FileLoad(models.Model):
    """This file of a source is taken in: how it is read, how far that has come, and what became of its rows.

    Neither the file's name nor anything in it stands here. `offset` and `line` are where reading goes on; they are
    written in the transaction of the batch that they follow.
    """

    id = models.UUIDField(primary_key=True)
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="loads")
    state = models.CharField(max_length=12, choices=[(state, state) for state in LOAD_STATES])
    uploaded = models.BooleanField(default=False)
    only_try = models.BooleanField(default=False, help_text="Nothing is to be stored of it, whatever comes of trying.")
    repeats = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="+", help_text="The load of the same file before."
    )
    digest = models.BinaryField(null=True)
    format = models.CharField(max_length=8, blank=True)
    packed = models.BooleanField(default=False)
    encoding = models.CharField(max_length=20, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    read = models.PositiveBigIntegerField(default=0, help_text="Bytes of the file that are read so far.")
    offset = models.PositiveBigIntegerField(default=0)
    line = models.PositiveBigIntegerField(default=0)
    stored = models.PositiveBigIntegerField(default=0)
    duplicate = models.PositiveBigIntegerField(default=0)
    quarantined = models.PositiveBigIntegerField(default=0)
    refused = models.PositiveBigIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="How often a worker has begun since it last came any further."
    )
    fault = models.CharField(max_length=300, blank=True)
    report = models.JSONField(null=True)
    started_by = models.CharField(max_length=60)
    started_at = models.DateTimeField()
    noted_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(state__in=LOAD_STATES), name="file_load_state_is_known")]
        indexes = [
            models.Index(fields=["source", "digest"]),
            models.Index(fields=["source", "-started_at"]),
            models.Index(fields=["noted_at"], condition=Q(ended_at=None), name="file_loads_under_way"),
        ]

    @property
    def acknowledged(self) -> int:
        return self.stored + self.duplicate + self.quarantined + self.refused


class UploadChunk(models.Model):
    """A piece of an uploaded file, sealed under the key of its load; gone with that key once the file is loaded."""

    id = models.UUIDField(primary_key=True)
    load = models.ForeignKey(FileLoad, on_delete=models.CASCADE, related_name="chunks")
    number = models.PositiveIntegerField()
    sealed = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["load", "number"], name="upload_chunk_once")]


class QuarantinedRecord(models.Model):
    """This record of a known source could not be taken in; it is kept sealed under its own key, with the reason."""

    id = models.UUIDField(primary_key=True)
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="quarantined")
    reason = models.CharField(max_length=40)
    field = models.CharField(max_length=80, blank=True)
    message = models.CharField(max_length=300)
    line = models.PositiveBigIntegerField(null=True)
    load = models.ForeignKey(FileLoad, null=True, on_delete=models.SET_NULL, related_name="quarantine")
    door = models.CharField(max_length=16, default="", db_default="")
    sealed = models.BinaryField(null=True)
    sealed_way = models.BinaryField(null=True)
    size = models.PositiveIntegerField()
    message_hash = models.BinaryField()
    received_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["source", "reason"]), models.Index(fields=["expires_at"])]


class Intake(models.Model):
    """One batch as it was taken in: acknowledged = stored + duplicate + quarantined + refused by consent.

    What comes out of quarantine was acknowledged when it came: its intake acknowledges nothing and counts as many fewer
    in quarantine as it stores, refuses, or finds known already.
    """

    id = models.UUIDField(primary_key=True)
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="intakes")
    door = models.CharField(max_length=16)
    received_at = models.DateTimeField()
    acknowledged = models.PositiveIntegerField()
    stored = models.PositiveIntegerField()
    duplicate = models.PositiveIntegerField()
    quarantined = models.IntegerField()
    refused = models.PositiveIntegerField()
    fields = models.JSONField(
        null=True, help_text="Of what was stored, by field: filled, unreadable, breaking a rule. Empty: not counted."
    )
    flags = models.JSONField(null=True, help_text="Of what was stored: how many records had each flag.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(quarantined__gte=0) | Q(door=QUARANTINE, acknowledged=0),
                name="only_quarantine_lets_go_of_records",
            ),
            models.CheckConstraint(
                condition=Q(
                    acknowledged=models.F("stored")
                    + models.F("duplicate")
                    + models.F("quarantined")
                    + models.F("refused")
                ),
                name="intake_adds_up",
            ),
        ]
        indexes = [models.Index(fields=["source", "received_at"])]
