"""OpenDSR 2.0 and, under its old routes, OpenGDPR 1.0: HTTP is read here, requests are handled behind it."""

import base64
from typing import Any
from uuid import UUID

import orjson
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from api import bodies
from api.authentication import key_of
from api.errors import Problem
from api.serializers.opendsr import OpenDsrSerializer
from api.views.base import View
from privacy import opendsr
from privacy.opendsr import KINDS, NAMESPACES, VERSION, UnknownRequest
from privacy.requests import NotOpen


class OpenDsrView(View):
    """What the routes share: signed answers, and errors as OpenDSR writes them, which never name an identity."""

    schema = None
    dialect = "opendsr"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """The standard says nothing of query strings, so none of them costs anybody a request."""
        super(View, self).initial(request, *args, **kwargs)

    def signed(self, body: dict[str, Any], *, status: int) -> HttpResponse:
        """The answer with its signature over the very bytes that are sent."""
        text = orjson.dumps(body)
        headers = opendsr.signed_headers(text, self.dialect)
        return HttpResponse(text, status=status, content_type="application/json", headers=headers)

    def handle_exception(self, exc: Exception) -> Response:
        """The same failures as everywhere, in the words of OpenDSR."""
        answer: Any = super().handle_exception(exc)
        problem = orjson.loads(answer.content)
        errors = [
            {"domain": "Validation", "reason": error["code"], "message": f"{error['field']}: {error['message']}"}
            for error in problem["errors"]
        ]
        body = {"error": {"code": problem["status"], "message": problem["detail"], "errors": errors}}
        headers = {name: value for name, value in answer.headers.items() if name != "Content-Type"}
        translated: Any = HttpResponse(
            orjson.dumps(body), status=answer.status_code, content_type="application/json", headers=headers
        )
        return translated  # type: ignore[no-any-return]


class Discovery(OpenDsrView):
    """What is supported, and where the certificate is. Says nothing about anybody, so it asks for no key."""

    authentication_classes = ()
    permission_classes = ()

    def get(self, request: Request) -> HttpResponse:
        body = {
            "api_version": VERSION,
            "supported_identities": [{"identity_type": type, "identity_format": "raw"} for type in NAMESPACES],
            "supported_subject_request_types": list(KINDS),
            "processor_certificate": request.build_absolute_uri("/v2/certificate.pem"),
        }
        return self.signed(body, status=200)


class Certificate(OpenDsrView):
    """The certificate that verifies the signatures."""

    authentication_classes = ()
    permission_classes = ()

    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(opendsr.certificate(now=timezone.now()), content_type="application/x-pem-file")


class OpenDsrRequests(OpenDsrView):
    """Take in a request."""

    required_scopes = {"POST": "requests:write"}

    def post(self, request: Request) -> HttpResponse:
        raw = bodies.read(request._request, limit=bodies.SMALL)
        given = OpenDsrSerializer(data=bodies.parse(raw))
        given.is_valid(raise_exception=True)
        asked, controller = given.asked(), str(key_of(request).id)
        received, received_at = opendsr.receive(asked, controller=controller, dialect=self.dialect, now=timezone.now())
        body = {
            "controller_id": controller,
            "expected_completion_time": opendsr.expected_completion(received),
            "received_time": _written(received_at),
            "encoded_request": base64.b64encode(raw).decode(),
            "subject_request_id": str(asked.subject_request_id),
            "api_version": VERSION,
        }
        return self.signed({**body, "processor_signature": opendsr.signature(orjson.dumps(body))}, status=201)


class OpenDsrRequestDetail(OpenDsrView):
    """Follow a request, and call it back."""

    required_scopes = {"GET": "requests:read", "DELETE": "requests:write"}

    def get(self, request: Request, id: UUID) -> HttpResponse:
        try:
            found = opendsr.find(id, controller=str(key_of(request).id))
        except UnknownRequest:
            raise _unknown() from None
        return self.signed(opendsr.status(found), status=200)

    def delete(self, request: Request, id: UUID) -> HttpResponse:
        now, controller = timezone.now(), str(key_of(request).id)
        try:
            opendsr.call_back(id, controller=controller, now=now)
        except UnknownRequest:
            raise _unknown() from None
        except NotOpen:
            raise Problem(400, code="not_pending", detail="Only a pending request can be cancelled.") from None
        body = {
            "controller_id": controller,
            "subject_request_id": str(id),
            "received_time": _written(now),
            "api_version": VERSION,
        }
        return self.signed({**body, "processor_signature": opendsr.signature(orjson.dumps(body))}, status=202)


def _unknown() -> Problem:
    return Problem(404, code="not_found", detail="There is no such request.")


def _written(at: Any) -> str:
    return str(at.isoformat(timespec="seconds").replace("+00:00", "Z"))
