"""OpenDSR over the wire: lenient in what its own examples leave out, and no error repeats what was sent."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from rest_framework import serializers

from api.serializers.fields import Choice
from outbox.addresses import NotAllowed, must_be_allowed
from privacy.clocks import CLOCKS, GDPR
from privacy.opendsr import EXTENSIONS, KINDS, NAMESPACES, Asked

UUID_4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
MOST = 10
# OpenDSR 5.2 knows these too; docs/decisions/hashed-identities.md says why we take none of them.
HASHED = ("md5", "sha1", "sha256")
NAMES_SOMEBODY = re.compile(r"@|%40", re.IGNORECASE)


class Format(Choice):
    """How an identity is written: as it is. OpenDSR's hashed formats are known, and refused with the way out."""

    def __init__(self, **options: Any) -> None:
        super().__init__(["raw"], **options)
        self.error_messages["hashed"] = (
            "Hashed identities are not supported: send the value itself, as format raw. Discovery lists what is."
        )

    def to_internal_value(self, data: Any) -> Any:
        if data in HASHED:
            self.fail("hashed")
        return super().to_internal_value(data)


class IdentitySerializer(serializers.Serializer[Any]):
    """Somebody's e-mail address, customer number or device."""

    identity_type = Choice(sorted(NAMESPACES))
    identity_value = serializers.CharField(max_length=320)
    identity_format = Format()


class OurIdentitySerializer(IdentitySerializer):
    """The same for what OpenDSR has no word for, below our domain in `extensions`."""

    identity_type = Choice(sorted(EXTENSIONS))
    identity_format = Format(required=False)


class OpenDsrSerializer(serializers.Serializer[Any]):
    """A request as a controller sends it."""

    regulation = Choice(sorted(CLOCKS), required=False, default=GDPR)
    subject_request_id = serializers.CharField(max_length=36)
    subject_request_type = Choice(list(KINDS))
    submitted_time = serializers.DateTimeField(error_messages={"invalid": "Write a date and time by RFC 3339."})
    subject_identities = IdentitySerializer(many=True, required=False)
    api_version = serializers.CharField(max_length=16, required=False)
    status_callback_urls = serializers.ListField(
        child=serializers.CharField(max_length=500), max_length=MOST, required=False
    )
    extensions = serializers.DictField(required=False)

    def validate_subject_request_id(self, value: str) -> UUID:
        if not UUID_4.fullmatch(value):
            raise serializers.ValidationError("Send a version 4 UUID in lower case.", code="invalid_uuid")
        return UUID(value)

    def validate_status_callback_urls(self, urls: list[str]) -> list[str]:
        for url in urls:
            if NAMES_SOMEBODY.search(url):
                raise serializers.ValidationError("A callback address must name nobody.", code="names_somebody")
            try:
                must_be_allowed(url)
            except NotAllowed as error:
                raise serializers.ValidationError(str(error), code="not_allowed") from None
        return urls

    def validate_submitted_time(self, at: Any) -> Any:
        return min(at, timezone.now())

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        ours = attrs.get("extensions", {}).get(settings.OPENDSR_DOMAIN, {})
        extended = OurIdentitySerializer(data=ours.get("identities", []) if isinstance(ours, dict) else [], many=True)
        extended.is_valid(raise_exception=True)
        attrs["identities"] = [*attrs.get("subject_identities", []), *extended.validated_data]
        if not attrs["identities"] or len(attrs["identities"]) > MOST:
            raise serializers.ValidationError(
                {"subject_identities": f"Name the person by 1 to {MOST} identities."}, code="identities"
            )
        return attrs

    def asked(self) -> Asked:
        """The request, read."""
        given = self.validated_data
        return Asked(
            subject_request_id=given["subject_request_id"],
            kind=given["subject_request_type"],
            regulation=given["regulation"],
            submitted_at=given["submitted_time"],
            identities=list(_pairs(given["identities"])),
            callback_urls=sorted(set(given.get("status_callback_urls", []))),
        )


def _pairs(identities: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    return ((one["identity_type"], one["identity_value"]) for one in identities)
