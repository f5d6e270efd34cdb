"""What an answer to access or portability would hand over: counted, nothing opened, nothing changed."""

from dataclasses import dataclass

from django.db import transaction

from consent.models import Act
from outbox.models import Delivery
from privacy import requests, subjects
from privacy.models import ACCESS, APPROVED, OPEN, PORTABILITY, SubjectRequest
from records.models import Attribute, Identifier, Record, SourceProfile
from segments.models import Membership


@dataclass(frozen=True)
class Outline:
    """How many of each the answer would hold."""

    identifiers: int
    attributes: int
    records: int
    consents: int
    segments: int
    recipients: int
    sources: int


def outline(request: SubjectRequest) -> Outline:
    """How much would be handed over now. Raises what `privacy.access.answer` raises, except `Refused`."""
    with transaction.atomic():
        request = requests.lock(request, kinds=[ACCESS, PORTABILITY], states=[OPEN, APPROVED])
        subject = subjects.find(request.profile_id)
        theirs = {"source_profile__in": subject.source_profiles}
        known = SourceProfile.objects.filter(id__in=subject.source_profiles)
        told = Delivery.objects.filter(profile_id__in=subject.profiles)
        return Outline(
            identifiers=Identifier.objects.filter(**theirs).count(),
            attributes=Attribute.objects.filter(**theirs).count(),
            records=Record.objects.filter(**theirs).count(),
            consents=Act.objects.filter(**theirs).count(),
            segments=Membership.objects.filter(profile__in=subject.profiles).count(),
            recipients=told.values("recipient").distinct().count(),
            sources=known.values("source").distinct().count(),
        )
