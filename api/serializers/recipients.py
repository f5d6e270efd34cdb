"""Recipients over the wire."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from api.serializers.fields import Name

MAILER = {
    "id": "0198c0de-0000-7000-8000-0000000000a1",
    "name": "mailer",
    "url": "https://mailer.example/hooks/onym",
    "purposes": ["marketing"],
    "enabled": True,
    "created_at": "2026-01-05T09:30:00Z",
    "last_sent_at": "2026-03-01T18:02:12Z",
    "counts": {"waiting": 0, "sent": 0, "acknowledged": 1200, "refused": 14, "failed": 0},
}
NEW = {"last_sent_at": None, "counts": {"waiting": 0, "sent": 0, "acknowledged": 0, "refused": 0, "failed": 0}}
# As a secret looks, of no key.
SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


@extend_schema_serializer(component_name="Recipient", examples=[OpenApiExample("A mail service", value=MAILER)])
class RecipientSerializer(serializers.Serializer[Any]):
    """Whoever is told of changes, for which purposes, and how its deliveries stand. Its secret is not shown."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    url = serializers.CharField(help_text="Where messages are posted; empty: handed over by hand.")
    purposes = serializers.ListField(child=serializers.CharField())
    enabled = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    last_sent_at = serializers.DateTimeField(allow_null=True)
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="Deliveries by state.")


@extend_schema_serializer(
    component_name="RecipientWithSecret",
    examples=[OpenApiExample("Added", status_codes=["201"], value={**MAILER, **NEW, "secret": SECRET})],
)
class RecipientWithSecretSerializer(RecipientSerializer):
    """A recipient that was just added."""

    secret = serializers.CharField(help_text="With it the recipient checks messages (Standard Webhooks). Shown once.")


@extend_schema_serializer(
    component_name="NewRecipient",
    examples=[
        OpenApiExample("A mail service", value={name: MAILER[name] for name in ("name", "url", "purposes")}),
    ],
)
class NewRecipientSerializer(serializers.Serializer[Any]):
    """A recipient to be added."""

    name = Name(help_text="Letters, digits, hyphens and underscores. It stays.")
    url = serializers.CharField(
        max_length=500, required=False, allow_blank=True, default="", help_text="https. Left out: handed over by hand."
    )
    purposes = serializers.ListField(
        child=serializers.CharField(max_length=40), allow_empty=False, help_text="What it is told for."
    )


@extend_schema_serializer(component_name="RecipientSwitch", examples=[OpenApiExample("Off", value={"enabled": False})])
class RecipientSwitchSerializer(serializers.Serializer[Any]):
    """Whether a recipient is told of anything."""

    enabled = serializers.BooleanField()
