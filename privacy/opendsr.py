"""OpenDSR 2.0: controllers send requests of people, follow them, call them back, and are told how they end.

https://github.com/opengdpr/OpenDSR. Identities are looked up and forgotten: a request keeps the profile, no identity.
Whether somebody was found shows nowhere. Who is the controller follows from the API key.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from identity import profiles
from privacy import callbacks, requests
from privacy.callbacks import STATUS_OF
from privacy.models import ACCESS, APPROVED, BY_CONTROLLER, ERASURE, OPEN, OPENDSR, PORTABILITY, OpenDsrRequest
from privacy.models import SubjectRequest as Request
from privacy.verification import Verification
from vault import certificates

VERSION = "2.0"
KINDS = (ACCESS, ERASURE, PORTABILITY)
KEY = "OpenDSR signing key"
# Which identifiers may hold what OpenDSR calls so; phone and loyalty number are an extension of ours.
NAMESPACES = {
    "controller_customer_id": ("customer_number", "account_id"),
    "email": ("email",),
    **dict.fromkeys(
        (
            "android_advertising_id",
            "android_id",
            "fire_advertising_id",
            "ios_advertising_id",
            "ios_vendor_id",
            "microsoft_advertising_id",
            "microsoft_publisher_id",
            "roku_advertising_id",
            "roku_publisher_id",
        ),
        ("device_id",),
    ),
}
EXTENSIONS = {"phone": ("phone",), "loyalty_number": ("loyalty_number",)}
DIALECTS = {"opendsr": "OpenDSR", "opengdpr": "OpenGDPR"}


@dataclass(frozen=True)
class Asked:
    """What a controller sent: an id of its own, what is asked for, about whom, and where it wants to be told."""

    subject_request_id: UUID
    kind: str
    regulation: str
    submitted_at: datetime
    identities: Sequence[tuple[str, str]]
    callback_urls: Sequence[str]


class UnknownRequest(LookupError):
    """This controller has sent no request of this id."""


def receive(asked: Asked, *, controller: str, dialect: str, now: datetime) -> tuple[Request, datetime]:
    """The request as received, and when; the same again when it is sent again."""
    profile = _bearer(asked.identities, now=now)
    with transaction.atomic():
        known = _sent(asked.subject_request_id, controller)
        if known is not None:
            return known.request, known.request.opened_at
        request = requests.receive(
            asked.kind,
            profile_id=profile,
            actor=controller,
            regulation=asked.regulation,
            channel=OPENDSR,
            received_at=asked.submitted_at,
            verification=Verification(BY_CONTROLLER, controller),
            now=now,
        )
        OpenDsrRequest.objects.create(
            request=request,
            controller=controller,
            subject_request_id=asked.subject_request_id,
            dialect=dialect,
            callback_urls=list(asked.callback_urls),
        )
        callbacks.queue(request, now=now)
    return request, now


def find(subject_request_id: UUID, *, controller: str) -> Request:
    """The request that this controller sent under this id. Raises `UnknownRequest`."""
    known = _sent(subject_request_id, controller)
    if known is None:
        raise UnknownRequest("there is no such request")
    return known.request


def call_back(subject_request_id: UUID, *, controller: str, now: datetime) -> Request:
    """The request, called back while it is pending. Raises `UnknownRequest`, `privacy.requests.NotOpen`."""
    return requests.call_back(find(subject_request_id, controller=controller), actor=controller, now=now)


def status(request: Request) -> dict[str, Any]:
    """What a controller may know of its request."""
    sent = request.opendsr_request
    return {
        "controller_id": sent.controller,
        "expected_completion_time": expected_completion(request),
        "subject_request_id": str(sent.subject_request_id),
        "request_status": STATUS_OF[request.state],
        "api_version": VERSION,
    }


def expected_completion(request: Request) -> str:
    """The end of the day on which the answer is due."""
    return datetime.combine(request.due_date, time(23, 59, 59), tzinfo=UTC).isoformat().replace("+00:00", "Z")


def is_pending(request: Request) -> bool:
    """Whether it can still be called back."""
    return request.state in (OPEN, APPROVED)


def signed_headers(body: bytes, dialect: str) -> dict[str, str]:
    """The two headers under which this body, byte for byte, is signed."""
    name = DIALECTS[dialect]
    return {
        f"X-{name}-Processor-Domain": settings.OPENDSR_DOMAIN,
        f"X-{name}-Signature": signature(body),
    }


def signature(body: bytes) -> str:
    """The signature of this body, in base64."""
    return base64.b64encode(certificates.sign(KEY, body)).decode()


def certificate(*, now: datetime) -> bytes:
    """The certificate that verifies the signatures, in PEM: the one issued by an authority, once it is configured."""
    if settings.OPENDSR_CERTIFICATE_FILE:
        return _issued(settings.OPENDSR_CERTIFICATE_FILE)
    return certificates.own_certificate(KEY, settings.OPENDSR_DOMAIN, now=now)


@cache
def _issued(path: str) -> bytes:
    issued = Path(path).read_bytes()
    certificates.must_match(KEY, issued)
    return issued


def _sent(subject_request_id: UUID, controller: str) -> OpenDsrRequest | None:
    sent = OpenDsrRequest.objects.filter(subject_request_id=subject_request_id, controller=controller)
    return sent.select_related("request__opendsr_request").first()


def _bearer(identities: Sequence[tuple[str, str]], *, now: datetime) -> UUID | None:
    """The profile that all identities found speak of; None when there is none, or more than one.

    Every identity is looked up, whatever the others gave: the time that it takes says nothing.
    """
    found = set()
    for type, value in identities:
        for namespace in (NAMESPACES | EXTENSIONS)[type]:
            found.add(profiles.look_up(namespace, value, now=now))
    found.discard(None)
    return found.pop() if len(found) == 1 else None
