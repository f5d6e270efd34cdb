"""Subject requests over the wire."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from api.serializers.fields import Choice
from privacy.clocks import CLOCKS, GDPR
from privacy.models import BY_CONTROLLER, DATA_POINTS, DOCUMENTS, KINDS, SIGNED_IN, STATES
from records.dictionary import IDENTIFIERS

# What a program can attest of the person who asks through it.
BY_CALLER = (SIGNED_IN, BY_CONTROLLER, DATA_POINTS, DOCUMENTS)


@extend_schema_serializer(
    component_name="NewSubjectRequest",
    examples=[OpenApiExample("Erasure", value={"kind": "erasure", "namespace": "email", "value": "alice@example.com"})],
)
class NewSubjectRequestSerializer(serializers.Serializer[Any]):
    """What a person asks for. Name them by `profile`, or by `namespace` and `value`."""

    kind = Choice(KINDS)
    profile = serializers.UUIDField(required=False)
    namespace = Choice(sorted(IDENTIFIERS), required=False)
    value = serializers.CharField(max_length=320, required=False, write_only=True)
    regulation = Choice(sorted(CLOCKS), required=False, default=GDPR)
    verified_by = Choice(
        BY_CALLER,
        required=False,
        help_text="How the caller has made sure that it is the person who asks. Left out: nobody has, and what needs "
        "that waits until a member of staff has seen to it.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        named = {"profile", "namespace", "value"} & set(attrs)
        if named not in ({"profile"}, {"namespace", "value"}):
            raise serializers.ValidationError(
                {"profile": "Give either profile, or namespace and value."}, code="one_of_two"
            )
        return attrs


class SubjectRequestQuery(serializers.Serializer[Any]):
    """Filters of the list."""

    state = Choice(STATES, required=False)
    kind = Choice(KINDS, required=False)


@extend_schema_serializer(
    component_name="SubjectRequest",
    examples=[
        OpenApiExample(
            "Opened",
            status_codes=["200", "202"],
            value={
                "id": "0198c0de-0000-7000-8000-0000000000d1",
                "kind": "erasure",
                "regulation": "gdpr",
                "state": "open",
                "opened_at": "2026-03-01T18:02:11Z",
                "verified_at": None,
                "due_date": "2026-04-01",
                "approved_at": None,
                "completed_at": None,
            },
        )
    ],
)
class SubjectRequestSerializer(serializers.Serializer[Any]):
    """A request and where it stands. It does not say whether the person is known, nor who they are."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    regulation = serializers.CharField()
    state = serializers.CharField()
    opened_at = serializers.DateTimeField()
    verified_at = serializers.DateTimeField(
        allow_null=True, help_text="Null: nobody has verified yet that it is the person who asks."
    )
    due_date = serializers.DateField(help_text="The last day on which an answer is in time.")
    approved_at = serializers.DateTimeField(allow_null=True)
    completed_at = serializers.DateTimeField(allow_null=True)


@extend_schema_serializer(
    component_name="ErasureCertificate",
    examples=[
        OpenApiExample(
            "Certificate",
            value={
                "certificate": {"request": "0198c0de-0000-7000-8000-0000000000d1", "proof_state": "passed"},
                "algorithm": "Ed25519",
                "public_key": "5fGd0Hk0p1m9x0m0Wm1Q8m4m1yqkqV2o6n2mB8lqv3o=",
                "signature": "bGV0dGVycyBhbmQgbnVtYmVycw==",
            },
        )
    ],
)
class CertificateSerializer(serializers.Serializer[Any]):
    """What was erased, searched and found, and its signature. It holds counts and names of places, never a value."""

    certificate = serializers.JSONField()
    algorithm = serializers.CharField()
    public_key = serializers.CharField(help_text="32 bytes in base 64.")
    signature = serializers.CharField(help_text="64 bytes in base 64.")
