"""Subject requests: opened and followed. Nothing here tells whether the person is known."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from api.authentication import actor_of
from api.documentation import describe
from api.errors import Problem
from api.pagination import Cursor
from api.serializers.subject_requests import (
    CertificateSerializer,
    NewSubjectRequestSerializer,
    SubjectRequestQuery,
    SubjectRequestSerializer,
)
from api.views.base import View
from identity import profiles
from privacy import certificate, requests
from privacy.certificate import NotCertifiable
from privacy.models import API, SubjectRequest
from privacy.subjects import UnknownProfile
from privacy.verification import Verification


class SubjectRequests(View):
    """Open and list subject requests."""

    required_scopes = {"GET": "requests:read", "POST": "requests:write"}
    queries = {"GET": SubjectRequestQuery}
    pagination_class = Cursor
    ordering = ("-opened_at", "-id")

    @describe(
        "List the subject requests",
        description="The latest first.",
        operation_id="list_subject_requests",
        tags=["subject requests"],
        parameters=[SubjectRequestQuery],
        responses={200: SubjectRequestSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        found = SubjectRequest.objects.filter(**self.query)
        pages = Cursor()
        page = pages.paginate_queryset(found, request, self)
        return pages.get_paginated_response(SubjectRequestSerializer(page, many=True).data)

    @describe(
        "Open a subject request",
        description="The answer is the same whether the person is known or not: 202, and a request to follow. "
        "Say in `verified_by` how you have made sure that it is the person who asks; without it a member of staff has "
        "to, before anything that needs it goes on. An erasure is carried out only after a second person has approved "
        "it.",
        operation_id="open_subject_request",
        tags=["subject requests"],
        request=NewSubjectRequestSerializer,
        responses={202: SubjectRequestSerializer},
        fails=[413, 415],
    )
    def post(self, request: Request) -> Response:
        body = NewSubjectRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        opened = _open(asked, actor=actor_of(request).id, now=timezone.now())
        location = f"{request.path}{opened.pk}/"
        return Response(SubjectRequestSerializer(opened).data, status=202, headers={"Location": location})


class SubjectRequestDetail(View):
    """Read a subject request."""

    required_scopes = {"GET": "requests:read"}

    @describe(
        "Read a subject request",
        description="Where it stands, and by when it is due.",
        operation_id="read_subject_request",
        tags=["subject requests"],
        responses={200: SubjectRequestSerializer},
        fails=[404],
    )
    def get(self, request: Request, id: UUID) -> Response:
        found = SubjectRequest.objects.filter(pk=id).first()
        if found is None:
            raise Problem(404, code="not_found", detail="There is no such subject request.")
        return Response(SubjectRequestSerializer(found).data)


class ErasureCertificate(View):
    """Read the certificate of an erasure."""

    required_scopes = {"GET": "requests:read"}

    @describe(
        "Read the certificate of an erasure",
        description="What was erased, searched and found, and who has not confirmed it, signed with the installation's "
        "Ed25519 key: over the JSON of `certificate` with sorted keys and no spaces. Only a completed erasure, which "
        "two people have approved, has one.",
        operation_id="read_erasure_certificate",
        tags=["subject requests"],
        responses={200: CertificateSerializer},
        fails=[404, 409],
    )
    def get(self, request: Request, id: UUID) -> Response:
        found = SubjectRequest.objects.filter(pk=id).first()
        if found is None:
            raise Problem(404, code="not_found", detail="There is no such subject request.")
        try:
            text = certificate.held(found, now=timezone.now())
        except NotCertifiable as error:
            raise Problem(409, code="not_erased", detail=f"There is no certificate yet: {error}.") from error
        return Response(json.loads(text))


def _open(asked: dict[str, Any], *, actor: str, now: datetime) -> SubjectRequest:
    """The request, about the person if there is one, else about nobody."""
    profile = asked.get("profile") or profiles.look_up(asked["namespace"], asked["value"], now=now)
    verification = Verification(asked["verified_by"], actor) if "verified_by" in asked else None
    words = {
        "actor": actor,
        "regulation": asked["regulation"],
        "channel": API,
        "verification": verification,
        "now": now,
    }
    try:
        return requests.receive(asked["kind"], profile_id=profile, **words)
    except UnknownProfile:
        return requests.receive(asked["kind"], profile_id=None, **words)
