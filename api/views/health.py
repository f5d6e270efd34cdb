"""Health: alive, and ready."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api import health
from pipeline import heartbeat

READY = dict.fromkeys(("database", "key_store", "migrations", "erasure_ledger", *heartbeat.PROCESSES), health.FINE)


class Liveness(serializers.Serializer[Any]):
    """The process answers."""

    status = serializers.CharField()


class Readiness(serializers.Serializer[Any]):
    """Whether all is there that is needed, and what is missing."""

    status = serializers.CharField(help_text="`ready` or `not ready`.")
    checks = serializers.DictField(child=serializers.CharField(), help_text="`ok`, or what is wrong.")


class Live(APIView):
    """Whether this process answers."""

    authentication_classes = ()
    permission_classes = ()

    @extend_schema(
        operation_id="livez",
        summary="Is this process alive?",
        description="Asks nothing of any database.",
        tags=["health"],
        responses={200: Liveness},
    )
    def get(self, request: Request) -> Response:
        return Response({"status": "alive"})


class Ready(APIView):
    """Whether the installation can do its work."""

    authentication_classes = ()
    permission_classes = ()

    @extend_schema(
        operation_id="readyz",
        summary="Is the installation ready?",
        description="Databases answer, migrations are applied, no erasure is missing, "
        "and worker, scheduler and processor gave a sign of life "
        "within 30 seconds. Consumers that run are told as well; a silent one does not make the installation unready.",
        tags=["health"],
        responses={
            200: OpenApiResponse(Readiness, description="Ready."),
            503: OpenApiResponse(Readiness, description="Something is missing; `checks` says what."),
        },
        examples=[
            OpenApiExample("Ready", value={"status": "ready", "checks": READY}, status_codes=["200"]),
            OpenApiExample(
                "No worker",
                value={"status": "not ready", "checks": {**READY, "worker": health.SILENT}},
                status_codes=["503"],
            ),
        ],
    )
    def get(self, request: Request) -> Response:
        checks = health.check(now=timezone.now())
        ready = {state for name, state in checks.items() if name not in heartbeat.CONSUMERS} == {health.FINE}
        return Response({"status": "ready" if ready else "not ready", "checks": checks}, status=200 if ready else 503)
