"""Consents over the wire."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from api.serializers.fields import Choice, Name, Slug
from api.serializers.profiles import PROFILE_ID
from consent.models import GRANTED, WITHDRAWN, Purpose, PurposeVersion
from consent.signals.bits import LONGEST
from consent.signals.meaning import KINDS
from records.models import Source

CLOCK_TOLERANCE = timedelta(minutes=5)
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
STANDING_EXAMPLE = {
    "purpose": "marketing",
    "purpose_name": "Marketing",
    "legal_basis": "consent",
    "channel": "email",
    "state": "granted",
    "occurred_at": "2026-03-01T18:02:11Z",
    "allowed": True,
    "decision": "allowed",
}


class ConsentQuery(serializers.Serializer[Any]):
    """Whose consents."""

    profile = serializers.UUIDField(help_text="The opaque id of a profile.")


@extend_schema_serializer(component_name="Standing")
class StandingSerializer(serializers.Serializer[Any]):
    """What the person last said of one purpose and channel, and what follows from it now."""

    purpose = serializers.CharField()
    purpose_name = serializers.CharField()
    legal_basis = serializers.CharField()
    channel = serializers.CharField(allow_blank=True, help_text="Empty: all channels.")
    state = serializers.CharField(allow_blank=True, help_text="granted, withdrawn, or empty when nothing was said.")
    occurred_at = serializers.DateTimeField(allow_null=True)
    allowed = serializers.BooleanField()
    decision = serializers.CharField(help_text="`allowed`, or why not.")


@extend_schema_serializer(
    component_name="Consents",
    examples=[OpenApiExample("Marketing by e-mail", value={"profile": PROFILE_ID, "results": [STANDING_EXAMPLE]})],
)
class ConsentsSerializer(serializers.Serializer[Any]):
    """What stands for a person, purpose by purpose and channel by channel; not paged."""

    profile = serializers.UUIDField()
    results = StandingSerializer(many=True)


@extend_schema_serializer(
    component_name="ConsentAct",
    examples=[
        OpenApiExample(
            "Withdrawn on the phone",
            value={
                "profile": PROFILE_ID,
                "purpose": "marketing",
                "channel": "email",
                "state": "withdrawn",
                "occurred_at": "2026-03-01T18:02:11Z",
                "how": "phone_call",
                "notice": "marketing-2026-01",
                "locale": "en-GB",
                "jurisdiction": "GB",
            },
        )
    ],
)
class ConsentActSerializer(serializers.Serializer[Any]):
    """What a person said about one purpose. Name them by `profile` or by `source_profile`."""

    profile = serializers.UUIDField(required=False)
    source_profile = serializers.UUIDField(required=False)
    purpose = Slug(max_length=40)
    channel = Slug(max_length=20, required=False, allow_blank=True, default="", help_text="Empty: all channels.")
    state = Choice((GRANTED, WITHDRAWN))
    occurred_at = serializers.DateTimeField(required=False, help_text="When they said it; default: now.")
    how = Slug(max_length=40, help_text="By what means: web_form, phone_call, paper …")
    notice = serializers.RegexField(
        r"^[\w.:/-]*\Z", max_length=64, required=False, allow_blank=True, default="", help_text="Which text they saw."
    )
    locale = serializers.RegexField(
        r"^[A-Za-z0-9-]*\Z", max_length=16, required=False, allow_blank=True, default="", help_text="BCP 47: en-GB."
    )
    jurisdiction = serializers.RegexField(
        r"^[A-Za-z-]*\Z", max_length=8, required=False, allow_blank=True, default="", help_text="Country: GB, US-CA."
    )

    def validate_occurred_at(self, value: datetime) -> datetime:
        if not EARLIEST <= value <= timezone.now() + CLOCK_TOLERANCE:
            raise serializers.ValidationError("Lies before 1990 or in the future.", code="absurd_date")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("profile" in attrs) == ("source_profile" in attrs):
            raise serializers.ValidationError({"profile": "Give either profile or source_profile."}, code="one_of_two")
        purpose = Purpose.objects.filter(slug=attrs["purpose"], active=True).first()
        if purpose is None:
            raise serializers.ValidationError({"purpose": "There is no such active purpose."}, code="unknown_purpose")
        if attrs["channel"] and attrs["channel"] not in purpose.channels:
            known = ", ".join(purpose.channels) or "none"
            raise serializers.ValidationError(
                {"channel": f"Not a channel of this purpose; it has: {known}."}, code="unknown_channel"
            )
        return attrs


@extend_schema_serializer(
    component_name="RecordedConsent",
    examples=[
        OpenApiExample(
            "Recorded",
            value={
                "profile": PROFILE_ID,
                "recorded_at": "2026-03-01T18:02:12Z",
                "acts": ["0198c0de-0000-7000-8000-0000000000c1"],
                "standing": [STANDING_EXAMPLE],
            },
        )
    ],
)
class RecordedConsentSerializer(serializers.Serializer[Any]):
    """The acts that were written, one for each source profile of the person, and what stands for that purpose now."""

    profile = serializers.UUIDField()
    recorded_at = serializers.DateTimeField()
    acts = serializers.ListField(child=serializers.UUIDField())
    standing = StandingSerializer(many=True)


@extend_schema_serializer(
    component_name="ConsentSignal",
    examples=[OpenApiExample("Opted out in California", value={"profile": PROFILE_ID, "kind": "gpc", "text": "1"})],
)
class ConsentSignalSerializer(serializers.Serializer[Any]):
    """A consent signal of one person, as it came. Name them by `profile` or by `source_profile`."""

    profile = serializers.UUIDField(required=False)
    source_profile = serializers.UUIDField(required=False)
    source_name = Name(required=False, help_text="The source whose settings say how the signal is read.")
    kind = Choice(KINDS)
    text = serializers.CharField(
        max_length=LONGEST,
        allow_blank=True,
        trim_whitespace=False,
        help_text="The TC string, the GPP string, or `1` for Global Privacy Control.",
    )

    def validate_source_name(self, value: str) -> str:
        if not Source.objects.filter(name=value).exists():
            raise serializers.ValidationError("There is no such source.", code="unknown_source")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("profile" in attrs) == ("source_profile" in attrs):
            raise serializers.ValidationError({"profile": "Give either profile or source_profile."}, code="one_of_two")
        return attrs


@extend_schema_serializer(
    component_name="RecordedSignal",
    examples=[
        OpenApiExample(
            "Recorded",
            value={
                "profile": PROFILE_ID,
                "recorded_at": "2026-03-01T18:02:12Z",
                "readable": True,
                "acts": ["0198c0de-0000-7000-8000-0000000000c1"],
                "standing": [STANDING_EXAMPLE],
            },
        )
    ],
)
class RecordedSignalSerializer(serializers.Serializer[Any]):
    """The acts that were written, and what stands now for the purposes that the signal spoke of."""

    profile = serializers.UUIDField()
    recorded_at = serializers.DateTimeField()
    readable = serializers.BooleanField(help_text="False: nobody can read it, so all of it was taken as a refusal.")
    acts = serializers.ListField(child=serializers.UUIDField())
    standing = StandingSerializer(many=True)


@extend_schema_serializer(
    component_name="ConsentQuestion",
    examples=[
        OpenApiExample(
            "A mailing of last March",
            value={"purpose": "marketing", "channel": "email", "at": "2026-03-14T09:00:00Z"},
        )
    ],
)
class ConsentQuestionSerializer(serializers.Serializer[Any]):
    """Was this allowed? A purpose, a channel, an instant, and by what had been recorded until when."""

    purpose = Slug(max_length=40)
    channel = Slug(max_length=20, required=False, allow_blank=True, default="", help_text="Empty: all channels.")
    at = serializers.DateTimeField(required=False, help_text="The instant; default: now.")
    known_at = serializers.DateTimeField(
        required=False, help_text="As it was known then. Default: with everything that has been recorded since."
    )

    def validate_purpose(self, value: str) -> str:
        if not Purpose.objects.filter(slug=value).exists():
            raise serializers.ValidationError("There is no such purpose.", code="unknown_purpose")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        rules = PurposeVersion.objects.filter(purpose=attrs["purpose"])
        if attrs["channel"] and not rules.filter(channels__contains=[attrs["channel"]]).exists():
            raise serializers.ValidationError(
                {"channel": "This purpose does not have, and never had, such a channel."}, code="unknown_channel"
            )
        return attrs


class RuleInForceSerializer(serializers.Serializer[Any]):
    """The rule of the purpose that was in force, as its version says."""

    version = serializers.IntegerField(source="pk")
    valid_from = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    legal_basis = serializers.CharField()
    active = serializers.BooleanField()
    expires_after_days = serializers.IntegerField(allow_null=True)
    expiry_by_jurisdiction = serializers.DictField(child=serializers.IntegerField())
    sensitive = serializers.BooleanField()
    sale_or_sharing = serializers.BooleanField()


class CountedActSerializer(serializers.Serializer[Any]):
    """An entry of the ledger that counted."""

    id = serializers.UUIDField()
    source_profile = serializers.UUIDField(source="source_profile_id")
    channel = serializers.CharField(allow_blank=True)
    state = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    how = serializers.CharField()
    verified = serializers.BooleanField()
    notice = serializers.CharField(allow_blank=True)
    jurisdiction = serializers.CharField(allow_blank=True)


class ToldSerializer(serializers.Serializer[Any]):
    """What people were told, in one language."""

    hash = serializers.CharField()
    version = serializers.IntegerField()
    locale = serializers.CharField()
    text = serializers.CharField()
    material = serializers.BooleanField()
    published_at = serializers.DateTimeField()


class StoodSerializer(serializers.Serializer[Any]):
    """A restriction that stood."""

    source_profile = serializers.UUIDField()
    kind = serializers.CharField()


@extend_schema_serializer(
    component_name="ConsentExplanation",
    examples=[
        OpenApiExample(
            "Allowed",
            value={
                "profile": PROFILE_ID,
                "purpose": "marketing",
                "channel": "email",
                "at": "2026-03-14T09:00:00Z",
                "known_at": None,
                "allowed": True,
                "decision": "allowed",
                "rule": {
                    "version": 3,
                    "valid_from": "2026-01-01T00:00:00Z",
                    "recorded_at": "2026-01-01T00:00:00Z",
                    "legal_basis": "consent",
                    "active": True,
                    "expires_after_days": 730,
                    "expiry_by_jurisdiction": {"FR": 180},
                    "sensitive": False,
                    "sale_or_sharing": False,
                },
                "acts": [],
                "notices": [],
                "restrictions": [],
                "declared": [],
            },
        )
    ],
)
class ConsentExplanationSerializer(serializers.Serializer[Any]):
    """The decision, and everything that it rests on."""

    profile = serializers.UUIDField()
    purpose = serializers.CharField()
    channel = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField()
    known_at = serializers.DateTimeField(allow_null=True)
    allowed = serializers.BooleanField()
    decision = serializers.CharField(help_text="`allowed`, or why not.")
    rule = RuleInForceSerializer(allow_null=True)
    acts = CountedActSerializer(many=True)
    notices = ToldSerializer(many=True)
    restrictions = StoodSerializer(many=True)
    declared = serializers.ListField(
        child=serializers.UUIDField(), help_text="Source profiles whose source could be used, under a contract."
    )


@extend_schema_serializer(
    component_name="ConsentReceipts",
    examples=[
        OpenApiExample(
            "One yes",
            value={
                "profile": PROFILE_ID,
                "results": [
                    {
                        "schema_version": "ISO/IEC TS 27560:2023",
                        "record_id": "0198c0de-0000-7000-8000-0000000000c1",
                        "pii_principal_id": "0198c0de-0000-7000-8000-0000000000a1",
                        "pii_processing": {"purposes": [{"purpose_id": "marketing", "lawful_basis": "consent"}]},
                        "party_identification": [{"party_role": "PII controller", "party_name": "Example Ltd"}],
                        "events": [{"event_time": "2026-03-01T18:02:11+00:00", "event_state": "explicitly given"}],
                    }
                ],
            },
        )
    ],
)
class ReceiptsSerializer(serializers.Serializer[Any]):
    """A consent record for each thing that the person said, after ISO/IEC TS 27560:2023, the latest first."""

    profile = serializers.UUIDField()
    results = serializers.ListField(child=serializers.DictField())
